"""Few closed leads: `python -m benchmarks.small_data --json`.

Models of 0 to 1,000 closed leads, drawn again and again, on later leads, beside the base rate of
the same leads, smoothed in the same way; and a small pipeline beside a large one, against a model
of the small one alone and one that does not know pipelines. No loan application after the
evaluation's cut is looked at; the numbers of the prior were chosen on December's and on other
simulated leads.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy import LOANS, LOANS_UNTIL
from crm.folder import read_folder
from crm.simulator import random_snapshots, simulate, true_probability_at, write_folder
from features.population import population_of
from leads.arrays import Bools, Floats, Int64s
from leads.clock import parse_time
from leads.outcome import CENSORED_LABEL, closings, known_stage, known_status, labels
from leads.pipelines import OPEN, Pipelines
from leads.quarantine import Quarantined
from leads.records import ATTRIBUTE_CHANGE, STAGE_CHANGE
from leads.timeline import Timelines
from leads.view import Snapshots, known_by, look
from models.calibration import sigmoid
from models.metrics import log_loss
from training.censoring import censoring_weights
from training.fitting import Lessons, fit_lessons, lessons
from training.prior import Standing, prior_of
from training.recipe import Recipe
from training.snapshots import open_life_snapshots

SIZES = (0, 1, 10, 40, 120, 1000)
SMALL_SIZES, LARGE = (10, 40, 120), 500
# Leads still open where none is closed, and later leads to judge a model on.
OPEN_LEADS, JUDGED = 10, 300
LOANS_CUT, LOANS_JUDGED = "2012-01-01T00:00:00Z", "2012-01-14T00:00:00Z"
PATHS = 200


@dataclass(frozen=True)
class World:
    """Timelines, the cut of what is learned, and later snapshots with what to expect of them.

    `target` is an outcome or a true probability; `small` says which leads are of a small kind.
    """

    timelines: Timelines
    cut: int
    later: Snapshots
    target: Floats
    weight: Floats
    small: Bools


def loan_applications(seed: int) -> World:
    """Applications of the first half of January, as known at the evaluation's cut.

    The small kind asks for the largest seventh of amounts.
    """
    until, cut = parse_time(LOANS_UNTIL), parse_time(LOANS_CUT)
    timelines = known_by(read_folder(LOANS / "contract").timelines, until)
    every = open_life_snapshots(timelines, until, seed)
    created = timelines.created_at[every.lead]
    later = every.only((created > cut) & (created <= parse_time(LOANS_JUDGED)))
    view = look(timelines, later)
    label, weight = labels(view, until), censoring_weights(view, until, np.ones(len(view)))
    known = label != CENSORED_LABEL
    amount = _at_creation(timelines, "amount").astype(np.float64)
    small = amount >= np.nanquantile(amount, 6 / 7)
    target = label[known].astype(np.float64)
    return World(
        _without(timelines, "amount"), cut, later.only(known), target, weight[known], small
    )


def simulated(seed: int, leads: int = 9000) -> World:
    """Leads after two thirds of the time with their true probabilities; b2b, for the kinds.

    The small kind is those that somebody referred or a partner brought.
    """
    crm = simulate(leads, seed)
    with tempfile.TemporaryDirectory() as folder:
        none = Snapshots(np.zeros(0, np.int64), np.zeros(0, np.int64))
        write_folder(crm, Path(folder), none, paths=1)
        timelines = read_folder(Path(folder)).timelines
    cut = int(np.quantile(timelines.created_at, 2 / 3))
    drawn = random_snapshots(crm)
    drawn = drawn.only(crm.arrivals.created_at[drawn.lead] > cut)
    truth = true_probability_at(crm, drawn, PATHS)
    ids = {row: lead_id for lead_id, row in crm.row_of.items()}
    rows = np.array([timelines.row_of[ids[int(row)]] for row in drawn.lead])
    later = Snapshots(rows, drawn.as_of)
    known = ~np.isnan(truth) & (known_status(look(timelines, later)) == OPEN)
    source = _at_creation(timelines, "source")
    small = np.isin(source, [timelines.levels.index(one) for one in ("referral", "partner")])
    return World(timelines, cut, later.only(known), truth[known], np.ones(int(known.sum())), small)


def _at_creation(timelines: Timelines, attribute: str) -> Floats | Int64s:
    """Each lead's first value of a field: a number, or the code of a level."""
    events = timelines.events
    lead = np.repeat(np.arange(len(timelines)), np.diff(timelines.start))
    rows = np.flatnonzero(
        (events.type == ATTRIBUTE_CHANGE) & (events.name == timelines.attributes.index(attribute))
    )[::-1]
    is_number = timelines.attribute_types[attribute] == "number"
    values = np.full(len(timelines), np.nan if is_number else -1)
    values[lead[rows]] = events.number[rows] if is_number else events.level[rows]
    return values


def _without(timelines: Timelines, attribute: str) -> Timelines:
    hidden = Quarantined(attribute, "it tells the two kinds apart")
    return replace(timelines, quarantined=(*timelines.quarantined, hidden))


def young_crm(world: World, closed: int, number: int) -> World:
    """A draw of so many leads that are closed at the cut, those still open that come with them."""
    generator = np.random.default_rng([closed, number])
    rows = np.flatnonzero(world.timelines.created_at <= world.cut)
    return _only(world, _drawn(world, rows, closed, generator), generator)


def _drawn(world: World, rows: Int64s, closed: int, generator: np.random.Generator) -> Int64s:
    is_closed = closings(world.timelines, world.cut).status[rows] != OPEN
    order = generator.permutation(len(rows))
    if not closed:
        return rows[order[~is_closed[order]][:OPEN_LEADS]]
    return rows[order[: int(np.searchsorted(np.cumsum(is_closed[order]), closed)) + 1]]


def _only(world: World, learned: Int64s, generator: np.random.Generator) -> World:
    """The world of these leads and of some later ones."""
    later = np.unique(world.later.lead)
    later = generator.choice(later, min(JUDGED, len(later)), replace=False)
    kept = np.sort(np.concatenate([learned, later]))
    rows = np.isin(world.later.lead, later)
    return World(
        world.timelines.only(kept),
        world.cut,
        Snapshots(np.searchsorted(kept, world.later.lead[rows]), world.later.as_of[rows]),
        world.target[rows],
        world.weight[rows],
        world.small[kept],
    )


def losses(world: World, recipe: Recipe | None = None) -> dict[str, float]:
    """The log loss of a model and of the base rate of the same leads, on the later snapshots."""
    learned = lessons(world.timelines, world.cut, 0, recipe)
    fitted = fit_lessons(learned, 0, recipe)
    matrix = fitted.plan.matrix(look(world.timelines, world.later), population_of(world.timelines))
    model = sigmoid(fitted.calibration.log_odds(fitted.margin.of(matrix)))
    base = np.full(len(model), sigmoid(np.array([_smoothed_base_rate(learned)]))[0])
    return {name: _loss(world, said) for name, said in (("model", model), ("base_rate", base))}


def _loss(world: World, said: Floats) -> float:
    loss = log_loss(world.target, said, world.weight)
    return float("nan") if loss is None else loss


def _smoothed_base_rate(learned: Lessons) -> float:
    view = learned.rows.view
    decided = learned.rows.labels(learned.until) != CENSORED_LABEL
    standing = Standing(known_stage(view), view.snapshots.lead, learned.target, decided)
    return prior_of(standing, view.timelines.pipelines.stage_pipeline).whole


def over_sizes(world: World, sizes: Sequence[int], resamples: int) -> dict[str, Any]:
    """For each number of closed leads the mean log losses over the resamples."""
    return {
        str(size): _means([losses(young_crm(world, size, number)) for number in range(resamples)])
        for size in sizes
    }


def small_beside_large(world: World, sizes: Sequence[int], resamples: int) -> dict[str, Any]:
    """A small pipeline of so many closed leads beside one of 500, judged on the small one's leads.

    `own_only` learned from the small one alone, `pooled_only` from all as if of one pipeline.
    """
    return {
        str(size): _means([_three_ways(world, size, number) for number in range(resamples)])
        for size in sizes
    }


def _three_ways(world: World, size: int, number: int) -> dict[str, float]:
    generator = np.random.default_rng([size, number, 1])
    known = world.timelines.created_at <= world.cut
    large = _drawn(world, np.flatnonzero(known & ~world.small), LARGE, generator)
    small = _drawn(world, np.flatnonzero(known & world.small), size, generator)
    rows = world.small[world.later.lead]
    of_small = replace(
        world,
        later=world.later.only(rows),
        target=world.target[rows],
        weight=world.weight[rows],
    )
    state = generator.bit_generator.state
    found = {}
    for name, leads in (("pooled_only", np.concatenate([large, small])), ("own_only", small)):
        generator.bit_generator.state = state
        drawn = _only(of_small, leads, generator)
        found[name] = losses(drawn)["model"]
        if name == "pooled_only":
            found["model"] = losses(replace(drawn, timelines=in_two_pipelines(drawn)))["model"]
    return found


def in_two_pipelines(world: World) -> Timelines:
    """The timelines of one pipeline, with the leads of the small kind in a second like it."""
    (pipeline,) = world.timelines.pipelines.pipelines
    both = Pipelines((replace(pipeline, name="large"), replace(pipeline, name="small")))
    events = world.timelines.events
    small = np.repeat(world.small, np.diff(world.timelines.start))
    name = events.name.copy()
    name[(events.type == STAGE_CHANGE) & small] += len(pipeline.all_stages)
    return replace(
        world.timelines,
        pipelines=both,
        pipeline=world.small.astype(np.int16),
        events=replace(events, name=name),
    )


def first_pipeline(world: World, attribute: str) -> World:
    """The leads of the first pipeline alone, without the field that tells the kinds apart."""
    timelines = world.timelines
    rows = np.flatnonzero(timelines.pipeline == 0)
    place = np.full(len(timelines), -1)
    place[rows] = np.arange(len(rows))
    kept = place[world.later.lead] >= 0
    one = replace(timelines.only(rows), pipelines=Pipelines(timelines.pipelines.pipelines[:1]))
    return World(
        _without(one, attribute),
        world.cut,
        Snapshots(place[world.later.lead[kept]], world.later.as_of[kept]),
        world.target[kept],
        world.weight[kept],
        world.small[rows],
    )


def _means(found: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each loss, and of the model's above each other with its standard error."""
    means: dict[str, float] = {"resamples": len(found)}
    for name in found[0]:
        loss = np.array([one[name] for one in found])
        means[name] = float(loss.mean())
        if name != "model":
            above = np.array([one["model"] for one in found]) - loss
            means[f"above_{name}"] = float(above.mean())
            means[f"above_{name}_error"] = float(above.std(ddof=1) / np.sqrt(len(above)))
            means[f"above_{name}_most"] = float(above.max())
    return means


def main() -> None:
    """Run what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--resamples", type=int, default=50)
    parser.add_argument("--seed", type=int, default=21, help="of the simulated leads")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--small-sizes", type=int, nargs="*", default=SMALL_SIZES)
    parser.add_argument(
        "--only", nargs="*", choices=("simulated", "loan_applications"), help="which of them"
    )
    given = parser.parse_args()
    results: dict[str, Any] = {}
    wanted = given.only or ("simulated", "loan_applications")
    if "simulated" in wanted:
        world = simulated(given.seed)
        results["simulated"] = {
            "closed_leads": over_sizes(world, given.sizes, given.resamples),
            "small_pipeline": small_beside_large(
                first_pipeline(world, "source"), given.small_sizes, given.resamples
            ),
        }
    if "loan_applications" in wanted and LOANS.is_dir():
        world = loan_applications(0)
        results["loan_applications"] = {
            "closed_leads": over_sizes(world, given.sizes, given.resamples),
            "small_pipeline": small_beside_large(world, given.small_sizes, given.resamples),
        }
    print(json.dumps(results, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
