"""Directions: a value whose leads are won clearly less often does not speak for one in silence."""

from dataclasses import replace

import numpy as np
import pytest

from features.population import population_of
from features.signal import Column, Group
from leads.errors import DamagedArtifactError
from leads.outcome import known_status
from leads.pipelines import OPEN
from leads.view import Snapshots, look
from models.directions import EVERY_PIPELINE, bins_of, directions_from_record
from models.languages import LANGUAGES
from models.scorer import Scorer
from tests.training.simulated_crm import simulated_timelines, small_model
from training.artifacts import artifact_of

NAN = float("nan")
GROUP = Group("pace", "Pace")
NUMBER = Column("calls", GROUP, "count", "Calls: {value}", "No call.")
WORDS = Column("source", GROUP, "level", "From {value}", "No source.", levels=("fair", "web"))
OFTEN, SELDOM = [0.4, 0.3, 0.5, 0.05], [0.1, 0.05, 0.15, -0.05]
LIKE_ALL = [0.22, 0.12, 0.32, 0.0]


def record(columns, edges=((1.0,), ())):
    """Win rates of a number with two bins and of words with three, then of missing values."""
    return {"edges": edges, "win_rates": {EVERY_PIPELINE: {"average": 0.2, "columns": columns}}}


@pytest.fixture
def directions():
    columns = [[SELDOM, OFTEN, LIKE_ALL], [OFTEN, SELDOM, None, None]]
    return directions_from_record(record(columns), (NUMBER, WORDS))


@pytest.mark.parametrize(
    ("column", "value", "points"),
    [
        (0, 0.0, -1),
        (0, 1.0, -1),
        (0, 1.5, 1),
        (0, NAN, 0),
        (1, 0.0, 1),
        (1, 1.0, -1),
        (1, 2.0, 0),
        (1, 3.0, 0),
        (1, NAN, 0),
    ],
)
def test_an_effect_is_contradicted_where_the_win_rate_clearly_points_the_other_way(
    directions, column, value, points
):
    assert directions.contradict("b2b", column, value, 0.1) == (points == -1)
    assert directions.contradict("b2b", column, value, -0.1) == (points == 1)
    assert not directions.contradict("b2b", column, value, 0.0)


def test_a_pipeline_with_win_rates_of_its_own_goes_by_them():
    of_all = record([[SELDOM, OFTEN, LIKE_ALL]], edges=((1.0,),))
    own = {"average": 0.6, "columns": [[[0.9, 0.8, 0.99, 0.15], OFTEN, None]]}
    of_all["win_rates"]["partners"] = own
    directions = directions_from_record(of_all, (NUMBER,))

    assert directions.contradict("partners", 0, 1.0, -0.1)
    assert not directions.contradict("partners", 0, 1.0, 0.1)
    assert directions.contradict("b2b", 0, 1.0, 0.1)


def test_what_is_the_other_way_round_in_the_same_stages_contradicts_nothing():
    often_by_stage, seldom_by_stage = [0.4, 0.3, 0.5, -0.15], [0.1, 0.05, 0.15, 0.15]
    columns = [[seldom_by_stage, often_by_stage, None]]
    directions = directions_from_record(record(columns, edges=((1.0,),)), (NUMBER,))

    assert not directions.contradict("b2b", 0, 1.0, 0.1)
    assert not directions.contradict("b2b", 0, 2.0, -0.1)


def test_what_hardly_differs_in_the_same_stages_contradicts_nothing():
    """A value of late leads that tells nothing beside them; a stage has none but itself beside."""
    by_stage_alone, stage_itself = [0.4, 0.3, 0.5, 0.02], [0.4, 0.3, 0.5, 1e-17]
    left = [0.4, 0.3, 0.5, 0.06]
    columns = [[by_stage_alone, stage_itself, left]]
    directions = directions_from_record(record(columns, edges=((1.0,),)), (NUMBER,))

    assert not directions.contradict("b2b", 0, 1.0, -0.1)
    assert directions.contradict("b2b", 0, 2.0, -0.1)
    assert directions.contradict("b2b", 0, NAN, -0.1)


def test_a_model_without_win_rates_contradicts_nothing():
    assert not directions_from_record({}, (NUMBER,)).contradict("b2b", 0, 1.0, 0.1)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"edges": []}, "zip"),
        ({"win_rates": 3}, "items"),
        ({"win_rates": {"": {"average": 0.2, "columns": [[OFTEN]]}}}, "do not fit together"),
        ({"win_rates": {"": {"average": None, "columns": [[OFTEN] * 3]}}}, "float"),
        ({"win_rates": {"": {"average": 0.2, "columns": [[[0.1]] * 3]}}}, "unpack"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(changed, why):
    good = record([[SELDOM, OFTEN, LIKE_ALL]], edges=((1.0,),))

    with pytest.raises(DamagedArtifactError, match=f"win rates of the model cannot be read.*{why}"):
        directions_from_record(good | changed, (NUMBER,))


def test_bins_take_their_upper_edge_and_levels_take_their_own():
    bins = bins_of(NUMBER, np.array([0.0, 2.0]))
    levels = bins_of(WORDS, np.zeros(0))

    assert bins.of(np.array([-1, 0, 1, 2, 3, NAN])).tolist() == [0, 0, 1, 1, 2, 3]
    assert levels.of(np.array([0, 1, 2, 3, NAN])).tolist() == [0, 1, 2, -1, 3]


# Factors that go against the win rates.


@pytest.fixture(scope="module")
def scored():
    """The flags of the factors of open leads, by a line and by the same line turned around."""
    timelines = simulated_timelines()
    line = small_model().linear | {"share": 1.0}
    turned = line | {
        name: (-np.array(line[name])).tolist() for name in ("slope", "missing", "mean", "level")
    }
    return {"line": _described(timelines, line), "turned": _described(timelines, turned)}


def _described(timelines, line):
    artifact = replace(artifact_of(small_model(), timelines, {}), boosters=(), linear=line)
    scorer = Scorer(artifact, "1")
    every = Snapshots(np.arange(len(timelines)), timelines.created_at + 9 * 86_400_000_000)
    rows = np.flatnonzero(known_status(look(timelines, every)) == OPEN)[:200]
    view = look(timelines, every.only(rows))
    scores = scorer.score(view, population_of(timelines))
    return scorer, scores, [scorer.describe(scores, row) for row in range(len(view))]


def _flagged(described) -> int:
    return sum(factor.flag is not None for score in described for factor in score.factors)


def test_a_model_turned_around_is_flagged_and_the_right_one_rarely(scored):
    """A value that clearly points somewhere is flagged in one of the two; most in the wrong one."""
    (_, _, right), (_, _, turned) = scored["line"], scored["turned"]

    assert _flagged(turned) > 100
    assert _flagged(right) < 0.15 * _flagged(turned)


def test_a_flagged_factor_says_so_in_every_language(scored):
    scorer, scores, described = scored["turned"]
    row = next(row for row, score in enumerate(described) if any(f.flag for f in score.factors))

    for language in LANGUAGES:
        for factor in scorer.describe(scores, row, language=language).factors:
            plain = replace(factor.statement, contradicted=None).sentence_in(language)
            assert factor.sentence.startswith(plain)
            assert (factor.sentence != plain) == (factor.flag == "contradicts_evidence")
    flagged = [factor for score in described for factor in score.factors if factor.flag]
    for direction, often in (("win", "won less often."), ("lose", "won more often.")):
        said = [factor.sentence for factor in flagged if factor.direction == direction]
        assert said
        ending = f"although such leads are in fact {often}"
        assert all(sentence.endswith(ending) for sentence in said)
