"""The interval: it holds the number shown, is wider far out, and says when it is none."""

import json

import numpy as np
import pytest

from leads.errors import DamagedArtifactError
from models.calibration import sigmoid
from models.interval import Interval, interval_from_record

INTERVAL = Interval(centre=-1.0, typical=0.09, per_distance=0.04, borrowed={"b2b": 0.0, "b2c": 0.2})


def width(pipeline: str, log_odds: float) -> float:
    low, high = INTERVAL.bounds(np.array([log_odds]), [pipeline])[0]
    return float(high - low)


def test_the_number_shown_lies_inside() -> None:
    log_odds = np.linspace(-9, 9, 181)
    low, high = sigmoid(INTERVAL.bounds(log_odds, ["b2b"] * 181)).T
    assert ((low < sigmoid(log_odds)) & (sigmoid(log_odds) < high)).all()
    assert ((low > 0) & (high < 1)).all()


def test_at_the_centre_it_is_that_of_a_normal_distribution() -> None:
    assert INTERVAL.bounds(np.array([-1.0]), ["b2b"]) == pytest.approx(
        np.array([[-1 - 1.645 * 0.3, -1 + 1.645 * 0.3]]), abs=1e-4
    )


def test_it_is_wider_far_from_the_centre_and_where_more_is_borrowed() -> None:
    assert width("b2b", 2.0) == pytest.approx(width("b2b", -4.0))
    assert width("b2b", 2.0) > width("b2b", 0.0) > width("b2b", -1.0)
    assert width("b2b", -1.0) < width("b2c", -1.0) < width("a new pipeline", -1.0)


def test_leads_without_a_score_have_none() -> None:
    assert np.isnan(INTERVAL.bounds(np.array([np.nan]), ["b2b"])).all()


def test_a_record_gives_the_same_interval() -> None:
    assert interval_from_record(json.loads(json.dumps(INTERVAL.as_record()))) == INTERVAL
    assert interval_from_record({}) is None


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"centre": 0.0, "width": 1.0}, "interval.json is none"),
        (INTERVAL.as_record() | {"borrowed": {"b2b": -0.1}}, "of which none may be negative"),
        (INTERVAL.as_record() | {"typical": -1.0}, r"variances \[-1.0"),
        (INTERVAL.as_record() | {"per_distance": float("nan")}, r"variances \[0.09, nan"),
    ],
)
def test_what_is_no_interval_is_refused(record: dict[str, float], said: str) -> None:
    with pytest.raises(DamagedArtifactError, match=said):
        interval_from_record(record)
