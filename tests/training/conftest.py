"""One training of a small simulated CRM, logged to an MLflow of its own."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.training.simulated_crm import RECIPE, simulated_timelines, until_of
from training.learning import Source, Trained, train


@dataclass(frozen=True)
class Training:
    """A registered version and where it was registered; the steps that were told."""

    trained: Trained
    tracking_uri: str
    home: Path
    steps: tuple[str, ...]


@pytest.fixture(scope="session")
def training(tmp_path_factory) -> Training:
    home = tmp_path_factory.mktemp("trained")
    timelines = simulated_timelines()
    steps: list[str] = []
    tracking_uri = f"sqlite:///{home}/mlflow.db"
    trained = train(
        timelines,
        until_of(timelines),
        1,
        Source("a small CRM", "0123abcd"),
        tracking_uri=tracking_uri,
        artifact_root=home / "runs",
        recipe=RECIPE,
        progress=steps.append,
    )
    return Training(trained, tracking_uri, home, tuple(steps))
