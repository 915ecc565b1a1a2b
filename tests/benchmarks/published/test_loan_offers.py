"""The published protocol of the last offer: prefixes, their order, who is learned from."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.published.loan_offers import (
    CASES,
    EVENTS,
    LONGEST_PREFIX,
    apart,
    prefixes,
    read_offers,
    split_of,
)
from leads.clock import format_time
from leads.records import INTERACTION
from leads.view import look

LOG = Path(__file__).parents[4] / "shared" / "data" / "loan_applications" / "events.parquet"


@pytest.fixture(scope="module")
def offers():
    if not LOG.exists():
        pytest.skip("needs the real log of loan_applications, which is not here")
    return read_offers(LOG)


def test_events_of_one_moment_are_told_apart_and_keep_their_order():
    case = np.array(["a", "a", "a", "b", "b"])

    assert apart(case, np.array([5, 5, 5, 5, 9])).tolist() == [5, 6, 7, 5, 9]


def test_the_cases_and_events_are_the_published_ones(offers):
    events = int((offers.timelines.events.type == INTERACTION).sum())

    assert (len(offers.timelines), events) == (CASES, EVENTS)
    assert format_time(offers.split).startswith("2012-01-27T14:58:46")  # 15:58:46 in Amsterdam


def test_a_prefix_knows_exactly_its_events(offers):
    snapshots, length = prefixes(offers.timelines)
    view = look(offers.timelines, snapshots)
    contacts = np.cumsum(np.append(0, view.events.type == INTERACTION))

    assert (contacts[view.stop] - contacts[view.first] == length).all()
    assert length.max() == LONGEST_PREFIX
    assert (length == 1).sum() == CASES


def test_what_is_learned_from_was_known_before_the_split(offers):
    split = split_of(offers)
    view = split.table.view

    assert not (split.learned & split.judged).any()
    assert view.as_of[split.learned].max() < offers.split
    assert view.created_at[split.judged].min() >= offers.split
    assert split.closed[split.learned].mean() == pytest.approx(0.86, abs=0.01)
