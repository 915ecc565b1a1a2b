"""`promote` and `rollback` as people call them: shown first, all at once, byte for byte back."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crm.store import Store
from tests.leadscore.running import command_environment, run_json, run_leadscore, run_refused


@pytest.fixture(scope="module")
def two_versions(trained, tmp_path_factory) -> Path:
    """A home whose champion is version 1 and which holds a version 2, learned from less."""
    home = tmp_path_factory.mktemp("two") / "home"
    shutil.copytree(trained[0], home)
    run_json(home, "train", "--until", "2025-09-01T00:00:00Z", "--promote", "never")
    return home


@pytest.fixture
def home(two_versions, tmp_path) -> Path:
    """A copy to promote in; MLflow's files stay where they are."""
    shutil.copytree(two_versions, tmp_path / "home")
    return tmp_path / "home"


def standing(home: Path) -> tuple[list[str], list]:
    """The champions, newest first, and all current scores with their factors."""
    with Store.open(home / "leadscore.db") as store:
        versions = [champion.version for champion in store.champions()]
        return versions, list(store.ranked_leads(limit=1000).items)


def test_the_impact_is_what_then_happens_and_a_rollback_undoes_it(home):
    versions, before = standing(home)

    shown = run_json(home, "promote", "2", "--dry-run")

    assert standing(home) == (versions, before)
    assert not (home / "models" / "2").exists()
    assert (shown["promoted"], shown["previous"]) == (False, "1")

    said = run_json(home, "promote", "2")

    assert said == {**shown, "promoted": True}
    impact = said["impact"]
    now, after = standing(home)
    assert (versions, now) == (["1"], ["2", "1"])
    assert impact["n_open"] == len(before) > 100
    assert {score.model_version for score in after} == {"2"}
    old = {score.lead_id: score.win_probability for score in before}
    new = {score.lead_id: score.win_probability for score in after}
    assert impact["mean_before"] == pytest.approx(sum(old.values()) / len(old), abs=1e-12)
    assert impact["mean_after"] == pytest.approx(sum(new.values()) / len(new), abs=1e-12)
    assert impact["n_moved"] == sum(abs(new[one] - old[one]) > 0.1 for one in old)
    top, top_before = ({score.lead_id for score in scores[:20]} for scores in (after, before))
    assert {one["lead_id"] for one in impact["entered"]} == top - top_before
    assert {one["lead_id"] for one in impact["left"]} == top_before - top
    assert new != old

    said = run_json(home, "rollback")

    assert (said["version"], said["previous"]) == ("1", "2")
    assert standing(home) == (["1"], before)
    refused = run_refused(home, "rollback")
    assert "there is no champion to go back to: there was none before version 1" in refused
    assert standing(home) == (["1"], before)


@pytest.mark.parametrize(
    ("answer", "status", "champion"),
    [("n", 1, "1"), pytest.param("y", 0, "2", marks=pytest.mark.slow)],
)
def test_on_a_terminal_it_asks_first(home, answer, status, champion):
    ours, theirs = os.openpty()
    os.write(ours, f"{answer}\n".encode())

    ended = subprocess.run(
        [sys.executable, "-P", "-m", "leadscore", "promote", "2"],
        cwd=home.parent, env=command_environment(home), stdin=theirs, capture_output=True,
        text=True, check=False,
    )  # fmt: skip

    os.close(ours)
    os.close(theirs)
    assert ended.returncode == status, ended.stderr
    assert "open leads move by more than 10 points" in ended.stdout
    assert "Make version 2 the champion? [y/N]" in ended.stderr
    assert standing(home)[0][0] == champion


@pytest.mark.slow
def test_a_champion_whose_files_are_damaged_can_be_replaced_and_is_told_of(home):
    model = home / "models" / "1" / "booster_0.txt"
    model.write_text(model.read_text().replace("leaf_value=", "leaf_value=9", 1))

    ended = run_leadscore(home, "promote", "2", "--yes")

    assert ended.returncode == 0, ended.stderr
    assert "the present champion cannot be compared with: " in ended.stderr
    assert "Version 2 is now the champion; before: 1." in ended.stdout
    assert standing(home)[0] == ["2", "1"]


@pytest.mark.slow
def test_promotion_stands_though_mlflow_cannot_follow(home):
    """The champion before is whole in the home; MLflow knows nothing of it any more."""
    run_json(home, "promote", "2")
    (home / "mlflow.db").unlink()

    ended = run_leadscore(home, "rollback")

    assert ended.returncode == 0, ended.stderr
    assert "Version 1 is the champion again; before: 2." in ended.stdout
    assert "note: version 1 serves, but MLflow's alias did not follow" in ended.stderr
    assert standing(home)[0] == ["1"]


@pytest.mark.slow
def test_killed_at_any_moment_leaves_one_champion_with_its_scores(two_versions, tmp_path):
    """The command is killed at moments all over its run, and scoring works after each."""
    first = tmp_path / "measured" / "home"
    shutil.copytree(two_versions, first)
    began = time.monotonic()
    run_json(first, "promote", "2")
    took = time.monotonic() - began
    left = []
    for number in range(24):
        home = tmp_path / str(number) / "home"
        shutil.copytree(two_versions, home)
        before = standing(home)
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "leadscore", "promote", "2", "--json"],
            cwd=home.parent, env=command_environment(home), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            time.sleep(took * (0.35 + 0.65 * number / 24))
            process.send_signal(signal.SIGKILL)
        versions, scores = standing(home)
        if versions == ["1"]:
            assert (versions, scores) == before
        else:
            assert versions == ["2", "1"]
            assert {score.model_version for score in scores} == {"2"}
        said = json.loads(run_leadscore(home, "score", "--json").stdout)
        assert (said["model_version"], said["n_errors"]) == (versions[0], 0)
        left.append(versions[0])
    assert "1" in left
