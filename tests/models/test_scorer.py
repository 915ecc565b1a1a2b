"""The scorer: the same bits in any company, effects that add up, and reasons that are true."""

import re
from dataclasses import fields, replace

import lightgbm
import numpy as np
import pytest

from features.plan import learn_plan, plan_from_record
from features.population import population_of
from features.stages import STAGES
from features.track_records import TRACK_RECORDS
from leads.errors import DamagedArtifactError
from leads.outcome import known_status
from leads.pipelines import OPEN, Pipeline, Pipelines
from leads.view import Snapshots, known_by, look
from models.artifact import read_artifact, write_artifact
from models.calibration import Platt, log_odds_of, sigmoid
from models.factors import effects, sum_groups
from models.linear import linear_from_record
from models.margin import SHARE, mixed
from models.scorer import DEFAULT_GRADES, Scorer, grade_of, percent_score
from tests.leads.histories import (
    PIPELINES,
    at,
    changed,
    contact,
    lead,
    moved,
    snapshots_of,
    timelines_of,
)
from tests.models.line_model import line_over
from tests.training.simulated_crm import (
    simulated_timelines,
    small_model,
    until_of,
    with_another_future,
)
from training.artifacts import artifact_of

N_SNAPSHOTS = 10_000
EFFECTS = ("probability", "groups", "constant")


@pytest.fixture(scope="module")
def timelines():
    return simulated_timelines()


@pytest.fixture(scope="module")
def population(timelines):
    return population_of(timelines)


@pytest.fixture(scope="module")
def artifact(timelines):
    return artifact_of(small_model(), timelines, {"name": "win"})


@pytest.fixture(scope="module")
def scorer(artifact):
    return Scorer(artifact, "1")


@pytest.fixture(scope="module")
def snapshots(timelines):
    """Many moments of all leads, in no order, some of them after the lead was closed."""
    generator = np.random.default_rng(4)
    row = generator.integers(0, len(timelines), N_SNAPSHOTS)
    share = generator.random(N_SNAPSHOTS)
    created_at = timelines.created_at[row]
    age = (share**4 * (until_of(timelines) - created_at)).astype(np.int64)
    return Snapshots(row, created_at + age)


@pytest.fixture(scope="module")
def scores(scorer, timelines, snapshots, population):
    return scorer.score(look(timelines, snapshots), population)


@pytest.fixture(scope="module")
def open_rows(scores):
    rows = np.flatnonzero(scores.status == OPEN)
    assert 2_000 < len(rows) < N_SNAPSHOTS
    return rows


def bits(scores, row=slice(None)):
    """Every number of some rows, to the last bit."""
    found = scores.effects
    return [getattr(found, name)[row].tobytes() for name in EFFECTS] + [
        found.base_probability,
        scores.contributions[row].tobytes(),
        scores.matrix[row].tobytes(),
        scores.stage[row].tobytes(),
    ]


# The same in any company.


def test_snapshot_alone_has_the_bits_it_has_in_a_batch(
    scorer, timelines, snapshots, population, scores, open_rows
):
    for row in open_rows[:300]:
        view = look(timelines, snapshots.only(np.array([row])))
        alone = scorer.score(view, population)

        assert bits(alone) == bits(scores, slice(row, row + 1))
        assert scorer.describe(alone, 0) == scorer.describe(scores, row)


def test_order_of_a_batch_changes_nothing(scorer, timelines, snapshots, population, scores):
    order = np.random.default_rng(0).permutation(len(snapshots))

    shuffled = scorer.score(look(timelines, snapshots.only(order)), population)

    assert bits(shuffled) == bits(scores, order)


def test_other_leads_among_the_timelines_change_nothing(
    scorer, timelines, snapshots, population, scores, open_rows
):
    rows = open_rows[::7]
    leads, own = np.unique(snapshots.lead[rows], return_inverse=True)
    view = look(timelines.only(leads), Snapshots(own, snapshots.as_of[rows]))

    assert bits(scorer.score(view, population)) == bits(scores, rows)


def test_two_threads_give_the_same_bits(artifact, timelines, snapshots, population, scores):
    two = Scorer(artifact, "1", threads=2)

    assert bits(two.score(look(timelines, snapshots), population)) == bits(scores)


def test_model_written_and_read_back_gives_the_same_bits(
    artifact, timelines, snapshots, population, scorer, scores, tmp_path
):
    manifest_hash = write_artifact(tmp_path / "model", artifact)
    again = Scorer(read_artifact(tmp_path / "model", manifest_hash), "1")

    found = again.score(look(timelines, snapshots), population)

    assert bits(found) == bits(scores)
    assert again.describe(found, 0) == scorer.describe(scores, 0)


def test_what_comes_later_changes_nothing(scorer, timelines, snapshots):
    moment = int(np.quantile(timelines.created_at, 0.8))
    before = snapshots.only(snapshots.as_of <= moment)

    def scored(known):
        lead_ids = [timelines.lead_ids[row] for row in before.lead]
        rows = np.array([known.row_of[lead_id] for lead_id in lead_ids])
        view = look(known, Snapshots(rows, before.as_of))
        found = scorer.score(view, population_of(known))
        return [*bits(found), [scorer.describe(found, row) for row in range(0, len(rows), 50)]]

    expected = scored(timelines)
    assert scored(with_another_future(timelines, moment)) == expected
    assert scored(known_by(timelines, moment)) == expected


def test_probabilities_are_those_of_the_scores(
    scorer, timelines, snapshots, population, scores, open_rows
):
    found = scorer.probabilities(look(timelines, snapshots), population)

    assert found[open_rows].tobytes() == scores.effects.probability[open_rows].tobytes()


# Effects add up.


def test_base_and_effects_add_up_to_the_probability(scores, open_rows):
    found = scores.effects
    total = found.base_probability + found.groups.sum(axis=1) + found.constant

    assert np.abs(total - found.probability)[open_rows].max() < 1e-9


@pytest.mark.parametrize("factors", [0, 1, 5, 100])
def test_factors_shown_and_other_effects_add_up_to_the_probability(
    scorer, scores, open_rows, factors
):
    for row in open_rows[::5]:
        score = scorer.describe(scores, row, factors=factors)
        shown = sum(factor.effect for factor in score.factors)
        total = score.base_probability + shown + score.other_effects
        assert total == pytest.approx(score.win_probability, abs=1e-9)


def test_contributions_and_the_trees_base_are_the_log_odds(scorer, scores, artifact, open_rows):
    rows = open_rows[:500]
    boosters = [lightgbm_margins(text, scores.matrix[rows]) for text in artifact.boosters]
    line = linear_from_record(artifact.linear).margins(scores.matrix[rows])
    margin = mixed(np.mean(boosters, axis=0), line, artifact.linear[SHARE])
    log_odds = Platt(**artifact.calibration).log_odds(margin)
    base = log_odds - scores.contributions[rows].sum(axis=1)

    assert np.ptp(base) < 1e-10
    np.testing.assert_allclose(sigmoid(log_odds), scores.effects.probability[rows], atol=1e-12)


def lightgbm_margins(text, matrix):
    return lightgbm.Booster(model_str=text).predict(matrix, raw_score=True, num_threads=1)


def test_one_contribution_changed_is_found_out(scorer, scores, artifact, open_rows):
    row = open_rows[:1]
    contributions = scores.contributions[row].copy()
    probability = scores.effects.probability[row]
    log_odds = np.log(probability / (1 - probability))
    tree_base = float(log_odds[0] - contributions.sum())
    contributions[0, 2] += 1e-5

    grouped = sum_groups(contributions, scorer._group_of_column, len(scorer.groups))
    found = effects(log_odds, artifact.background_margin, grouped, tree_base)

    total = found.base_probability + found.groups.sum() + found.constant[0]
    assert abs(total - found.probability[0]) > 1e-9


def test_effect_has_the_sign_of_its_groups_contribution(scorer, scores, open_rows):
    for place in range(len(scorer.groups)):
        own = scorer._group_of_column == place
        contribution = scores.contributions[open_rows][:, own].sum(axis=1)
        effect = scores.effects.groups[open_rows, place]
        clear = np.abs(contribution) > 1e-12
        assert (np.sign(effect[clear]) == np.sign(contribution[clear])).all()


def test_base_is_the_probability_at_the_mean_log_odds_of_what_was_learned(scores):
    model = small_model()

    assert scores.effects.base_probability == sigmoid(np.array([model.background_log_odds]))[0]


# What is shown.


def test_won_and_lost_leads_have_a_status_and_nothing_else(scorer, scores):
    closed = np.flatnonzero(scores.status != OPEN)
    assert {scorer.describe(scores, row).status for row in closed} == {"won", "lost"}
    assert np.isnan(scores.effects.probability[closed]).all()
    assert np.isnan(scores.effects.groups[closed]).all()
    for row in closed[:50]:
        score = scorer.describe(scores, row)
        shown = {one.name: getattr(score, one.name) for one in fields(score)}
        assert shown.pop("lead_id") == scores.view.lead_id(row)
        assert shown.pop("as_of") == scores.view.as_of[row]
        assert shown.pop("status") in {"won", "lost"}
        assert set(shown.values()) == {None, ()}


def test_open_lead_is_never_certain(scores, open_rows):
    assert (scores.effects.probability[open_rows] > 0).all()
    assert (scores.effects.probability[open_rows] < 1).all()


def test_factors_are_the_strongest_each_way_strongest_first(scorer, scores, open_rows):
    for row in open_rows[::40]:
        every = scorer.describe(scores, row).factors
        shown = scorer.describe(scores, row, factors=2).factors
        sizes = [abs(factor.effect) for factor in every]
        assert sizes == sorted(sizes, reverse=True)
        for direction in ("win", "lose"):
            of_all = [factor for factor in every if factor.direction == direction]
            assert [f for f in shown if f.direction == direction] == of_all[:2]
        assert all((factor.effect > 0) == (factor.direction == "win") for factor in every)


def test_what_is_small_beside_the_strongest_is_no_reason(scorer, scores, open_rows):
    left_out = 0
    for row in open_rows[::40]:
        told = scorer.describe(scores, row).factors
        every = scorer.describe(scores, row, factors=100).factors
        strongest = abs(every[0].effect)
        for direction in ("win", "lose"):
            of_all = [f for f in every if f.direction == direction]
            reasons = [f for f in of_all if abs(f.effect) >= min(0.005, 0.1 * strongest)]
            assert [f for f in told if f.direction == direction] == reasons[:5]
            left_out += len(of_all[:5]) - len(reasons[:5])
    assert left_out


def test_who_asks_for_more_than_usual_is_told_all_that_is_more_than_nothing(
    scorer, scores, open_rows
):
    for row in open_rows[::40]:
        told = {factor.name for factor in scorer.describe(scores, row, factors=100).factors}
        sizes = np.abs(scores.effects.groups[row])
        assert told == {scorer.groups[g].name for g in np.flatnonzero(sizes >= 0.0005)}


def test_factor_is_told_by_a_signal_that_moves_the_score_its_way(scorer, scores, open_rows):
    """Of all but stages of a pipeline that it was never in, and pairs against their other part."""
    columns = scorer.plan.columns
    names = scores.view.timelines.pipelines.stage_names
    for row in open_rows[::40]:
        here = (None, names[int(scores.stage[row])][0])
        factors = scorer.describe(scores, row, factors=100).factors
        effect_of = {factor.name: factor.effect for factor in factors}
        for factor in factors:
            own = [
                place
                for place, column in enumerate(columns)
                if column.group.name == factor.name
                and (column.pipeline in here or np.nan_to_num(scores.matrix[row, place]))
            ]
            towards = np.sign(factor.effect) * scores.contributions[row]
            assert towards[own].max() > 0
            told = max(
                (p for p in own if factor.effect * effect_of.get(columns[p].also_of, 0.0) >= 0),
                key=lambda p: (towards[p], -p),
            )
            is_first_visit = columns[told].as_told_by and scores.matrix[row, told] == 1
            assert factor.unit == columns[told].unit or (is_first_visit and factor.unit == "level")


def test_sentences_have_no_name_of_a_column(scorer, scores, open_rows):
    for row in open_rows[::20]:
        for factor in scorer.describe(scores, row).factors:
            for text in (factor.label, factor.sentence):
                assert not re.search(r"[a-z]_[a-z0-9]|[{}]|\bnan\b", text), text


def test_typical_value_is_the_median_in_the_same_pipeline_and_stage(scorer, scores, open_rows):
    names = scores.view.timelines.pipelines.stage_names
    told = 0
    for row in open_rows[::40]:
        pipeline, stage = names[scores.stage[row]]
        medians = small_model().typical[pipeline][stage]
        for factor in scorer.describe(scores, row).factors:
            if factor.typical is not None:
                assert factor.typical in medians
                told += 1
    assert told > 50


def without(own, event_id):
    """A lead's timeline without one event."""
    count = len(own.events.type)
    kept = np.array([k for k in range(count) if event_id not in own.ids_of(own.events, [k])])
    return replace(own, events=own.events.take(kept), start=np.array([0, len(kept)]))


def test_without_any_event_that_a_factor_shows_its_signals_are_others(
    scorer, scores, timelines, snapshots, population, open_rows
):
    groups = np.array([column.group.name for column in scorer.plan.columns])
    shown = 0
    for row in open_rows[::100]:
        own = timelines.only(snapshots.lead[[row]])
        alone = Snapshots(np.zeros(1, np.int64), snapshots.as_of[[row]])
        for factor in scorer.describe(scores, row).factors:
            signals = groups == factor.name
            for event_id in factor.events:
                view = look(without(own, event_id), alone)
                other = scorer.plan.matrix(view, population)[0, signals]
                assert not np.array_equal(other, scores.matrix[row, signals], equal_nan=True)
                shown += 1
    assert shown > 100


@pytest.mark.parametrize(
    ("probability", "score"),
    [(1e-9, 1), (0.0149, 1), (0.015, 2), (0.125, 13), (0.495, 50), (0.9949, 99), (1 - 1e-12, 99)],
)
def test_score_is_the_percentage_rounded_half_up_from_1_to_99(probability, score):
    assert percent_score(probability) == score


@pytest.mark.parametrize(
    ("score", "grade"),
    [(99, "A"), (75, "A"), (74, "B"), (50, "B"), (49, "C"), (25, "C"), (24, "D"), (1, "D")],
)
def test_grade_is_the_first_whose_bound_is_reached(score, grade):
    assert grade_of(score) == grade


def test_bounds_of_grades_can_be_given(scorer, scores, open_rows):
    row = open_rows[0]

    assert scorer.describe(scores, row, grades=(("hot", 0),)).grade == "hot"
    assert scorer.describe(scores, row).grade in {*(g for g, _ in DEFAULT_GRADES), "D"}


# What the model has never seen.


def test_unseen_kinds_stages_levels_and_pipelines_are_scored(scorer):
    pipelines = Pipelines((Pipeline("partners", ("Hello", "Talks"), ("Signed",), ("Gone",)),))
    events = (
        contact(1, "carrier pigeon", direction="inbound", result="cooed"),
        changed(1, "shoe size", "44"),
        changed(2, "source", "skywriting"),
        moved(2, "Talks"),
    )
    types = {"shoe size": "number"}
    timelines = timelines_of((lead(pipeline="partners", source="x"),), events, pipelines, types)
    view = look(timelines, snapshots_of(timelines, [("a", at(0)), ("a", at(3))]))

    found = scorer.score(view, population_of(timelines))

    for row in range(2):
        score = scorer.describe(found, row)
        assert 0 < score.win_probability < 1
        assert all(factor.typical is None for factor in score.factors)
        shown = sum(factor.effect for factor in score.factors)
        total = score.base_probability + shown + score.other_effects
        assert total == pytest.approx(score.win_probability, abs=1e-9)


def test_population_without_leads_is_enough_to_score(scorer, timelines, snapshots):
    nobody = population_of(timelines_of((), ()))
    view = look(timelines, snapshots.only(np.arange(50)))

    found = scorer.score(view, nobody)

    assert np.isfinite(found.effects.probability[known_status(view) == OPEN]).all()


def test_no_snapshots_give_no_scores(scorer, timelines, population):
    none = Snapshots(np.zeros(0, np.int64), np.zeros(0, np.int64))

    found = scorer.score(look(timelines, none), population)

    assert len(found.effects.probability) == 0
    assert scorer.probabilities(look(timelines, none), population).tolist() == []


# The parts fit together.


def test_list_of_signals_that_does_not_match_the_trees_is_refused(artifact):
    families = plan_from_record(artifact.signals).as_record()["families"][:2]

    with pytest.raises(
        DamagedArtifactError, match=r"version 3: .*lists \d+ signals, its trees take"
    ):
        Scorer(replace(artifact, signals={"families": families}), "3")


def test_scorer_knows_what_it_was_trained_on(scorer, timelines):
    assert scorer.pipelines == timelines.pipelines
    assert scorer.attribute_types == timelines.attribute_types
    assert scorer.about == {"name": "win"}
    assert len({group.name for group in scorer.groups}) == len(scorer.groups)


# A model without trees.


def test_model_without_trees_says_the_base_rate_without_factors(
    artifact, timelines, snapshots, population
):
    level = log_odds_of(0.21)
    base_rate = replace(
        artifact,
        boosters=(),
        linear={},
        calibration=Platt(1.0, level).as_record(),
        background_margin=level,
    )
    scorer = Scorer(base_rate, version="1")

    scores = scorer.score(look(timelines, snapshots), population)

    rows = [row for row in range(len(snapshots)) if scores.status[row] == OPEN]
    described = [scorer.describe(scores, row) for row in rows[:50]]
    assert len(described) > 10
    for score in described:
        assert score.win_probability == score.base_probability == pytest.approx(0.21)
        assert score.factors == ()
        assert score.other_effects == 0
        assert score.support == "none"


def test_model_with_trees_claims_no_lack_of_support(scorer, scores, open_rows):
    assert scorer.describe(scores, int(open_rows[0])).support is None


# Reasons are of the lead's own pipeline.


@pytest.mark.parametrize(
    ("stage", "moves", "named"),
    [
        ("Offer (b2c)", [], False),
        ("Proposal (b2b)", [moved(1, "Proposal")], True),
        ("New (b2c)", [moved(1, "New", pipeline="b2c"), moved(2, "New", pipeline="b2b")], True),
    ],
)
def test_a_stage_of_a_pipeline_that_the_lead_was_never_in_is_no_reason(stage, moves, named):
    timelines = timelines_of([lead(), lead(lead_id="b", pipeline="b2c")], moves)
    names = learn_plan(timelines, (STAGES,)).columns
    visits = next(c.name for c in names if c.names.get("stage") == stage and "visits" in c.name)
    days = [c.name for c in names if c.names.get("stage") == stage and "days_at" in c.name]
    scorer = line_over(timelines, (STAGES,), dict.fromkeys([visits, *days], 3.0))

    view = look(timelines, snapshots_of(timelines, [("a", at(3))]))
    found = scorer.describe(scorer.score(view, population_of(timelines)), 0).factors

    assert {factor.name for factor in found} == {"stage", "pace"}
    assert any(stage in factor.sentence for factor in found) == named


@pytest.mark.parametrize(
    ("told_of", "moves", "said", "value"),
    [
        ("new", [], "In stage New.", "New"),
        ("qualified", [moved(1, "Qualified")], "In stage Qualified.", "Qualified"),
        ("new", [moved(1, "Qualified")], "In stage Qualified.", "Qualified"),
        ("qualified", [moved(1, "Proposal")], "It has not been in stage Qualified.", 0.0),
        (
            "new",
            [moved(1, "Qualified"), moved(2, "New")],
            "It has been in stage New 2 times.",
            2.0,
        ),
    ],
)
def test_being_in_a_stage_is_told_as_a_person_would(told_of, moves, said, value):
    """A first visit, here or before, is no more than how far it is."""
    timelines = timelines_of([lead()], moves, Pipelines(PIPELINES.pipelines[:1]))
    scorer = line_over(timelines, (STAGES,), {f"visits_{told_of}": 3.0})

    view = look(timelines, snapshots_of(timelines, [("a", at(3))]))
    score = scorer.describe(scorer.score(view, population_of(timelines)), 0)

    assert [(factor.sentence, factor.value) for factor in score.factors] == [(said, value)]


# Two reasons never tell one fact each its own way.

OWNERS_SOURCE = {"fields": ["owner", "source"], "pairs": [["owner", "source"]], "workload": False}
AS_GIVEN = replace(TRACK_RECORDS, learn=lambda _: OWNERS_SOURCE)


@pytest.mark.parametrize(
    ("of_source", "told"),
    [
        (-1.0, "Leads with the same owner and the same source are won in about"),
        (1.0, "Leads with the same owner are won in about"),
    ],
)
def test_a_pair_is_no_reason_beside_its_part_that_goes_the_other_way(of_source, told):
    """Of owner and source: what both are together is then told by the owner, and effects stay."""
    leads = [lead(0, "won", source="fair", owner="Anna"), lead(1, source="fair", owner="Anna")]
    timelines = timelines_of(leads, [moved(4, "Won", lead_id="won")])
    slopes = {
        "win_rate_of_owner_and_source": -3.0,
        "win_rate_of_owner": -0.5,
        "win_rate_of_source": of_source,
    }
    scorer = line_over(timelines, (AS_GIVEN,), slopes)

    scores = scorer.score(
        look(timelines, snapshots_of(timelines, [("a", at(9))])), population_of(timelines)
    )
    found = {factor.name: factor for factor in scorer.describe(scores, 0).factors}

    owner, source = found["attribute_owner"], found["attribute_source"]
    assert (owner.effect > 0, source.effect > 0) == (True, of_source < 0)
    assert owner.sentence.startswith(told)
    assert owner.effect == scores.effects.groups[0, 0]
    columns = np.flatnonzero([c.group.name == "attribute_owner" for c in scorer.plan.columns])
    assert len(columns) == 6
    assert scores.contributions[0, columns].sum() > 1.5
