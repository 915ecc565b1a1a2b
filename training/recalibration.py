"""Recalibration: a model's level learned anew, its signals, trees and line left as they are.

A moved base rate is most of what goes wrong with an ageing model, and the newest snapshots whose
window has passed tell it in seconds: see `training.level`.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from features.plan import plan_from_record
from features.population import population_of
from leads.clock import format_time, now_us, parse_time
from leads.errors import InvalidInputError, TooFewLeadsError
from leads.outcome import labels
from leads.timeline import Timelines
from leads.view import known_by, look
from models.artifact import Artifact, write_artifact
from models.calibration import Platt, platt_from_record, sigmoid
from models.margin import margin_of
from training.fitting import MOMENTS
from training.learner import Progress, no_progress
from training.learning import Source
from training.level import FEWEST_LEADS_EACH, NewestWindow, at_level_of, newest_matured
from training.model_card import model_card
from training.snapshots import open_life_snapshots
from training.tracking import RunRecord, TrainingData, log_run
from training.training_record import CARD_FILE, served_among

# In what a model says of itself: which version's level was learned anew, and from what.
RECALIBRATED = "recalibrated"
# The tag of its run.
RECALIBRATED_FROM = "recalibrated_from"


@dataclass(frozen=True)
class Level:
    """What the newest window says of a model: its share of wins, and the share that was expected.

    `artifact` is the model at that level; it is the model itself where the gap is within noise.
    """

    artifact: Artifact
    window: NewestWindow
    expected: float

    @property
    def moved(self) -> bool:
        """Whether the gap is more than noise."""
        return self.window.moved_by != 0


@dataclass(frozen=True)
class Recalibrated:
    """A model at its newest level, and the version registered of it.

    `version`, `run_id` and `manifest_hash` are None where the level stayed: nothing is registered.
    """

    from_version: str
    level: Level
    version: str | None = None
    run_id: str | None = None
    manifest_hash: str | None = None

    @property
    def sentence(self) -> str:
        """What was found, for a person, without its full stop."""
        window, expected = self.level.window, self.level.expected
        found = (
            f"of {window.n_leads:,} leads looked at from {window.begins_at[:10]} to "
            f"{window.ends_at[:10]} {window.won:.1%} were won where version {self.from_version} "
            f"expected {expected:.1%}"
        )
        if not self.level.moved:
            return f"{found}; that is within noise: its level stays, and nothing was registered"
        return f"{found}; the log-odds of every lead are moved by {window.moved_by:+.3f}"

    def as_record(self) -> dict[str, Any]:
        """What `train --recalibrate-only --json` says of it."""
        return {
            "from_version": self.from_version,
            "newest_window": self.level.window.as_record(),
            "expected": self.level.expected,
            "moved_by": self.level.window.moved_by,
            "sentence": self.sentence,
        }


def level_of(artifact: Artifact, timelines: Timelines, until: int) -> Level:
    """A model at the level of the newest window that had passed by `until`.

    Raises `TooFewLeadsError` where no such window holds 25 leads won and 25 not.
    """
    known = known_by(timelines, until)
    view = look(known, open_life_snapshots(known, until, MOMENTS))
    label = labels(view, until)
    rows = newest_matured(view, label, until)
    if rows is None:
        raise TooFewLeadsError(
            f"by {format_time(until)} the window of fewer than {FEWEST_LEADS_EACH} leads that were "
            "won, or of fewer that were not, has passed within a year: too few to learn a level "
            "from; import more history or take a later --until"
        )
    plan = plan_from_record(artifact.signals)
    newest = view.snapshots.only(rows)
    matrix = plan.matrix(look(known, newest), population_of(known))
    margin = margin_of(artifact.boosters, artifact.linear, len(plan.columns)).of(matrix)
    before = platt_from_record(artifact.calibration)
    after, window = at_level_of(before, margin, label[rows], newest)
    expected = float(sigmoid(before.log_odds(margin)).mean())
    return Level(_moved(artifact, after, window.moved_by), window, expected)


def _moved(artifact: Artifact, calibration: Platt, moved_by: float) -> Artifact:
    return replace(
        artifact,
        calibration=calibration.as_record(),
        background_margin=artifact.background_margin + moved_by,
        interval=_raised(artifact.interval, "centre", moved_by),
        horizons=_raised(artifact.horizons, "level", moved_by),
    )


def _raised(record: Mapping[str, Any], name: str, by: float) -> dict[str, Any]:
    """A record with one number moved; an empty one stays empty."""
    return {**record, name: record[name] + by} if record else {}


def recalibrate(
    artifact: Artifact,
    version: str,
    timelines: Timelines,
    until: int,
    source: Source,
    *,
    tracking_uri: str,
    artifact_root: Path,
    progress: Progress = no_progress,
) -> Recalibrated:
    """Register a model at its newest level as a new version, if that is not its level already.

    Raises `TooFewLeadsError`, and `InvalidInputError` for a moment before what it learned from.
    """
    learned_until = str(artifact.about["until"])
    if until < parse_time(learned_until):
        raise InvalidInputError(
            f"--until: version {version} has learned what was known until {learned_until}; a level "
            f"of {format_time(until)} would be older: take a later moment"
        )
    progress("looking at the newest window")
    found = Recalibrated(version, level_of(artifact, timelines, until))
    if not found.level.moved:
        return found
    about = _about(found, until, source)
    made = replace(found.level.artifact, about=about)
    known = known_by(timelines, until)
    progress("logging to MLflow")
    with tempfile.TemporaryDirectory() as folder:
        artifact_folder = Path(folder) / "artifact"
        manifest_hash = write_artifact(artifact_folder, made)
        record = _run_record(found, about, artifact_folder)
        served = served_among(record, known, population_of(known), until)
        logged = log_run(served, tracking_uri=tracking_uri, artifact_root=artifact_root)
    return replace(found, version=logged.version, run_id=logged.run_id, manifest_hash=manifest_hash)


def _about(found: Recalibrated, until: int, source: Source) -> dict[str, Any]:
    """The card of the model that it was, with the new level and where that comes from."""
    about = found.level.artifact.about
    window = found.level.window
    # The trees are as old as those of the version that was learned, however often it was moved.
    learned_until = about.get(RECALIBRATED, {}).get("learned_until", about["until"])
    return {
        **about,
        "until": format_time(until),
        "newest_window": window.as_record(),
        RECALIBRATED: {
            "from_version": found.from_version,
            "at": format_time(now_us()),
            "learned_until": learned_until,
            "expected": found.level.expected,
            "moved_by": window.moved_by,
            "source": source.name,
            "data_hash": source.data_hash,
        },
    }


def _run_record(found: Recalibrated, about: Mapping[str, Any], artifact_folder: Path) -> RunRecord:
    """What MLflow gets of it: from which version, the window, and by how much it moved."""
    window, said = found.level.window, about[RECALIBRATED]
    parameters = ("from_version", "learned_until", "source", "data_hash")
    return RunRecord(
        params={
            **{f"recalibrated.{name}": said[name] for name in parameters},
            "until": about["until"],
            "seed": about["seed"],
            "newest_window.begins_at": window.begins_at,
            "newest_window.ends_at": window.ends_at,
        },
        metrics={
            "newest_window.n_leads": window.n_leads,
            "newest_window.won": window.won,
            "newest_window.expected": found.level.expected,
            "newest_window.moved_by": window.moved_by,
        },
        tags={RECALIBRATED_FROM: found.from_version},
        figures={},
        artifact_folder=artifact_folder,
        texts={CARD_FILE: model_card(about)},
        name=f"recalibrated from version {found.from_version}",
        summary=f"Recalibrated from version {found.from_version}: {found.sentence}.",
        data=TrainingData(said["source"], said["data_hash"], str(asdict(window))),
    )
