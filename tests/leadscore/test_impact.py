"""Impact: how many open leads move, and who enters and leaves the top 20."""

import numpy as np
import pytest

from leadscore.impact import TOP, Mover, compared, show_impact

AS_OF = "2026-03-01T00:00:00Z"


def ids(n: int) -> list[str]:
    return [f"L{number:03d}" for number in range(n)]


def test_more_than_ten_points_either_way_is_moved():
    before = np.array([0.30, 0.30, 0.30, 0.30])
    after = np.array([0.39, 0.42, 0.18, 0.30])

    impact = compared(AS_OF, ids(4), before, after)

    assert impact.n_open == 4
    assert impact.n_moved == 2
    assert impact.mean_before == pytest.approx(0.3)
    assert impact.mean_after == pytest.approx(0.3225)


def test_who_enters_and_leaves_the_top_with_ranks():
    before = np.linspace(0.9, 0.5, TOP + 2)
    after = before.copy()
    after[TOP + 1], after[0] = 0.95, 0.1

    impact = compared(AS_OF, ids(TOP + 2), before, after)

    assert impact.entered == (Mover("L021", 0.5, 0.95, 22, 1),)
    assert impact.left == (Mover("L000", 0.9, 0.1, 1, 22),)


def test_movers_are_listed_by_the_rank_they_get_and_had():
    before = np.linspace(0.9, 0.5, 2 * TOP)
    impact = compared(AS_OF, ids(2 * TOP), before, 1 - before)

    assert [one.rank_after for one in impact.entered] == list(range(1, TOP + 1))
    assert [one.rank_before for one in impact.left] == list(range(1, TOP + 1))


def test_equal_probabilities_rank_by_id_in_whatever_order_they_come():
    lead_ids = ids(TOP + 10)[::-1]
    before = np.full(TOP + 10, 0.4)
    after = np.where(np.array(lead_ids) == "L025", 0.45, before)

    impact = compared(AS_OF, lead_ids, before, after)

    assert [(one.lead_id, one.rank_before) for one in impact.entered] == [("L025", 26)]
    assert [(one.lead_id, one.rank_after) for one in impact.left] == [("L019", 21)]
    assert impact.n_moved == 0


def test_fewer_leads_than_the_top_never_enter_or_leave():
    impact = compared(AS_OF, ids(3), np.array([0.1, 0.2, 0.3]), np.array([0.9, 0.2, 0.1]))

    assert impact.entered == impact.left == ()


def test_no_open_leads_have_no_mean():
    impact = compared(AS_OF, [], np.zeros(0), np.zeros(0))

    assert (impact.n_open, impact.n_moved, impact.mean_before, impact.mean_after) == (
        0, 0, None, None,
    )  # fmt: skip


def test_it_is_told_in_words(capsys):
    before = np.linspace(0.9, 0.5, TOP + 2)
    after = before.copy()
    after[TOP + 1], after[0] = 0.95, 0.1

    show_impact(compared(AS_OF, ids(TOP + 2), before, after), "3", "2")

    said = capsys.readouterr().out
    assert "From version 2 to 3, 2 of 22 open leads move by more than 10 points" in said
    assert "the mean goes from 70.0 % to 68.4 %" in said
    enters, leaves = (line.split() for line in said.splitlines()[-2:])
    assert enters == ["enters", "L021", "50", "%", "95", "%", "22", "1"]
    assert leaves == ["leaves", "L000", "90", "%", "10", "%", "1", "22"]
