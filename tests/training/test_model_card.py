"""The model card says what a model is for, from what, how well, and what it is not for."""

import re

import pytest

from models.artifact import read_artifact
from training.model_card import model_card
from training.registry import artifact_path

pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy:DeprecationWarning")


@pytest.fixture(scope="module")
def about(training):
    return read_artifact(artifact_path(training.tracking_uri, training.trained.version)).about


@pytest.fixture(scope="module")
def card(about):
    return model_card(about, ["Source", "Pace"])


def test_card_begins_with_what_the_model_is_worth(card, about):
    title, _, worth, *_ = card.splitlines()
    assert title == f"# Model card: win, trained {about['trained_at']}"
    assert worth == f"**{about['worth']['sentence']}**"
    assert "b2b: 180 days, b2c: 90 days" in card


@pytest.mark.parametrize(
    "key", ["source", "data_hash", "first_created_at", "newest_event_at", "until"]
)
def test_card_says_what_the_model_learned_from(card, about, key):
    assert str(about[key]) in card


def test_card_shows_the_figures_beside_the_baselines_with_intervals(card, about):
    rows = {line.split(" | ")[0][2:]: line for line in card.splitlines() if line.startswith("| ")}
    for name, figures in {"this model": about["holdout"], **about["baselines"]}.items():
        auc = figures["auc"]
        shown = f"{auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f})"
        assert rows[name.replace("_", " ")].split(" | ")[1] == shown


@pytest.mark.parametrize("part", ["by_age", "by_stage", "by_pipeline"])
def test_card_shows_the_figures_by_part(card, about, part):
    for name, figures in about["holdout"][part].items():
        assert re.search(rf"^\| {re.escape(name)} \| {figures['n_snapshots']:,} \| ", card, re.M)


def test_card_says_what_moves_the_scores_and_what_the_model_is_not_for(card):
    assert "Most, in this order: Source, Pace." in card
    assert "- `lost_reason`: of the 423 leads in which it was written after they came in" in card
    assert "## What it must not be used for" in card


def test_card_lists_the_fields_that_were_left_out(about):
    field = {"field": "amount", "evidence": "it is the current value"}
    card = model_card({**about, "quarantined": [field]})
    assert "- `amount`: it is the current value" in card
    assert "No field was found that would tell the future" in model_card(
        {**about, "quarantined": []}
    )
    assert "Nothing: it says the same of every lead." in card


def test_card_lists_what_is_to_be_looked_at_and_what_was_overruled(about):
    field = {"field": "elapsed", "ground": "name", "evidence": "its name says 'elapsed'"}
    overruled = {"suspicious": [field], "allowed": ["tags", "stage_2"], "denied": ["notes"]}
    card = model_card({**about, **overruled})

    assert "to be looked at: were they known by then?\n\n- `elapsed`: its name says" in card
    assert "\nLearned from because somebody said so: tags, stage_2.\n" in card
    assert "\nNot learned from because somebody said so: notes.\n" in card


def test_names_from_somebody_elses_records_cannot_break_the_card(about):
    card = model_card({**about, "source": "a | b\n# <img> `c`"})
    assert "| source | a \\| b # &lt;img> 'c' |" in card


def test_figures_that_are_not_defined_are_a_dash(about):
    nothing = {"value": None, "low": None, "high": None}
    holdout = {**about["holdout"], "auc": nothing, "lift_at_10": {**nothing, "value": 1.5}}
    card = model_card({**about, "holdout": holdout})
    assert "| this model | – |" in card
    assert "| 1.500 |" in card
