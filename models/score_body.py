"""A score as JSON: the answer of every way to ask for one."""

from typing import Any

from leads.clock import format_time
from models.scorer import Factor, Score, Scorer

MODEL_NAME = "win"


def score_body(
    score: Score, scorer: Scorer, *, newest_event_at: int | None, stale: bool
) -> dict[str, Any]:
    """A score as JSON; times given in microseconds become ISO 8601."""
    return {
        "lead_id": score.lead_id,
        "as_of": format_time(score.as_of),
        "status": score.status,
        "win_probability": score.win_probability,
        "interval": None,
        "score": score.score,
        "grade": score.grade,
        "base_probability": score.base_probability,
        "factors": [factor_body(factor) for factor in score.factors],
        "other_effects": score.other_effects,
        "horizons": None,
        "model": {
            "name": MODEL_NAME,
            "version": scorer.version,
            "trained_at": scorer.trained_at,
        },
        "freshness": {
            "newest_event_at": None if newest_event_at is None else format_time(newest_event_at),
            "stale": stale,
        },
        "support": score.support,
    }


def factor_body(factor: Factor) -> dict[str, Any]:
    """A factor as JSON."""
    return {
        "name": factor.name,
        "label": factor.label,
        "effect": factor.effect,
        "direction": factor.direction,
        "value": factor.value,
        "unit": factor.unit,
        "typical": factor.typical,
        "flag": None,
        "sentence": factor.sentence,
        "events": list(factor.events),
    }
