"""Whether factors stay as they are: `python -m benchmarks.stability --json`.

Open leads are scored by a model, by one trained again with another seed, and by one trained a week
earlier. How many leads have the same three strongest groups in all, how many of the factors shown
have the same direction, and how many are flagged as going against the plain win rates. Beside it
how much of the effects cancels: the median over leads of their sizes together by the size of their
sum; and of how many leads "everything else" is larger than the strongest reason. Cuts lie before
the leads that docs/benchmarks.md judges on.
`--members 5,10,20` makes bags of other sizes with the trees of the recipe.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy import LOANS, MAPPINGS, SCHOOL
from crm.folder import read_folder
from crm.simulator import simulate, write_folder
from features.population import population_of
from leads.arrays import Bools, Floats
from leads.clock import DAY_US, parse_time
from leads.outcome import known_status
from leads.pipelines import OPEN
from leads.timeline import Timelines
from leads.view import Snapshots, known_by, look
from models.scorer import Score, Scorer
from training.artifacts import artifact_of
from training.bag import fit_bag
from training.fitting import FittedModel, fit_lessons, lessons
from training.leak_audit import audit
from training.recipe import Recipe
from training.snapshots import learning_weights

WEEK_US = 7 * DAY_US
TOP = 3
# Shares of so many leads are within 1.5 points, and scoring them is no time.
MOST_LEADS = 1_000


@dataclass(frozen=True)
class World:
    """Records, and up to when they are learned from."""

    timelines: Timelines
    until: int


def loan_applications() -> World:
    """Applications open at the turn of the year."""
    return World(read_folder(LOANS / "contract").timelines, parse_time("2012-01-01T00:00:00Z"))


def school_crm() -> World:
    """Deals open on 1 September."""
    timelines = read_folder(SCHOOL, mapping=MAPPINGS / "school_crm.toml").timelines
    return World(timelines, parse_time("2023-09-01T00:00:00+02:00"))


def simulated(leads: int = 5_000) -> World:
    """Leads open at the end of the records."""
    with tempfile.TemporaryDirectory() as folder:
        write_folder(simulate(leads, 1), Path(folder))
        timelines = read_folder(Path(folder)).timelines
    until = timelines.newest_event_at()
    assert until is not None
    return World(timelines, until)


WORKS: dict[str, Callable[[], World]] = {
    "loan_applications": loan_applications,
    "school_crm": school_crm,
    "simulated": simulated,
}


@dataclass(frozen=True)
class Told:
    """Effects of one model (lead x group), the groups by name, and which of them are `shown`.

    `flagged` is the share of the factors shown that go against the plain win rates, `cancelling`
    the median of all effects' size by that of their sum, `rest_largest` the share of leads of which
    the rest is larger than the strongest reason.
    """

    groups: tuple[str, ...]
    effects: Floats
    shown: Bools
    flagged: float
    cancelling: float
    rest_largest: float

    def over(self, groups: Sequence[str]) -> Floats:
        """The effects of these groups; 0 for one that the model does not have."""
        effects = np.zeros((len(self.effects), len(groups)))
        for place, group in enumerate(groups):
            if group in self.groups:
                effects[:, place] = self.effects[:, self.groups.index(group)]
        return effects


def measured(world: World, recipe: Recipe, members: Sequence[int]) -> dict[str, Any]:
    """The shares after another seed and after a week, by the number of members of the bag."""
    begun = time.process_time()
    first = _told(world, world.until, 0, recipe, members)
    seconds = time.process_time() - begun
    again = _told(world, world.until, 1, recipe, members)
    earlier = _told(world, world.until - WEEK_US, 0, recipe, members)
    return {
        "leads": len(first[0].effects),
        "training_seconds": round(seconds, 1),
        "members": {
            str(count): {
                "seed": alike(one, other),
                "week": alike(one, before),
                "flagged": one.flagged,
                "cancelling": one.cancelling,
                "rest_largest": one.rest_largest,
            }
            for count, one, other, before in zip(members, first, again, earlier, strict=True)
        },
    }


def _told(
    world: World, cut: int, seed: int, recipe: Recipe, members: Sequence[int]
) -> tuple[Told, ...]:
    """The effects in the open leads of a world of models learned at a cut, one per bag size."""
    timelines = audit(world.timelines, cut).timelines
    learned = lessons(timelines, cut, seed, recipe)
    fitted = fit_lessons(learned, seed, recipe)
    known, target = learned.learned, learned.target
    texts = fit_bag(
        learned.rows.matrix[known],
        target[known],
        learning_weights(learned.rows.view.snapshots.lead[known]),
        fitted.plan.categorical,
        replace(recipe, members=max(members), most_trees=max(members) * fitted.chosen_rounds),
        fitted.chosen_rounds,
        seed,
    )
    bags = [replace(fitted, boosters=texts[:count]) for count in members]
    return tuple(_effects(bag, timelines, world.until) for bag in bags)


def _effects(fitted: FittedModel, timelines: Timelines, until: int) -> Told:
    known = known_by(timelines, until)
    every = Snapshots(np.arange(len(known)), np.full(len(known), until))
    leads = np.flatnonzero(known_status(look(known, every)) == OPEN)
    chosen = leads[np.unique(np.linspace(0, len(leads) - 1, MOST_LEADS).astype(np.int64))]
    view = look(known, every.only(chosen))
    scorer = Scorer(artifact_of(fitted, timelines, {}), "new")
    scores = scorer.score(view, population_of(known))
    described = [scorer.describe(scores, row) for row in range(len(view))]
    flagged = [factor.flag is not None for score in described for factor in score.factors]
    effects = scores.effects.groups
    groups = tuple(group.name for group in scorer.groups)
    rest_largest = [
        abs(score.other_effects or 0.0) > strongest
        for score, strongest in zip(described, np.abs(effects).max(axis=1), strict=True)
    ]
    cancelling = np.median(np.abs(effects).sum(axis=1) / np.abs(effects.sum(axis=1)))
    return Told(
        groups=groups,
        effects=effects,
        shown=_shown(described, groups),
        flagged=round(float(np.mean(flagged)), 4),
        cancelling=round(float(cancelling), 2),
        rest_largest=round(float(np.mean(rest_largest)), 4),
    )


def alike(one: Told, other: Told) -> dict[str, float]:
    """How alike two models tell the same leads."""
    groups = sorted({*one.groups, *other.groups})
    ours, theirs = one.over(groups), other.over(groups)
    same = [
        set(a.tolist()) == set(b.tolist()) for a, b in zip(_top(ours), _top(theirs), strict=True)
    ]
    places = [groups.index(group) for group in one.groups]
    shown_ours, shown_theirs = ours[:, places][one.shown], theirs[:, places][one.shown]
    size = np.abs(shown_ours)
    turned = np.sign(shown_ours) != np.sign(shown_theirs)
    return {
        "same_top_3": round(float(np.mean(same)), 4),
        "same_direction": round(float(1 - turned.mean()), 4),
        "same_direction_above_1_point": round(float(1 - turned[size >= 0.01].mean()), 4),
        "same_direction_in_top_3": round(_top_directions(ours, theirs), 4),
    }


def _top(effects: Floats) -> Any:
    return np.argsort(-np.abs(effects), axis=1, kind="stable")[:, :TOP]


def _top_directions(ours: Floats, theirs: Floats) -> float:
    rows = np.arange(len(ours))[:, None]
    top = _top(ours)
    return float((np.sign(ours[rows, top]) == np.sign(theirs[rows, top])).mean())


def _shown(described: Sequence[Score], groups: Sequence[str]) -> Bools:
    """Which effects are told as factors (lead x group)."""
    told = [{factor.name for factor in score.factors} for score in described]
    return np.array([[group in names for group in groups] for names in told])


def main() -> None:
    """Run it and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--members", default=str(Recipe().members), help="sizes of the bag")
    parser.add_argument("--only", choices=sorted(WORKS), help="one of the works")
    given = parser.parse_args()
    members = [int(count) for count in given.members.split(",")]
    result = {
        name: measured(work(), Recipe(), members)
        for name, work in WORKS.items()
        if given.only in (None, name)
    }
    print(json.dumps(result, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
