"""Current scores and the ranking of leads, page by page."""

import base64
from dataclasses import replace

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.current_scores import CurrentScore
from leads.errors import InvalidInputError

SCORE = CurrentScore(
    lead_id="a",
    as_of=1_767_225_600_000_000,
    pipeline="b2b",
    stage="New",
    owner="kim",
    status="open",
    win_probability=0.1,
    score=10,
    base_probability=0.3,
    factors=[{"name": "reply_speed", "effect": 0.1, "events": ["m-1"]}],
    model_version="7",
)
DOUBLES = st.floats(0, 1, exclude_min=True, exclude_max=True)


def scores_of(**probabilities: float | None) -> list[CurrentScore]:
    return [
        replace(SCORE, lead_id=lead_id, win_probability=p, score=p and round(p * 100))
        for lead_id, p in probabilities.items()
    ]


def walk(store, **options) -> list[str]:
    """The ids of all pages."""
    found, cursor = [], None
    for _ in range(100):
        page = store.ranked_leads(cursor=cursor, **options)
        found += [item.lead_id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise AssertionError("the pages never end")


def test_scores_replace_all_earlier_ones(store):
    store.replace_scores(scores_of(a=0.1, b=0.2))
    store.replace_scores(scores_of(b=0.3))

    page = store.ranked_leads()
    assert page.items == tuple(scores_of(b=0.3))
    assert (page.total, page.next_cursor) == (1, None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(probability=DOUBLES, base=DOUBLES, effect=st.floats(-1, 1))
def test_doubles_come_back_bit_for_bit(store, probability, base, effect):
    score = replace(
        SCORE, win_probability=probability, base_probability=base, factors=[{"effect": effect}]
    )
    store.replace_scores([score])
    (item,) = store.ranked_leads().items

    assert item == score
    assert str(item.factors[0]["effect"]) == str(effect)


def test_leads_are_ranked_by_probability_ties_by_id_and_closed_ones_last(store):
    store.replace_scores(scores_of(c=0.5, w=None, a=0.5, b=0.9, d=0.1))

    assert walk(store) == ["b", "a", "c", "d", "w"]
    assert walk(store, sort="score") == ["d", "a", "c", "b", "w"]
    assert walk(store, sort="lead_id") == ["a", "b", "c", "d", "w"]
    assert walk(store, sort="-lead_id") == ["w", "d", "c", "b", "a"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    probabilities=st.lists(st.sampled_from([None, 0.1, 0.2, 0.3]), max_size=12),
    limit=st.integers(1, 5),
    sort=st.sampled_from(["score", "-score", "lead_id", "-lead_id"]),
)
def test_pages_together_are_the_whole_list(store, probabilities, limit, sort):
    store.replace_scores(scores_of(**{f"l{n}": p for n, p in enumerate(probabilities)}))

    assert walk(store, limit=limit, sort=sort) == walk(store, limit=1000, sort=sort)
    assert store.ranked_leads(limit=limit, sort=sort).total == len(probabilities)


def test_filters_and_total(store):
    scores = scores_of(a=0.1, b=0.2, c=0.3, d=None)
    scores[1] = replace(scores[1], pipeline="b2c")
    scores[2] = replace(scores[2], stage="Won", owner=None)
    store.replace_scores(scores)

    assert walk(store, pipeline="b2c") == ["b"]
    assert walk(store, stage="Won") == ["c"]
    assert walk(store, owner="kim") == ["b", "a", "d"]
    assert walk(store, min_score=20) == ["c", "b"]
    page = store.ranked_leads(limit=1, min_score=10)
    assert (len(page.items), page.total) == (1, 3)


def test_page_after_a_cursor_is_stable_when_leads_above_change(store):
    store.replace_scores(scores_of(a=0.9, b=0.8, c=0.7, d=0.6))
    cursor = store.ranked_leads(limit=2).next_cursor
    store.replace_scores(scores_of(x=0.95, a=0.9, b=0.8, c=0.7, d=0.6))

    page = store.ranked_leads(limit=2, cursor=cursor)
    assert [item.lead_id for item in page.items] == ["c", "d"]


def cursor_of(content: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "åäö",
        "AAAA",
        cursor_of([]),
        cursor_of(5),
        cursor_of({"a": 1}),
        cursor_of(["-score", "0.5", "a"]),
        cursor_of(["-score", 0.5, 7]),
        cursor_of(["-score", None, "a"]),
        cursor_of(["score", 0.5, "a"]),
        cursor_of(["lead_id", "a", "a"]),
    ],
)
def test_cursor_of_something_else_is_refused(store, cursor):
    with pytest.raises(InvalidInputError, match=r"cursor: .* does not belong to this list; take"):
        store.ranked_leads(cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_limit_is_bounded(store, limit):
    with pytest.raises(InvalidInputError, match=rf"limit: {limit} is not from 1 to 1000; give"):
        store.ranked_leads(limit=limit)


def test_unknown_sort_is_refused(store):
    with pytest.raises(InvalidInputError, match=r"sort: 'name' is not known; give one of -score"):
        store.ranked_leads(sort="name")


def test_page_of_many_thousand_leads_is_quick_to_turn(store):
    store.replace_scores(
        replace(SCORE, lead_id=f"{n:05}", win_probability=0.5) for n in range(12_000)
    )
    page = store.ranked_leads(limit=1000)

    assert page.total == 12_000
    assert walk(store, limit=1000) == [f"{n:05}" for n in range(12_000)]
