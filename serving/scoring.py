"""One snapshot scored: the same composition for a stored lead and for one in a body."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from crm.bodies.requested import requested_timelines
from crm.bodies.score_request import ScoreRequest
from features.population import Population, population_of
from leads.clock import format_time
from leads.errors import UnknownLeadError
from leads.freshness import freshness, not_in_the_future
from leads.pipelines import Pipelines
from leads.records import event_columns, lead_columns
from leads.timeline import Timelines, build_timelines
from leads.view import Snapshots, look
from models.languages import ENGLISH, LANGUAGES, Language
from models.score_body import score_body
from models.scorer import FACTORS_EACH_WAY, Score, Scorer, Scores
from serving.served import Served, ServedRecords


@dataclass(frozen=True)
class ScoredLead:
    """A score with what is said beside it; `newest_event_at` in microseconds."""

    score: Score
    scorer: Scorer
    newest_event_at: int | None
    stale: bool

    def as_body(self) -> dict[str, Any]:
        """The score as JSON."""
        return score_body(
            self.score, self.scorer, newest_event_at=self.newest_event_at, stale=self.stale
        )


def score_snapshot(
    scorer: Scorer, population: Population, timelines: Timelines, as_of: int
) -> Scores:
    """The score of the only lead in `timelines`; raises `InvalidSnapshotError`."""
    view = look(timelines, Snapshots(np.zeros(1, np.int64), np.array([as_of], np.int64)))
    return scorer.score(view, population)


@dataclass(frozen=True)
class StoredLead:
    """A lead of the store and the moment to look at it, with all that scoring it takes.

    `timelines` holds the lead alone; `stale` when the newest event is more than 7 days old.
    """

    scorer: Scorer
    population: Population
    timelines: Timelines
    as_of: int
    newest_event_at: int | None
    stale: bool


def stored_lead(served: Served, lead_id: str, as_of: int | None = None) -> StoredLead:
    """A lead of the store at a moment.

    Without `as_of`: now, or the time of the newest event when that is more than 7 days old.
    Raises `UnknownLeadError`, `InvalidSnapshotError`, `UnknownModelError`.
    """
    scorer, records = served.scorer(), served.records()
    timelines = served.store.timelines([lead_id])
    if not len(timelines):
        raise UnknownLeadError(f"no lead {lead_id!r} is known; check the id or import it")
    asked = not_in_the_future(as_of, served.now())
    fresh = freshness(served.store.newest_event_at(asked), asked)
    return StoredLead(
        scorer=scorer,
        population=_population(records, timelines.pipelines),
        timelines=timelines,
        as_of=fresh.as_of if as_of is None else asked,
        newest_event_at=fresh.newest_event_at,
        stale=fresh.stale,
    )


def score_stored_lead(
    served: Served,
    lead_id: str,
    as_of: int | None = None,
    factors: int = FACTORS_EACH_WAY,
    language: Language = ENGLISH,
) -> ScoredLead:
    """The score of a lead in the store.

    Without `as_of`: now, or the time of the newest event when that is more than 7 days old.
    Raises `UnknownLeadError`, `InvalidSnapshotError`, `UnknownModelError`.
    """
    lead = stored_lead(served, lead_id, as_of)
    scores = score_snapshot(lead.scorer, lead.population, lead.timelines, lead.as_of)
    score = lead.scorer.describe(
        scores, 0, factors=factors, grades=served.grades, language=language
    )
    return ScoredLead(score, lead.scorer, lead.newest_event_at, lead.stale)


def score_requested_lead(
    served: Served,
    request: ScoreRequest,
    factors: int = FACTORS_EACH_WAY,
    language: Language = ENGLISH,
) -> ScoredLead:
    """The score of the lead in a body, among the store's leads; nothing is stored.

    Raises what `requested_timelines` raises, `InvalidSnapshotError` and `UnknownModelError`.
    """
    scorer, records = served.scorer(), served.records()
    pipelines = records.pipelines or scorer.pipelines
    types = {**scorer.attribute_types, **records.attribute_types}
    timelines = requested_timelines(request, pipelines, types)
    as_of = not_in_the_future(request.as_of, served.now())
    scores = score_snapshot(scorer, _population(records, pipelines), timelines, as_of)
    score = scorer.describe(scores, 0, factors=factors, grades=served.grades, language=language)
    return ScoredLead(score, scorer, timelines.newest_event_at(as_of), stale=False)


def warm_up(served: Served) -> None:
    """Read the records and the model and score in each language, so that no caller waits.

    Raises `UnknownModelError`, `DamagedArtifactError`, `StoreError`.
    """
    records = served.records()
    pipelines = records.pipelines or served.scorer().pipelines
    nobody = {"lead_id": "-", "created_at": format_time(0), "pipeline": pipelines.names[0]}
    request = ScoreRequest.model_validate({"lead": nobody})
    for language in LANGUAGES:
        score_requested_lead(served, request, language=language)


def _population(records: ServedRecords, pipelines: Pipelines) -> Population:
    """The store's population; before the first import one without leads."""
    if records.population is not None:
        return records.population
    nobody = build_timelines(lead_columns([], {}), event_columns([], {}), pipelines, {})
    return population_of(nobody)
