"""The one scorer: views and a population in, explained scores out.

Training, batches, requests and replays all come through here; it does not know where the
timelines came from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from features.plan import SignalPlan, plan_from_record
from features.population import Population
from features.signal import Column, Group
from leads.arrays import Floats, Int8s, Int32s, Int64s
from leads.errors import DamagedArtifactError
from leads.outcome import STATUS_NAMES, known_stage
from leads.pipelines import OPEN, Outcome, Pipelines, pipelines_from_records
from leads.view import View
from models.artifact import Artifact
from models.calibration import Platt, platt_from_record, sigmoid
from models.directions import directions_from_record
from models.evidence import event_ids
from models.factors import Effects, effects, sum_groups
from models.horizons import SHOWN_DAYS, horizons_from_record
from models.interval import interval_from_record
from models.languages import ENGLISH, Language
from models.margin import margin_of
from models.sentences import Direction, Statement, has_typical, json_value, statement

FACTORS_EACH_WAY = 5
# Below half a tenth of a point reads 0.0 points. Below half a point, or a tenth of the strongest
# where that is less, is no reason beside it: in a week one in twelve of those turned (0014).
LEAST_SHOWN = 0.0005
LEAST_REASON, LEAST_OF_STRONGEST = 0.005, 0.1
DEFAULT_GRADES = (("A", 75), ("B", 50), ("C", 25))
LOWEST_GRADE = "D"
NO_SUPPORT: Literal["none"] = "none"
THIN_SUPPORT: Literal["thin"] = "thin"

# What a score rests on: leads of its own pipeline, much that is borrowed, or the base rate alone.
Support = Literal["enough", "thin", "none"]

Flag = Literal["contradicts_evidence"]


@dataclass(frozen=True)
class Factor:
    """One reason: the effect of a group of signals, told by the group's strongest column.

    That is the one which moves the score most in the direction that the whole group does.
    `effect` is in probability (0.18 is 18 points); `value` and `typical` are None where missing.
    `label` and `sentence` are what `statement` says in the language that was asked for.
    """

    name: str
    label: str
    effect: float
    direction: Direction
    value: float | str | bool | None
    unit: str
    typical: float | None
    sentence: str
    events: tuple[str, ...]
    statement: Statement

    @property
    def flag(self) -> Flag | None:
        """Set where the plain win rates of the value clearly go against the effect."""
        return flag_of(self.statement)


@dataclass(frozen=True)
class Score:
    """A score as it is shown: `base_probability` + effects + `other_effects` = `win_probability`.

    For a won or lost lead everything but `status` is None or empty. `as_of` in microseconds.
    `support` is "none" where the model knows no more than the base rate. `interval` is that of 90 %
    for the win rate of leads known to be like this one; `horizons` are the probabilities of being
    won within so many days, up to the window. Either is None where the model does not know it.
    """

    lead_id: str
    as_of: int
    status: Outcome
    win_probability: float | None = None
    score: int | None = None
    grade: str | None = None
    base_probability: float | None = None
    factors: tuple[Factor, ...] = ()
    other_effects: float | None = None
    support: Support | None = None
    interval: tuple[float, float] | None = None
    horizons: Mapping[int, float] | None = None


@dataclass(frozen=True)
class Scores:
    """Scores of many snapshots as columns; the effects of won and lost leads are NaN.

    `effects` is snapshot x group, `contributions` snapshot x column on the calibrated log-odds.
    `bounds` (snapshot x 2) are the ends of the interval, `horizons` (snapshot x `SHOWN_DAYS`) the
    probabilities of being won by then, NaN where there is none.
    """

    view: View
    stage: Int32s
    status: Int8s
    matrix: Floats
    contributions: Floats
    effects: Effects
    bounds: Floats
    horizons: Floats


class Scorer:
    """A model ready to score. Raises `DamagedArtifactError` when its parts do not fit together."""

    def __init__(self, artifact: Artifact, version: str, *, threads: int = 1) -> None:
        self.version = version
        self.about: Mapping[str, Any] = artifact.about
        self.plan: SignalPlan = plan_from_record(artifact.signals)
        self._artifact = artifact
        self._calibration: Platt = platt_from_record(artifact.calibration)
        try:
            columns = len(self.plan.columns)
            self._margin = margin_of(artifact.boosters, artifact.linear, columns, threads=threads)
            self._directions = directions_from_record(artifact.directions, self.plan.columns)
            self._horizons = horizons_from_record(artifact.horizons)
            self._interval = interval_from_record(artifact.interval)
        except DamagedArtifactError as error:
            raise DamagedArtifactError(f"version {version}: {error}") from error

    @cached_property
    def pipelines(self) -> Pipelines:
        """The pipelines that the model was trained on."""
        return pipelines_from_records(self._artifact.pipelines, "the model's pipelines")

    @cached_property
    def attribute_types(self) -> Mapping[str, Any]:
        """The types of the attributes that the model was trained on."""
        return self._artifact.attribute_types

    @property
    def trained_at(self) -> str | None:
        """When the model was trained, as its card says."""
        trained_at = self.about.get("trained_at")
        return None if trained_at is None else str(trained_at)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The factor groups, in the order of the columns of effects."""
        return tuple({c.group.name: c.group for c in self.plan.columns}.values())

    @cached_property
    def _place_of(self) -> dict[str, int]:
        return {column.name: place for place, column in enumerate(self.plan.columns)}

    @cached_property
    def _place_of_group(self) -> dict[str, int]:
        return {group.name: place for place, group in enumerate(self.groups)}

    @cached_property
    def _group_of_column(self) -> Int64s:
        return np.array([self._place_of_group[c.group.name] for c in self.plan.columns], np.int64)

    def probabilities(self, view: View, population: Population) -> Floats:
        """The win probability of each snapshot, as `score` gives it, without the factors."""
        matrix = self.plan.matrix(view, population)
        return sigmoid(self._calibration.log_odds(self._margin.of(matrix)))

    def member_probabilities(self, view: View, population: Population) -> tuple[Floats, ...]:
        """The win probability of each snapshot by each member of the bag alone."""
        matrix = self.plan.matrix(view, population)
        margins = self._margin.of_members(matrix)
        return tuple(sigmoid(self._calibration.log_odds(margin)) for margin in margins.T)

    def bounds_and_horizons(self, view: View, population: Population) -> tuple[Floats, Floats]:
        """Both ends of the interval and the horizons, as `score` gives them."""
        matrix = self.plan.matrix(view, population)
        log_odds = self._calibration.log_odds(self._margin.of(matrix))
        stages = _stages(view, known_stage(view))
        return self._bounds(stages, log_odds), self._horizons_of(view, stages, log_odds)

    def score(self, view: View, population: Population) -> Scores:
        """Score every snapshot of a view; leads that are won or lost are not scored."""
        stage = known_stage(view)
        status = view.timelines.pipelines.stage_outcome[stage]
        matrix = self.plan.matrix(view, population)
        log_odds = self._calibration.log_odds(self._margin.of(matrix))
        log_odds[status != OPEN] = np.nan
        contributions, base = self._contributions(matrix)
        grouped = sum_groups(contributions, self._group_of_column, len(self.groups))
        found = effects(log_odds, self._artifact.background_margin, grouped, base)
        stages = _stages(view, stage)
        bounds = self._bounds(stages, log_odds)
        horizons = self._horizons_of(view, stages, log_odds)
        return Scores(view, stage, status, matrix, contributions, found, bounds, horizons)

    def describe(
        self,
        scores: Scores,
        row: int,
        *,
        factors: int = FACTORS_EACH_WAY,
        grades: Sequence[tuple[str, int]] = DEFAULT_GRADES,
        language: Language = ENGLISH,
    ) -> Score:
        """One snapshot's score in words: the strongest factors each way, strongest first."""
        lead_id, as_of = scores.view.lead_id(row), int(scores.view.as_of[row])
        status = STATUS_NAMES[int(scores.status[row])]
        if status != "open":
            return Score(lead_id, as_of, status)
        probability = float(scores.effects.probability[row])
        shown = self._strongest(scores.effects.groups[row], factors)
        described = tuple(self._factor(scores, row, group, language) for group in shown)
        hidden = sum(
            float(effect)
            for group, effect in enumerate(scores.effects.groups[row])
            if group not in shown
        )
        return Score(
            lead_id,
            as_of,
            status,
            win_probability=probability,
            score=percent_score(probability),
            grade=grade_of(percent_score(probability), grades),
            base_probability=scores.effects.base_probability,
            factors=described,
            other_effects=hidden + float(scores.effects.constant[row]),
            support=self._support(scores, row),
            interval=_both(scores.bounds[row]),
            horizons=None if self._horizons is None else _by_day(scores.horizons[row]),
        )

    def _bounds(self, stages: Sequence[tuple[str, str]], log_odds: Floats) -> Floats:
        """(snapshot x 2) the ends of the interval; NaN where nothing is known of them."""
        if self._interval is None:
            return np.full((len(log_odds), 2), np.nan)
        return sigmoid(self._interval.bounds(log_odds, [pipeline for pipeline, _ in stages]))

    def _horizons_of(
        self, view: View, stages: Sequence[tuple[str, str]], log_odds: Floats
    ) -> Floats:
        """(snapshot x shown day) the probability of being won by then; NaN where there is none."""
        if self._horizons is None:
            return np.full((len(view), len(SHOWN_DAYS)), np.nan)
        shares = self._horizons.shown(stages, view.as_of - view.created_at, log_odds)
        return shares * sigmoid(log_odds)[:, None]

    def _contributions(self, matrix: Floats) -> tuple[Floats, float]:
        """Contributions (snapshot x column) on the calibrated log-odds, and their base."""
        contributions = self._margin.contributions(matrix) * self._calibration.slope
        return contributions, float(self._calibration.log_odds(np.array([self._margin.base]))[0])

    def _support(self, scores: Scores, row: int) -> Support | None:
        """As the model's card says of the lead's pipeline; thin for one it has not seen."""
        if self._margin.is_empty:
            return NO_SUPPORT
        if "evidence" not in self.about:
            return None
        pipeline, _ = scores.view.timelines.pipelines.stage_names[int(scores.stage[row])]
        found: Support = (
            self.about["evidence"]["pipelines"].get(pipeline, {}).get("support", THIN_SUPPORT)
        )
        return found

    def _strongest(self, group_effects: Floats, each_way: int) -> list[int]:
        """The groups with the largest effects for and against, strongest first; ties by name.

        From `LEAST_SHOWN` on where more than usual are asked for, else from what is a reason on.
        """
        order = sorted(
            range(len(group_effects)),
            key=lambda g: (-abs(group_effects[g]), self.groups[g].name),
        )
        least = LEAST_SHOWN
        if each_way <= FACTORS_EACH_WAY:
            least = max(least, _least_reason(group_effects))
        wins = [g for g in order if group_effects[g] >= least][:each_way]
        losses = [g for g in order if group_effects[g] <= -least][:each_way]
        shown = {*wins, *losses}
        return [g for g in order if g in shown]

    def _factor(self, scores: Scores, row: int, group_place: int, language: Language) -> Factor:
        group = self.groups[group_place]
        effect = float(scores.effects.groups[row, group_place])
        pipeline, _ = scores.view.timelines.pipelines.stage_names[int(scores.stage[row])]
        strongest = self._strongest_column(scores, row, group_place, pipeline)
        column = self.plan.columns[strongest]
        value = float(scores.matrix[row, strongest])
        typical = self._typical(scores, row, strongest, column)
        direction: Direction = "win" if effect > 0 else "lose"
        odd = self._directions.contradict(pipeline, strongest, value, effect)
        said = statement(column, value, typical, contradicted=direction if odd else None)
        return Factor(
            name=group.name,
            label=said.label_in(language),
            effect=effect,
            direction=direction,
            value=json_value(column, value),
            unit=column.unit,
            typical=None if np.isnan(typical) else typical,
            sentence=said.sentence_in(language),
            events=tuple(event_ids(scores.view, row, column.evidence or group.evidence)),
            statement=said,
        )

    def _strongest_column(self, scores: Scores, row: int, group_place: int, pipeline: str) -> int:
        """The column that moves the score most in its group's direction, of those that tell.

        What is only of another pipeline, and 0 or missing of a lead that was never in it, tells a
        person nothing; a first visit to a stage, no more than the stage that it is in. What is
        about another group as well is not told against that one.
        """
        members = np.flatnonzero(self._group_of_column == group_place)
        telling = [
            int(place)
            for place in members
            if (
                self.plan.columns[place].pipeline in (None, pipeline)
                or np.nan_to_num(scores.matrix[row, place])
            )
            and not self._is_opposed(scores, row, int(place))
        ]
        direction = np.sign(scores.effects.groups[row, group_place])
        towards = direction * scores.contributions[row, telling or members]
        strongest = int((telling or members)[np.argmax(towards)])
        return self._plainest(scores.matrix[row], strongest)

    def _is_opposed(self, scores: Scores, row: int, place: int) -> bool:
        """Whether the other group that a column is about moves the score against its own."""
        column = self.plan.columns[place]
        other = self._place_of_group.get(column.also_of) if column.also_of else None
        if other is None:
            return False
        groups = scores.effects.groups[row]
        own = groups[self._place_of_group[column.group.name]]
        return bool(abs(groups[other]) >= LEAST_SHOWN and groups[other] * own < 0)

    def _plainest(self, values: Floats, place: int) -> int:
        """The column itself, or the one that tells in plain words what its being 1 comes from."""
        plain = self.plan.columns[place].as_told_by
        return place if plain is None or values[place] != 1 else self._place_of[plain]

    def _typical(self, scores: Scores, row: int, place: int, column: Column) -> float:
        """The median of training snapshots in the same pipeline and stage; NaN where unknown."""
        if not has_typical(column):
            return float("nan")
        pipeline, stage = scores.view.timelines.pipelines.stage_names[int(scores.stage[row])]
        medians = self._artifact.typical.get(pipeline, {}).get(stage)
        typical = None if medians is None else medians[place]
        return float("nan") if typical is None else float(typical)


def _least_reason(effects: Floats) -> float:
    """How large an effect is a reason beside the others."""
    strongest = float(np.abs(effects).max(initial=0.0))
    return min(LEAST_REASON, LEAST_OF_STRONGEST * strongest)


def flag_of(said: Statement) -> Flag | None:
    """The flag of a factor by what is said of it."""
    return None if said.contradicted is None else "contradicts_evidence"


def _stages(view: View, stage: Int32s) -> list[tuple[str, str]]:
    """Pipeline and stage of each code, by name."""
    names = view.timelines.pipelines.stage_names
    return [names[code] for code in stage]


def _both(bounds: Floats) -> tuple[float, float] | None:
    return None if np.isnan(bounds).any() else (float(bounds[0]), float(bounds[1]))


def _by_day(horizons: Floats) -> dict[int, float]:
    """Days to probability, without the days beyond the window."""
    days = zip(SHOWN_DAYS, horizons.tolist(), strict=True)
    return {day: share for day, share in days if not np.isnan(share)}


def percent_score(probability: float) -> int:
    """The probability in percent, rounded half up, 1 to 99."""
    return min(max(int(100 * probability + 0.5), 1), 99)


def grade_of(score: int, grades: Sequence[tuple[str, int]] = DEFAULT_GRADES) -> str:
    """The grade of a score: the first whose bound it reaches."""
    return next((grade for grade, bound in grades if score >= bound), LOWEST_GRADE)
