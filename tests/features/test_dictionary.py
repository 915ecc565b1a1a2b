"""The dictionary says what the code declares, and no signal shows by its column's name."""

import re

import numpy as np

from features.families import FAMILIES
from features.plan import learn_plan
from features.population import population_of
from leads.view import look
from models.sentences import group_label, sentence
from tests.features.dictionary import PATH, dictionary_page
from tests.features.training_history import training_history
from tests.leads.histories import snapshots_of


def test_dictionary_is_up_to_date():
    """If this change is meant, rewrite the page: `python -m tests.features.dictionary`."""
    assert PATH.read_text(encoding="utf-8") == dictionary_page()


def test_every_signal_is_in_the_dictionary():
    page = PATH.read_text(encoding="utf-8")
    plan = learn_plan(training_history().timelines(), FAMILIES)
    assert [column.name for column in plan.columns if f"| `{column.name}`" not in page] == []


def test_no_column_name_ever_shows_in_words():
    """What is said of every signal, with a value and without, names no column."""
    timelines = training_history().timelines()
    plan = learn_plan(timelines, FAMILIES)
    pairs = training_history().snapshots()
    matrix = plan.matrix(look(timelines, snapshots_of(timelines, pairs)), population_of(timelines))
    names = {column.name for column in plan.columns if "_" in column.name}
    for place, column in enumerate(plan.columns):
        values = matrix[:, place]
        value = values[~np.isnan(values)][0]
        for said in (
            group_label(column.group),
            sentence(column, value, value),
            sentence(column, value, np.nan),
            sentence(column, np.nan, np.nan),
        ):
            assert not re.search(r"[a-z]_[a-z]|[{}]|\bnan\b", said), f"{column.name}: {said}"
            assert not names & set(said.split()), f"{column.name}: {said}"
