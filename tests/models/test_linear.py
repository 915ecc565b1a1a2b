"""The linear part: what it adds column by column, and records of it that do not fit."""

import json
from dataclasses import replace

import numpy as np
import pytest

from leads.errors import DamagedArtifactError
from models.linear import PER_LINE, Linear, linear_from_record


@pytest.fixture
def linear():
    """A number, a number without a slope but with two bends, and the stage, of three levels."""
    return Linear(
        intercept=-1.5,
        centre=np.array([1.0, 0.0, 0.0]),
        scale=np.array([2.0, 1.0, 1.0]),
        slope=np.array([[0.7, 0.0, 0.0]]),
        missing=np.array([[-0.3, 0.0, 0.25]]),
        mean=np.array([[0.1, 0.0, -0.2]]),
        first_level=np.array([0, 0, 0, 3]),
        level=np.array([[0.5, -0.5, 1.0]]),
        first_bend=np.array([0, 0, 2, 2]),
        bend_at=np.log1p([1.0, 3.0]),
        bend_slope=np.array([[0.5, -2.0]]),
        stage=2,
        line_of_stage=np.zeros(0, np.int64),
    )


def of_two_pipelines(linear):
    """The line of the fixture for stages 0 and 2, one of its own for stage 1."""
    parts = {
        name: np.vstack([getattr(linear, name), 2 * getattr(linear, name) - 1]) for name in PER_LINE
    }
    return replace(linear, **parts, line_of_stage=np.array([0, 1, 0]))


def test_number_adds_its_slope_times_its_standardised_logarithm(linear):
    rows = np.array([[np.e**2 - 1, 0.0, 0.0], [-(np.e**2) + 1, 0.0, 0.0]])

    added = linear.contributions(rows)

    assert added[:, 0] == pytest.approx([0.7 * 0.5 - 0.1, 0.7 * -1.5 - 0.1])
    assert added[:, 1].tolist() == [0, 0]


def test_beyond_each_bend_the_slope_changes(linear):
    rows = np.array([[0, value, 0] for value in (-5, 0.5, 1, np.e**2 - 1, np.nan)])

    added = linear.contributions(rows)[:, 1]

    beyond_both = 0.5 * (2 - np.log(2)) - 2 * (2 - np.log(4))
    assert added == pytest.approx([0, 0, 0, beyond_both, 0])


def test_far_out_values_count_as_far_as_there_was_evidence(linear):
    rows = np.array([[1e300, 0, 0], [np.inf, 0, 0], [-np.inf, 0, 0]])

    assert linear.contributions(rows)[:, 0] == pytest.approx([2.7, 2.7, -2.9])


def test_word_adds_what_its_level_does_and_other_codes_what_a_missing_one_does(linear):
    codes = [0, 1, 2, 3, -1, np.nan, np.inf]
    rows = np.array([[np.nan, np.nan, code] for code in codes])

    added = linear.contributions(rows)

    assert added[:, 2] == pytest.approx(np.array([0.5, -0.5, 1.0, 0.25, 0.25, 0.25, 0.25]) + 0.2)
    assert (added[:, 0] == -0.3 - 0.1).all()


def test_stage_tells_which_line_a_row_is_on(linear):
    both = of_two_pipelines(linear)
    row = np.array([3.0, 5.0, 0.0])
    rows = np.array([[*row[:2], stage] for stage in (0, 1, 2, 3, -1, np.nan)])

    added, alone = both.contributions(rows), linear.contributions(rows)

    own = [0.7 * 2 - 1, 2 * 0.1 - 1]
    standard = (np.log(4) - 1) / 2
    assert added[1, 0] == pytest.approx(own[0] * standard - own[1])
    assert added[1, 2] == pytest.approx((-0.5 * 2 - 1) - (-0.2 * 2 - 1))
    assert added[[0, 2, 3, 4, 5]].tolist() == alone[[0, 2, 3, 4, 5]].tolist()


def test_margin_is_the_intercept_and_all_that_is_added(linear):
    rows = np.random.default_rng(1).normal(size=(50, 3)) * 3

    expected = -1.5 + linear.contributions(rows).sum(axis=1)

    assert linear.margins(rows) == pytest.approx(expected)


def test_row_alone_has_the_same_bits_as_in_a_batch(linear):
    rows = np.random.default_rng(2).normal(size=(200, 3)) * 100

    together = linear.margins(rows)

    assert [linear.margins(rows[place : place + 1])[0] for place in range(200)] == together.tolist()


def test_record_comes_back_to_the_last_bit(linear):
    rows = np.random.default_rng(3).normal(loc=(0, 0, 1), size=(20, 3))
    both = of_two_pipelines(linear)
    no_bends = replace(
        both, first_bend=np.zeros(4, np.int64), bend_at=np.zeros(0), bend_slope=np.zeros((2, 0))
    )

    for line in (linear, both, no_bends):
        again = linear_from_record(json.loads(json.dumps(line.as_record())))
        assert again.margins(rows).tolist() == line.margins(rows).tolist()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"slope": [1.0]}, "do not fit together"),
        ({"slope": [[1.0]]}, "do not fit together"),
        ({"slope": [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]}, "do not fit together"),
        ({"line_of_stage": [0, 1]}, "do not fit together"),
        ({"line_of_stage": [0, -1]}, "do not fit together"),
        ({"stage": 3}, "do not fit together"),
        ({"stage": -1}, "do not fit together"),
        ({"stage": "first"}, "cannot be read"),
        ({"stage": 1.7}, "cannot be read"),
        ({"line_of_stage": [2**70]}, "cannot be read"),
        ({"intercept": float("nan")}, "not finite"),
        ({"first_level": [0, 0, 0, 4]}, "do not fit together"),
        ({"first_level": [0, 2, 1, 3]}, "do not fit together"),
        ({"first_level": []}, "do not fit together"),
        ({"first_bend": [0, 0, 3, 3]}, "do not fit together"),
        ({"bend_slope": [[0.5]]}, "do not fit together"),
        ({"level": [[0.0, None, 1.0]]}, "not finite"),
        ({"scale": "wide"}, "cannot be read"),
        ({"intercept": None}, "cannot be read"),
        ({"missing": [[0.0, float("inf"), 0.0]]}, "not finite"),
    ],
)
def test_record_that_does_not_fit_is_refused(linear, changed, why):
    with pytest.raises(DamagedArtifactError, match=why):
        linear_from_record(linear.as_record() | changed)


def test_record_without_a_part_is_refused(linear):
    record = linear.as_record()
    del record["mean"]

    with pytest.raises(DamagedArtifactError, match="cannot be read"):
        linear_from_record(record)
