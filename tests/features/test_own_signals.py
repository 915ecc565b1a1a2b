"""Own signals: read from one file, under all laws, tied to the model by their hash."""

import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from features.families import own_family, use_own_family
from features.own_laws import check_own_laws
from features.own_signals import read_own_signals, signal
from features.plan import learn_plan, plan_from_record
from features.population import population_of
from leads.errors import SettingsError
from leads.view import look
from tests.features.laws import LAWS, LAWS_OF_COLUMNS
from tests.features.training_history import training_history
from tests.leads.histories import at, contact, few, histories, lead, snapshots_of, timelines_of

DOCS = Path(__file__).parents[2] / "docs" / "your-own-signals.md"
EXAMPLE = re.search(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[1]
ALL_THAT_IS_KNOWN = """
from features.own_signals import signal

def sum_of_all(lead):
    total = (lead.as_of - lead.created_at).total_seconds() + len(lead.stage) + len(lead.pipeline)
    for place, e in enumerate(lead.events):
        total += place * len(e.name) + (lead.as_of - e.occurred_at).total_seconds()
        total += sum(len(str(x)) for x in (e.value, e.direction, e.duration_seconds, e.actor))
    return total

SIGNALS = (signal(name="sum_of_all", unit="count", group="All", sentence="All: {value}",
                  missing="Nothing.", value=sum_of_all),)
"""
DECLARED = """
SIGNALS = (signal(name="planted", unit="count", group="Planted", sentence="Planted: {value}",
                  missing="Not planted.", value=planted),)
"""


@pytest.fixture
def own(tmp_path):
    """Own signals of a source."""

    def read(source: str):
        path = tmp_path / "own.py"
        path.write_text(source)
        return read_own_signals(path)

    return read


@pytest.fixture
def in_use():
    """Puts a family into use until the test ends."""
    yield use_own_family
    use_own_family(None)


def test_example_of_the_docs_says_what_it_promises(own):
    timelines = timelines_of(
        [lead(0, "a"), lead(0, "b")],
        [contact(2, "demo", lead_id="a"), contact(9, "demo", lead_id="a")],
    )
    family = own(EXAMPLE).family
    plan = learn_plan(timelines, (family,))

    view = look(timelines, snapshots_of(timelines, [("a", at(5)), ("b", at(5))]))
    rows = plan.matrix(view, population_of(timelines))

    assert rows[0, 0] == 3
    assert np.isnan(rows[1, 0])
    check_own_laws(own(EXAMPLE), timelines, learn_plan(timelines))


@pytest.mark.parametrize("law", [*LAWS, *LAWS_OF_COLUMNS], ids=lambda law: law.__name__)
@given(history=histories())
@few(15)
def test_every_law_holds_over_what_a_function_is_given(law, tmp_path_factory, history):
    path = tmp_path_factory.mktemp("own") / "own.py"
    path.write_text(ALL_THAT_IS_KNOWN)
    law(learn_plan(training_history().timelines(), (read_own_signals(path).family,)), history)


@pytest.mark.parametrize(
    ("law", "function"),
    [
        ("finite or missing", "def planted(lead): return float('inf')"),
        ("alone as in a batch", "seen = []\ndef planted(lead): seen.append(1); return len(seen)"),
        ("alone as in a batch", "import random\ndef planted(lead): return random.random()"),
        ("alone as in a batch", "import time\ndef planted(lead): return time.perf_counter()"),
    ],
)
def test_signal_that_breaks_a_law_is_refused_with_its_name(own, law, function):
    timelines = training_history().timelines()
    broken = own(f"from features.own_signals import signal\n{function}\n{DECLARED}")

    with pytest.raises(SettingsError, match=f"'planted' breaks a law of signals, {law}"):
        check_own_laws(broken, timelines, learn_plan(timelines))


def test_name_of_another_signal_is_refused(own):
    timelines = training_history().timelines()
    taken = own(EXAMPLE.replace('name="days_since_demo"', 'name="interactions_7d"'))

    with pytest.raises(SettingsError, match="'interactions_7d' breaks a law of signals, columns n"):
        check_own_laws(taken, timelines, learn_plan(timelines))


def test_own_signals_are_learned_beside_the_others_and_survive_their_record(own, in_use):
    timelines = training_history().timelines()
    in_use(own(EXAMPLE).family)
    plan = learn_plan(timelines)

    again = plan_from_record(json.loads(json.dumps(plan.as_record())))

    assert again.columns[-1].name == "days_since_demo"
    assert again.columns == plan.columns
    assert pickle.loads(pickle.dumps(own_family())).columns(plan.parts[-1][1]) == (
        plan.columns[-1],
    )


def test_model_is_not_read_with_another_file_or_none(own, in_use):
    in_use(own(EXAMPLE).family)
    record = learn_plan(training_history().timelines()).as_record()
    in_use(own(EXAMPLE + "# changed\n").family)

    with pytest.raises(SettingsError, match="is not the file that the model was trained with"):
        plan_from_record(record)
    in_use(None)
    with pytest.raises(SettingsError, match="set LEADSCORE_SIGNALS to their file"):
        plan_from_record(record)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("SIGNALS = (", "is not Python"),
        ("", "has no SIGNALS"),
        ("SIGNALS = ()", "declares no signal"),
        (EXAMPLE.replace('unit="days"', 'unit="weeks"'), "the unit is 'weeks'; known are count"),
        (EXAMPLE.replace("{value} ago", "long ago"), "the sentence needs {value} once"),
        (EXAMPLE.replace('"No demo yet."', '"No demo yet"'), "missing ends in a full stop"),
        (EXAMPLE.replace('name="days_since_demo"', 'name="Days"'), "a name is like"),
    ],
)
def test_file_that_cannot_be_used_says_why(own, source, said):
    with pytest.raises(SettingsError, match=re.escape(said)):
        own(source)


def test_value_that_is_no_number_is_refused_with_the_lead(own):
    timelines = timelines_of([lead(0, "a")], [])
    family = own(EXAMPLE.replace("value=days_since_demo", "value=lambda lead: 'soon'")).family

    with pytest.raises(SettingsError, match=r"'days_since_demo', lead 'a' at .* 'soon' is not a"):
        learn_plan(timelines, (family,)).matrix(
            look(timelines, snapshots_of(timelines, [("a", at(1))])), population_of(timelines)
        )


def test_signal_is_declared_in_words():
    declared = signal(name="a", unit="count", group="G", sentence="{value} x", missing="No.",
                      value=lambda lead: 1)  # fmt: skip
    assert declared.column.group.label == "G"
