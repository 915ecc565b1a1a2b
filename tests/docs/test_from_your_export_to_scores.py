"""Every command of the page is run, in its order, over an invented CRM's export."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.docs.crm_export import CLOSED, write_export
from tests.docs.pages import ROOT, Block, blocks

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs" / "from-your-export-to-scores.md"
BACKGROUND = "background "
STOP_SECONDS = 30
READY_TRIES, READY_SECONDS = 900, 0.1


def environment() -> dict[str, str]:
    """What a person has who installed leadscore: its commands, and no settings."""
    ours = ("LEADSCORE_", "MLFLOW_", "PYTHONPATH")
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{inherited['PATH']}"
    return {**inherited, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true"}


def on_free_ports(page: list[Block]) -> list[Block]:
    """The blocks with every port that the page names replaced by a free one."""
    named = {port for block in page for port in re.findall(r"127\.0\.0\.1:(\d+)", block.info)}
    sockets = {port: socket.create_server(("127.0.0.1", 0)) for port in sorted(named)}
    free = {port: str(server.getsockname()[1]) for port, server in sockets.items()}
    for server in sockets.values():
        server.close()

    def moved(text: str) -> str:
        return re.sub(r"(?<=127\.0\.0\.1:)\d+|(?<=--port )\d+", lambda at: free[at.group()], text)

    return [Block(block.language, moved(block.info), moved(block.text)) for block in page]


def run(text: str, folder: Path) -> str:
    """Run a block as it stands; what it wrote to standard output."""
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{text}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


@contextmanager
def running(block: Block, folder: Path) -> Iterator[None]:
    """A server of the page, once it answers; it and its workers are stopped at the end."""
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen(
            ["bash", "-c", f"exec {block.text}"],
            cwd=folder,
            env=environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as process,
    ):
        try:
            wait_for(block.info.removeprefix(BACKGROUND), process, folder)
            yield
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(STOP_SECONDS)


def wait_for(url: str, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Wait until a server answers."""
    for _ in range(READY_TRIES):
        assert process.poll() is None, (folder / "server.log").read_text()
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                assert answer.status == 200
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(READY_SECONDS)
    pytest.fail(f"{url} did not answer")


@dataclass(frozen=True)
class Reader:
    """Somebody who did all that the page says: the folder, and what each command block said."""

    folder: Path
    said: tuple[tuple[str, str], ...]

    def heard(self, part: str, place: int = 0) -> str:
        """What a block with this text in it said, the first or a later time."""
        return [output for text, output in self.said if part in text][place]


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> Reader:
    """The page followed from top to bottom; a server runs while the block after it does."""
    folder = tmp_path_factory.mktemp("reader")
    write_export(folder / "exports" / "crm")
    said: list[tuple[str, str]] = []
    with ExitStack() as servers:
        for block in on_free_ports([one for one in blocks(PAGE) if one.language == "sh"]):
            if block.info.startswith(BACKGROUND):
                servers.enter_context(running(block, folder))
                continue
            said.append((block.text, run(block.text, folder)))
            servers.close()
    return Reader(folder, tuple(said))


def test_the_guess_is_nearly_right_and_stores_nothing(reader):
    assert "Nothing was stored" in reader.heard("--guess")
    mapping = tomllib.loads((reader.folder / "crm.toml").read_text(encoding="utf-8"))
    [pipeline] = mapping["pipeline"]
    assert pipeline["stages"] == [
        "New",
        "Qualified",
        "Meeting held",
        "Proposal sent",
        "Negotiation",
    ]
    assert (pipeline["won"], pipeline["lost"]) == (["Closed Won"], ["Closed Lost"])
    assert pipeline["window_days"] == 180
    deals, activities = mapping["read"]
    assert (deals["as"], activities["as"]) == ("leads", "interactions")
    assert "Lost Reason" in deals["leave_out"]


def test_the_export_is_ready_and_every_row_comes_in(reader):
    assert reader.heard("leadscore check").startswith("Ready")
    deals, activities = (len(pd.read_csv(path)) for path in exported(reader))
    imported = reader.heard("leadscore import exports/crm --mapping")
    assert f"deals.csv: {deals:,} of {deals:,} rows used" in imported
    assert f"activities.csv: {activities:,} of {activities:,} rows used" in imported


def test_the_model_is_judged_and_serves(reader):
    said = reader.heard("leadscore train")
    assert said.split("Worth using", 1)[1]
    assert "Version 1: promoted; the first model." in said
    assert "champion" in reader.heard("leadscore models")


def test_open_leads_are_scored_and_explained(reader):
    deals = pd.read_csv(exported(reader)[0])
    still_open = set(deals["Deal ID"][~deals["Stage"].isin(CLOSED)])
    scores = pd.read_csv(reader.folder / "scores.csv")
    assert set(scores["lead_id"]) == still_open
    assert scores["win_probability"].between(0.001, 0.999).all()
    assert "Win probability" in reader.heard("leadscore explain")


def test_other_programs_are_answered(reader):
    ranked, score = json_answers(reader.heard("curl"))
    assert ranked["total"] > 0
    assert min(lead["score"] for lead in ranked["leads"]) >= 30
    effects = sum(factor["effect"] for factor in score["factors"])
    explained = score["base_probability"] + effects + score["other_effects"]
    assert explained == pytest.approx(score["win_probability"], abs=1e-9)


def test_tomorrow_the_same_export_brings_nothing_new(reader):
    again = reader.heard("leadscore import exports/crm --mapping", 1)
    counts = re.findall(r"^(?:leads|interactions|stage_changes) +(\S+) +(\S+)", again, re.MULTILINE)
    assert len(counts) == 3
    assert {stored for _, stored in counts} == {"0"}
    assert "not promoted" in reader.heard("leadscore train", 1)


def exported(reader: Reader) -> tuple[Path, Path]:
    """The two files of the export."""
    folder = reader.folder / "exports" / "crm"
    return folder / "deals.csv", folder / "activities.csv"


def json_answers(text: str) -> list[Any]:
    """The JSON objects that stand one behind the other."""
    found, rest = [], text.strip()
    while rest:
        answer, end = json.JSONDecoder().raw_decode(rest)
        found.append(answer)
        rest = rest[end:].strip()
    return found
