"""A small CRM in a store with a model trained on it: everything real, made once."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings

from crm.current_scores import CurrentScore
from crm.importing import import_folder
from crm.store import Store
from leads.clock import DAY_US, format_time, parse_time
from models.artifact import write_artifact
from models.score_body import stored_factor
from serving.app import create_app
from serving.scoring import score_stored_lead
from serving.served import Served
from training.artifacts import artifact_of
from training.fitting import fit_model
from training.recipe import Recipe

# Time limits per example measure the machine's load, not the code.
settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("untimed")

NOW = parse_time("2026-03-01T10:00:00Z")
START = parse_time("2025-01-01T08:00:00Z")
LEADS = 240
PIPELINES = """
[[pipeline]]
name = "b2b"
stages = ["New", "Qualified", "Proposal"]
won = ["Won"]
lost = ["Lost"]
window_days = 90
"""
RECIPE = Recipe(members=2, rounds=(10, 20), last_days=(), half_lives_days=())


@dataclass
class Clock:
    """A clock that tests set."""

    at: int = NOW

    def __call__(self) -> int:
        return self.at


@dataclass(frozen=True)
class Home:
    """A filled store and a folder of models."""

    store_path: Path
    models: Path


def write_table(folder: Path, name: str, rows: list[dict[str, object]]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def write_crm(folder: Path, leads: int, seed: int) -> None:
    """A data folder: eager leads are won, and a third of what happens is recorded days later."""
    folder.mkdir(parents=True)
    (folder / "pipelines.toml").write_text(PIPELINES)
    draws = np.random.default_rng(seed)
    tables: dict[str, list[dict[str, object]]] = {
        "leads": [], "interactions": [], "stage_changes": [], "attribute_changes": [],
    }  # fmt: skip
    for number in range(leads):
        _add_lead(tables, f"L-{number:03d}", draws)
    for name, rows in tables.items():
        write_table(folder, name, rows)


def _add_lead(tables: dict, lead_id: str, draws: np.random.Generator) -> None:
    created_at = START + int(draws.uniform(0, 420) * DAY_US)
    eager = draws.random() < 0.5

    def clocks(days: float) -> dict[str, str]:
        occurred_at = created_at + int(days * DAY_US)
        late_us = int(draws.uniform(1, 5) * DAY_US) if draws.random() < 0.33 else 0
        return {
            "lead_id": lead_id,
            "occurred_at": format_time(occurred_at),
            "recorded_at": format_time(occurred_at + late_us),
        }

    tables["leads"].append(
        {
            "lead_id": lead_id,
            "created_at": format_time(created_at),
            "pipeline": "b2b",
            "name": f'<b>Bold</b> & "Co" {lead_id}',
            "source": ["fair", "web", "referral"][draws.integers(3)],
            "amount": int(draws.integers(1, 40)) * 500,
            "owner": ["<b>Ada</b>", "Grace"][draws.integers(2)],
        }
    )
    for _ in range(draws.poisson(6 if eager else 2)):
        row = clocks(draws.uniform(0, 30)) | {
            "kind": ["email", "call"][draws.integers(2)],
            "direction": "inbound" if draws.random() < (0.7 if eager else 0.3) else "outbound",
            "actor": "Ada" if draws.random() < 0.5 else "",
            "duration_seconds": int(draws.integers(30, 900)) if draws.random() < 0.5 else "",
            "result": "answered" if draws.random() < 0.4 else "",
            "text": "We'd like <i>two</i> of them." if draws.random() < 0.2 else "",
            "opens": int(draws.integers(5)) if draws.random() < 0.5 else "",
        }
        tables["interactions"].append(row)
    if draws.random() < 0.5:
        change = {"attribute": "amount", "value": int(draws.integers(1, 40)) * 500}
        tables["attribute_changes"].append(clocks(draws.uniform(0, 20)) | change)
    for step, stage in enumerate(_stages(eager, draws)):
        move = clocks(4 + 9 * step + draws.uniform(0, 4)) | {"stage": stage, "reason": ""}
        tables["stage_changes"].append(move)


def _stages(eager: bool, draws: np.random.Generator) -> list[str]:
    won = draws.random() < (0.75 if eager else 0.2)
    path = ["Qualified", "Proposal", "Won"] if won else ["Qualified", "Lost"]
    return path if draws.random() < 0.8 else path[:-1]


def promote_trained_model(store: Store, models: Path, version: str, seed: int) -> None:
    timelines = store.timelines()
    about = {"trained_at": "2026-02-28T12:00:00Z"}
    artifact = artifact_of(fit_model(timelines, NOW, seed, RECIPE), timelines, about)
    store.set_champion(version, write_artifact(models / version, artifact))


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("home")
    write_crm(root / "crm", LEADS, seed=1)
    with Store.open(root / "leadscore.db") as store:
        summary = import_folder(store, root / "crm", home=root)
        assert summary.rejected == 0
        promote_trained_model(store, root / "models", "7", seed=1)
        current = Served(store, root / "models", clock=Clock())
        store.replace_scores(current_scores(current))
    return Home(root / "leadscore.db", root / "models")


def current_scores(served: Served) -> list[CurrentScore]:
    """Scores of all leads as the command line writes them."""
    rows = []
    for lead_id in served.store.timelines().lead_ids:
        score = score_stored_lead(served, lead_id).score
        attributes = served.store.lead(lead_id).attributes
        rows.append(
            CurrentScore(
                lead_id=lead_id,
                as_of=score.as_of,
                pipeline="b2b",
                stage="Proposal" if int(lead_id[2:]) % 2 else "Qualified",
                owner=attributes["owner"],
                status=score.status,
                win_probability=score.win_probability,
                score=score.score,
                base_probability=score.base_probability,
                factors=[stored_factor(factor) for factor in score.factors],
                model_version="7",
            )
        )
    return rows


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def served(home, clock):
    served = Served.open(home.store_path, home.models, clock=clock)
    yield served
    served.close()


@pytest.fixture
def client(served):
    with TestClient(create_app(served)) as client:
        yield client


@pytest.fixture
def empty_served(tmp_path, clock):
    served = Served.open(tmp_path / "empty.db", tmp_path / "models", clock=clock)
    yield served
    served.close()


@pytest.fixture
def empty_client(empty_served):
    with TestClient(create_app(empty_served)) as client:
        yield client


@pytest.fixture
def minimal_body():
    return {
        "lead": {"lead_id": "new-1", "created_at": "2026-02-01T09:00:00Z", "pipeline": "b2b"},
        "as_of": "2026-02-20T09:00:00Z",
    }


@pytest.fixture
def crm_folder(home):
    return home.store_path.parent / "crm"


@pytest.fixture
def promote():
    """Train on what is served, and promote."""

    def promote(served: Served, version: str, seed: int) -> None:
        promote_trained_model(served.store, served.models_folder, version, seed)

    return promote


@pytest.fixture
def more_leads():
    """A data folder of one more lead."""

    def write(folder: Path, lead_id: str) -> Path:
        folder.mkdir()
        created_at = "2026-02-20T08:00:00Z"
        write_table(
            folder, "leads", [{"lead_id": lead_id, "created_at": created_at, "pipeline": "b2b"}]
        )
        (folder / "pipelines.toml").write_text(PIPELINES)
        return folder

    return write
