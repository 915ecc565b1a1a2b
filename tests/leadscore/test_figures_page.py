"""The page on figures explains every name that the reports give, and no name that they do not."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from leadscore.impact import Impact, Mover
from tests.leadscore.running import run_json
from tests.training.simulated_crm import RECIPE, simulated_timelines, until_of
from training.backtest import backtest
from training.backtest_report import backtest_report
from training.drift import BaseRateShift
from training.level import NewestWindow
from training.problem import Problem
from training.readiness import readiness
from training.suspicion import Suspicion

PAGE = Path(__file__).parents[2] / "docs" / "how-to-read-the-figures.md"
# Their parts are named by the data: ages, stages, pipelines.
NAMED_BY_DATA = {
    "by_age", "by_stage", "by_pipeline", "events", "kinds", "window_days", "pipelines", "losses",
    "differences",
}  # fmt: skip
# Of a score, which is no report, the page explains how sure it is and when a win would come.
OF_A_SCORE = {"interval", "horizons", "win_7d", "win_30d", "win_90d", "win_365d"}
# Settings, explained where they are set.
NO_FIGURES = {"recipe"}


def table_rows() -> list[str]:
    """The rows of the page's tables that begin with a name."""
    return re.findall(r"^\| `.*\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def explained() -> set[str]:
    """The names in the tables, whatever the column."""
    return {name for row in table_rows() for name in re.findall(r"`([^`]+)`", row)}


def headed() -> set[str]:
    """The names in the first column of the tables."""
    return {name for row in table_rows() for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def names_in(report: Any) -> Iterator[str]:
    """Every key of a report, of the objects in it and in its lists."""
    if isinstance(report, list | tuple):
        for one in report:
            yield from names_in(one)
    if isinstance(report, dict):
        for name, value in report.items():
            yield name
            named_by_data = name in NAMED_BY_DATA and isinstance(value, dict)
            if name not in NO_FIGURES:
                yield from names_in(list(value.values()) if named_by_data else value)


def names_of(record: type) -> set[str]:
    """The fields of a record that a report may leave out."""
    return {field.name for field in fields(record)}


@pytest.fixture(scope="module")
def reported(trained) -> set[str]:
    """All names that the commands report, and those that they report at times."""
    home, train_report = trained
    timelines = simulated_timelines()
    until = until_of(timelines)
    card = home / "models" / train_report["version"] / "about.json"
    return {
        *names_in(train_report),
        *names_in(json.loads(card.read_text(encoding="utf-8"))),
        *names_in(run_json(home, "promote", train_report["version"], "--dry-run")),
        *names_in(run_json(home, "models")),
        *names_in(backtest_report(backtest(timelines, until, 0, RECIPE, 2))),
        *names_in(readiness(timelines, until, 0).as_record()),
        *names_of(Impact),
        *names_of(Mover),
        *names_of(BaseRateShift),
        *names_of(NewestWindow),
        *names_of(Problem),
        *Suspicion("", "name", "").as_record(),
        *OF_A_SCORE,
    }


def test_every_reported_name_is_explained(reported):
    assert reported - explained() == set()


def test_every_name_that_heads_a_row_is_reported(reported):
    assert headed() - reported == set()


def test_it_says_what_is_never_to_be_believed():
    text = PAGE.read_text(encoding="utf-8")
    assert "Above 0.9 is a leak until shown otherwise" in text
    assert "0.60 to 0.70 when a lead\n   comes in, 0.75 to 0.85 late" in text
