"""Composing scores: timelines from a store or folder, the one scorer, back to store or file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crm.current_scores import CurrentScore
from crm.store import Store
from features.population import Population, population_of
from leads.clock import now_us
from leads.errors import UnknownModelError
from leads.freshness import Freshness, freshness
from leads.outcome import known_status
from leads.pipelines import OPEN
from leads.records import ATTRIBUTE_CHANGE
from leads.timeline import Timelines
from leads.view import Snapshots, View, look
from leadscore.terminal import Progress
from models.artifact import read_artifact
from models.languages import ENGLISH, Language
from models.score_body import stored_factor
from models.scorer import Score, Scorer, Scores

# Bounds the memory that contributions take; the numbers do not depend on it.
BLOCK_SNAPSHOTS = 10_000
FACTORS_IN_LIST = 1
OWNER = "owner"


def load_scorer(store: Store, models: Path, version: str | None = None) -> Scorer:
    """The champion's scorer, or that of another exported version.

    Raises `UnknownModelError` when none was promoted yet, or that version never was.
    """
    champion = store.champion()
    if champion is not None and version in (None, champion.version):
        folder = models / champion.version
        return Scorer(read_artifact(folder, champion.manifest_hash), champion.version)
    if version is None:
        raise UnknownModelError("no model was promoted yet; run `leadscore train`")
    if not (models / version).is_dir():
        raise UnknownModelError(
            f"model version {version!r} is not in {models}; `leadscore promote {version}` exports "
            "it there, `leadscore models` lists all versions"
        )
    return Scorer(read_artifact(models / version), version)


def open_leads(timelines: Timelines, as_of: int) -> Snapshots:
    """A snapshot of every lead that was known and open at a moment."""
    rows = np.flatnonzero(timelines.created_at <= as_of)
    snapshots = Snapshots(rows, np.full(len(rows), as_of, np.int64))
    return snapshots.only(known_status(look(timelines, snapshots)) == OPEN)


def describe_all(
    scorer: Scorer,
    timelines: Timelines,
    snapshots: Snapshots,
    population: Population,
    *,
    grades: Sequence[tuple[str, int]],
    factors: int,
    progress: Progress,
    language: Language = ENGLISH,
) -> Iterator[tuple[Score, Scores, int]]:
    """The score of every snapshot in order, with the scores it is from and its row there."""
    for at in range(0, len(snapshots), BLOCK_SNAPSHOTS):
        progress(f"{at:,} of {len(snapshots):,}")
        block = snapshots.only(np.arange(at, min(at + BLOCK_SNAPSHOTS, len(snapshots))))
        scores = scorer.score(look(timelines, block), population)
        for row in range(len(block)):
            described = scorer.describe(
                scores, row, factors=factors, grades=grades, language=language
            )
            yield described, scores, row


@dataclass(frozen=True)
class OpenNow:
    """The leads of a store that are open at the moment that scores are of."""

    timelines: Timelines
    snapshots: Snapshots
    population: Population
    freshness: Freshness


def open_now(store: Store, as_of: int | None = None) -> OpenNow:
    """The open leads now, or at the newest event if that is old, or at a given moment."""
    timelines = store.timelines()
    present = now_us()
    now = freshness(timelines.newest_event_at(present), present)
    if as_of is not None:
        now = Freshness(as_of, now.newest_event_at, now.stale)
    return OpenNow(timelines, open_leads(timelines, now.as_of), population_of(timelines), now)


def score_open(
    leads: OpenNow, scorer: Scorer, grades: Sequence[tuple[str, int]], progress: Progress
) -> list[CurrentScore]:
    """The scores of all open leads as they stand in the list of ranked leads."""
    scored = describe_all(
        scorer, leads.timelines, leads.snapshots, leads.population, grades=grades,
        factors=FACTORS_IN_LIST, progress=progress,
    )  # fmt: skip
    return [current_score(score, scores, row, scorer.version) for score, scores, row in scored]


def refresh_scores(
    store: Store,
    scorer: Scorer,
    grades: Sequence[tuple[str, int]],
    progress: Progress,
    as_of: int | None = None,
) -> Freshness:
    """Score every open lead of the store and keep the scores as the current ones."""
    leads = open_now(store, as_of)
    store.replace_scores(score_open(leads, scorer, grades, progress))
    return leads.freshness


def current_score(score: Score, scores: Scores, row: int, version: str) -> CurrentScore:
    """A score as it stands in the list of ranked leads."""
    stage_names = scores.view.timelines.pipelines.stage_names
    pipeline, stage = stage_names[int(scores.stage[row])]
    return CurrentScore(
        lead_id=score.lead_id,
        as_of=score.as_of,
        pipeline=pipeline,
        stage=stage,
        owner=known_text(scores.view, row, OWNER),
        status=score.status,
        win_probability=score.win_probability,
        score=score.score,
        base_probability=score.base_probability,
        factors=[stored_factor(factor) for factor in score.factors],
        model_version=version,
    )


def known_text(view: View, row: int, attribute: str) -> str | None:
    """The latest known value of an attribute that is text; None where there is none."""
    events, timelines = view.events, view.timelines
    for place in range(int(view.stop[row]) - 1, int(view.first[row]) - 1, -1):
        named = events.type[place] == ATTRIBUTE_CHANGE
        if named and timelines.attributes[int(events.name[place])] == attribute:
            level = int(events.level[place])
            return timelines.levels[level] if level >= 0 else None
    return None
