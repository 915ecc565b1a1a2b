"""Figures as `train` and `backtest` show them to a person."""

import re

import numpy as np
import pytest

from leadscore.commands import backtest, explain, train
from models.languages import ENGLISH

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


@pytest.mark.parametrize("seed", range(20))
def test_figures_of_a_lead_add_up_as_they_are_shown(seed, capsys):
    """To the tenth of a point, which the unrounded ones do not."""
    generator = np.random.default_rng(seed)
    base, *effects, other = generator.normal(0, 0.03, 12)
    body = {
        "grade": "B",
        "support": "enough",
        "interval": None,
        "horizons": {},
        "base_probability": 0.5 + base,
        "factors": [{"sentence": "So.", "effect": effect} for effect in effects],
        "other_effects": other,
        "win_probability": 0.5 + base + sum(effects) + other,
    }

    explain._show_factors(body, ENGLISH)

    shown = [
        float(one)
        for one in re.findall(
            r"[-+]?\d+\.\d(?= (?:%|points)\s*$)", capsys.readouterr().out, re.MULTILINE
        )
    ]
    assert len(shown) == 13
    assert sum(shown[:-1]) == pytest.approx(shown[-1], abs=1e-9)
