"""A score as JSON: the answer of every way to ask for one."""

from collections.abc import Mapping
from typing import Any

from leads.clock import format_time
from models.languages import Language
from models.scorer import Factor, Score, Scorer, flag_of
from models.sentences import Statement

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
        "interval": score.interval,
        "score": score.score,
        "grade": score.grade,
        "base_probability": score.base_probability,
        "factors": [factor_body(factor) for factor in score.factors],
        "other_effects": score.other_effects,
        "horizons": horizons_body(score.horizons),
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


def horizons_body(horizons: Mapping[int, float] | None) -> dict[str, float] | None:
    """Horizons as JSON, by names such as `30d`."""
    return None if horizons is None else {f"{day}d": share for day, share in horizons.items()}


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
        "flag": factor.flag,
        "sentence": factor.sentence,
        "events": list(factor.events),
    }


def stored_factor(factor: Factor) -> dict[str, Any]:
    """A factor as it is kept with a lead's current score: in codes, in no language."""
    return {
        "name": factor.name,
        "effect": factor.effect,
        "statement": factor.statement.as_record(),
    }


def stored_factor_body(stored: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """A factor that was kept as JSON, said in a language."""
    statement = Statement(**stored["statement"])
    return {
        "name": stored["name"],
        "label": statement.label_in(language),
        "effect": stored["effect"],
        "flag": flag_of(statement),
        "sentence": statement.sentence_in(language),
    }
