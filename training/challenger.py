"""The challenger: fitted on what the champion knew, and judged beside it on what came later.

A registered version has learned from everything, so that no lead is left to judge it on. What is
judged is its recipe, fitted on what was known when the champion was trained.
"""

from dataclasses import dataclass, replace

import numpy as np

from features.population import population_of
from leads.arrays import Bools, Floats, Int8s
from leads.clock import parse_time
from leads.errors import TooFewLeadsError
from leads.outcome import CENSORED_LABEL, known_stage, labels
from leads.timeline import Timelines
from leads.view import View, known_by, look
from models.artifact import Artifact
from models.scorer import NO_SUPPORT, Scorer
from training.artifacts import artifact_of
from training.backtest import Backtest, backtest
from training.censoring import censoring_weights
from training.comparison import Pairs, Verdict, decide, enough
from training.evaluation import MODEL, to_judge_on
from training.fitting import fit_model
from training.learner import Progress, no_progress
from training.recalibration import RECALIBRATED, level_of
from training.recipe import Recipe, recipe_from_record
from training.rows import leads_of_each
from training.snapshots import equal_weights, open_life_snapshots

# The months that both recipes are backtested on, and the age of a model in its own month.
MONTHS, FRESH = 6, 0


@dataclass(frozen=True)
class Contest:
    """A challenger and the champion, as they were registered, and the records to judge them on."""

    challenger: Artifact
    champion: Artifact
    version: str
    timelines: Timelines

    @property
    def until(self) -> int:
        """What was known then the challenger has learned from."""
        return parse_time(self.challenger.about["until"])

    @property
    def champion_until(self) -> int:
        """What was known then the champion has learned from."""
        return parse_time(self.champion.about["until"])

    @property
    def seed(self) -> int:
        """The challenger's."""
        return int(self.challenger.about["seed"])


@dataclass(frozen=True)
class Tested:
    """Decided snapshots to judge on; each weighs as many as it stands for."""

    view: View
    label: Int8s
    weight: Floats

    @property
    def pipelines(self) -> dict[str, Bools]:
        """The rows of each pipeline, by its name."""
        pipelines = self.view.timelines.pipelines
        code = pipelines.stage_pipeline[known_stage(self.view)]
        return {pipelines.names[one]: code == one for one in np.unique(code)}


def judge_challenger(contest: Contest, progress: Progress = no_progress) -> Verdict:
    """Whether the challenger may replace the champion.

    On snapshots later than what the champion learned from; where leads are too few there, both
    recipes are backtested. Raises `DamagedArtifactError` for a champion that cannot be scored with.
    """
    name = f"version {contest.version}"
    if replace(contest.challenger, about={}) == replace(contest.champion, about={}):
        return Verdict(False, f"its model is that of {name}, byte for byte")
    if contest.until < contest.champion_until:
        return Verdict(
            False,
            f"older than {name}: learned until {contest.challenger.about['until']} instead of "
            f"{contest.champion.about['until']}",
        )
    known = known_by(contest.timelines, contest.until)
    tested = _later(known, contest)
    if _is_recalibrated(contest):
        return _judge_level(contest, tested, name)
    if _is_base_rate(contest.challenger):
        return _judge_base_rate(contest, tested, name)
    if not enough(tested.view.snapshots.lead, tested.label):
        return _judge_recipes(contest, tested, name, progress)
    try:
        challenger = _said_by_challenger(contest, tested.view, progress)
    except TooFewLeadsError as error:
        return Verdict(False, f"it cannot be fitted on what {name} knew: {error}")
    champion = _said_by_champion(contest, tested.view)
    return decide(_pairs(tested, challenger, champion), name)


def _is_base_rate(artifact: Artifact) -> bool:
    return artifact.about.get("support") == NO_SUPPORT


def _is_recalibrated(contest: Contest) -> bool:
    """Whether the challenger is the champion but for its level."""
    made = contest.challenger.about.get(RECALIBRATED)
    return made is not None and made["from_version"] == contest.version


def _judge_level(contest: Contest, tested: Tested, name: str) -> Verdict:
    """A new level is judged on the later half of what came since the champion.

    It is learned as the challenger's was, from what was known when that half began.
    """
    newer = contest.until > contest.champion_until
    if not newer:
        return Verdict(False, f"the level of {name} is from the same moment")
    begin = int(np.median(tested.view.as_of)) if len(tested.label) else contest.until
    half = _after(tested, begin)
    n_leads = len(np.unique(half.view.snapshots.lead))
    unjudged = f"{name} at a newer level, by which no lead could be judged yet"
    if not enough(half.view.snapshots.lead, half.label):
        return Verdict(True, f"{unjudged}: {n_leads:,} decided leads are newer than half of them")
    try:
        level = level_of(contest.champion, tested.view.timelines, begin)
    except TooFewLeadsError:
        return Verdict(True, f"{unjudged}: when the {n_leads:,} newest began, none was known")
    earlier = replace(contest, champion=level.artifact)
    said = (_said_by_champion(one, half.view) for one in (earlier, contest))
    return decide(_pairs(half, *said), f"the former level of {name}")


def _after(tested: Tested, moment: int) -> Tested:
    """The snapshots after a moment."""
    later = tested.view.as_of > moment
    view = look(tested.view.timelines, tested.view.snapshots.only(later))
    return Tested(view, tested.label[later], tested.weight[later])


def _judge_base_rate(contest: Contest, tested: Tested, name: str) -> Verdict:
    """A base rate replaces an older one, or a champion that later leads show to be worse than it.

    What is compared is the base rate of what the champion knew.
    """
    newer = contest.until > contest.champion_until
    if _is_base_rate(contest.champion):
        reason = f"no signal, as in {name}"
        return Verdict(newer, f"{reason}; newer" if newer else f"{reason}, and not newer")
    if not enough(tested.view.snapshots.lead, tested.label):
        return Verdict(False, f"it found no signal, and {name} did")
    about = contest.champion.about
    rate = float((about.get("newest_window") or {}).get("won", about["base_rate"]))
    base_rate = np.full(len(tested.label), rate)
    champion = _said_by_champion(contest, tested.view)
    verdict = decide(_pairs(tested, base_rate, champion), name, must_be_better=True)
    return Verdict(
        verdict.promote, f"the base rate alone, for it found no signal: {verdict.reason}"
    )


def _judge_recipes(contest: Contest, tested: Tested, name: str, progress: Progress) -> Verdict:
    """Too few later leads: the newer of two equal recipes, else what a backtest of both says."""
    newer = contest.until > contest.champion_until
    found = _too_few(tested, name)
    if _is_base_rate(contest.champion):
        return Verdict(newer, f"{found}; {name} is a base rate alone, and this found signal")
    if "recipe" not in contest.champion.about:
        return Verdict(False, f"{found}, and its recipe is not on record to be fitted again")
    recipe = recipe_from_record(contest.challenger.about["recipe"])
    rival = recipe_from_record(contest.champion.about["recipe"])
    if recipe == rival:
        reason = f"{found}; its recipe is the same"
        return Verdict(newer, f"{reason}, and it is newer" if newer else f"{reason}, and not newer")
    pairs = _backtested(
        contest, recipe, rival, lambda step: progress(f"backtesting both recipes: {step}")
    )
    if pairs is None or not enough(pairs.lead, pairs.label):
        return Verdict(False, f"{found}, and too few earlier ones to backtest both recipes")
    verdict = decide(
        pairs, f"the recipe of {name}", must_be_better=not newer, seen_on="leads of a backtest"
    )
    return Verdict(verdict.promote, f"{found}; {verdict.reason}")


def _too_few(tested: Tested, name: str) -> str:
    """How few later leads there are, in words."""
    lead = tested.view.snapshots.lead
    won, other = leads_of_each(lead, tested.label)
    return (
        f"{len(np.unique(lead)):,} decided leads are later than what {name} learned from "
        f"({won:,} won, {other:,} not), too few to compare on"
    )


def _later(known: Timelines, contest: Contest) -> Tested:
    """The decided snapshots, of mostly decided weeks, later than all the champion learned from."""
    snapshots = open_life_snapshots(known, contest.until, contest.seed)
    later = snapshots.only(snapshots.as_of > contest.champion_until)
    return _tested(look(known, to_judge_on(known, later, contest.until)), contest.until)


def _tested(view: View, until: int) -> Tested:
    label = labels(view, until)
    weight = censoring_weights(view, until, np.ones(len(view)))
    decided = label != CENSORED_LABEL
    return Tested(
        look(view.timelines, view.snapshots.only(decided)), label[decided], weight[decided]
    )


def _said_by_champion(contest: Contest, view: View) -> Floats:
    scorer = Scorer(contest.champion, contest.version)
    return scorer.probabilities(view, population_of(view.timelines))


def _said_by_challenger(contest: Contest, view: View, progress: Progress) -> Floats:
    """What the challenger's recipe, fitted on what was known at a cut, says of later snapshots."""
    recipe = recipe_from_record(contest.challenger.about["recipe"])
    fitted = fit_model(view.timelines, contest.champion_until, contest.seed, recipe, progress)
    scorer = Scorer(artifact_of(fitted, view.timelines, {}), "compared")
    return scorer.probabilities(view, population_of(view.timelines))


def _backtested(
    contest: Contest, recipe: Recipe, rival: Recipe, progress: Progress
) -> Pairs | None:
    """What models of both recipes said of each month's leads at its start; None without months."""
    try:
        both = [
            backtest(contest.timelines, contest.until, contest.seed, one, MONTHS, progress)
            for one in (recipe, rival)
        ]
    except TooFewLeadsError:
        return None
    challenger, champion = (one.probability[FRESH][MODEL] for one in both)
    months = both[0]
    weight = months.weight / _equal_weights_of_months(months)
    return _pairs(Tested(months.view, months.label, weight), challenger, champion)


def _equal_weights_of_months(months: Backtest) -> Floats:
    """What each snapshot would weigh if all of a month were decided."""
    n_leads = len(months.view.timelines)
    return equal_weights(months.month * n_leads + months.view.snapshots.lead)


def _pairs(tested: Tested, challenger: Floats, champion: Floats) -> Pairs:
    return Pairs(
        label=tested.label,
        weight=tested.weight,
        lead=tested.view.snapshots.lead,
        challenger=challenger,
        champion=champion,
        pipelines=tested.pipelines,
    )
