"""Figures as `train` and `backtest` show them to a person."""

import pytest

from leadscore.commands import backtest, train

UNDEFINED = {"value": None, "low": None, "high": None}
KNOWN = {"value": 0.75, "low": 0.7, "high": 0.8}


def test_an_undefined_figure_has_no_interval():
    assert train._with_interval(UNDEFINED) == backtest._with_interval(UNDEFINED) == "–"
    assert train._with_interval(KNOWN) == "0.750 (0.700–0.800)"
    assert backtest._with_interval(KNOWN) == "0.750 (0.700 to 0.800)"


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 more month"), (2, "2 more months"), (1200, "1,200 more months")]
)
def test_months_that_are_not_listed_are_counted(count, said):
    assert backtest._more_months(count) == said
