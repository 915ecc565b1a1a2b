"""How often the rule of promotion is right: `python -m benchmarks.promotion --json`.

Simulated leads whose outcome is known and whose true probability is known, too. Champion and
challenger are noisy views of the truth, calibrated, whose true AUCs lie a stated distance apart;
the shuffled challengers are models fitted on outcomes drawn by lot. The rule is the product's own:
`training.comparison.decide`.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from crm.folder import read_folder
from crm.simulator import simulate, true_probability_at, write_folder
from features.population import population_of
from leads.arrays import Bools, Floats, Int8s, Int64s
from leads.clock import DAY_US
from leads.outcome import CENSORED_LABEL, known_stage, labels
from leads.pipelines import OPEN
from leads.records import STAGE_CHANGE
from leads.timeline import Timelines
from leads.view import Snapshots, View, look
from models.calibration import sigmoid
from models.metrics import rank
from models.scorer import Scorer
from training.artifacts import artifact_of
from training.comparison import Pairs, Verdict, decide
from training.fitting import fit_model
from training.recipe import Recipe
from training.snapshots import open_life_snapshots

# Every window has passed by then, and every closing was recorded.
MATURED_US = 200 * DAY_US
# The part of a view's error that all snapshots of a lead share.
LEAD_SHARE = 0.5
SHUFFLED_RECIPE = Recipe(members=2, rounds=(25, 50), last_days=(), half_lives_days=())
SHUFFLED_LEADS = 1_500


@dataclass(frozen=True)
class Pool:
    """Matured leads: their open snapshots with labels, true probabilities and pipelines."""

    timelines: Timelines
    until: int
    view: View
    label: Int8s
    truth: Floats
    pipelines: dict[str, Bools]
    places_of_leads: list[Int64s]

    def auc(self, probability: Floats, rows: Int64s) -> float:
        """The AUC that a view of some snapshots has in truth: each is won with its probability."""
        tally = rank(self.truth[rows], probability).tally(np.ones(len(rows)))
        below = np.cumsum(tally.other[::-1])[::-1] - tally.other / 2
        return float(tally.won @ below / (tally.won.sum() * tally.other.sum()))


def simulated_pool(leads: int, seed: int, paths: int = 200) -> Pool:
    """Simulate a CRM and keep the leads that came in early enough for all to be decided."""
    simulated = simulate(leads, seed)
    nothing = Snapshots(np.zeros(0, np.int64), np.zeros(0, np.int64))
    with tempfile.TemporaryDirectory() as folder:
        write_folder(simulated, Path(folder), nothing, paths=1)
        timelines = read_folder(Path(folder)).timelines
    until = simulated.end_us
    snapshots = open_life_snapshots(timelines, until - MATURED_US, seed)
    label = labels(look(timelines, snapshots), until)
    kept = label != CENSORED_LABEL
    snapshots, label = snapshots.only(kept), label[kept]
    rows = np.array([simulated.row_of[one] for one in timelines.lead_ids])
    truth = true_probability_at(simulated, Snapshots(rows[snapshots.lead], snapshots.as_of), paths)
    view = look(timelines, snapshots)
    names = timelines.pipelines
    code = names.stage_pipeline[known_stage(view)]
    order = np.argsort(snapshots.lead, kind="stable")
    _, first = np.unique(snapshots.lead[order], return_index=True)
    return Pool(
        timelines=timelines,
        until=until,
        view=view,
        label=label,
        truth=(truth * paths + 0.5) / (paths + 1),
        pipelines={names.names[one]: code == one for one in np.unique(code)},
        places_of_leads=np.split(order, first[1:]),
    )


@dataclass(frozen=True)
class Blur:
    """Views of the truth that are off by some log-odds; `deviation` by the true AUC."""

    pool: Pool
    deviations: Floats
    aucs: Floats

    def view(self, auc: float, rows: Int64s, generator: np.random.Generator) -> Floats:
        """A calibrated view of some snapshots whose true AUC is about this."""
        deviation = float(np.interp(-auc, -self.aucs, self.deviations))
        return blurred(self.pool, deviation, rows, generator)


def blur_of(pool: Pool, seed: int) -> Blur:
    """Measure how much error costs how much AUC."""
    deviations = np.linspace(0.0, 1.6, 17)
    generator = np.random.default_rng(seed)
    rows = np.arange(len(pool.label))
    aucs = [pool.auc(blurred(pool, float(one), rows, generator), rows) for one in deviations]
    return Blur(pool, deviations, np.array(aucs))


def blurred(pool: Pool, deviation: float, rows: Int64s, generator: np.random.Generator) -> Floats:
    """The truth with a normal error on the log-odds, calibrated: partly the lead's, partly new."""
    shared = generator.normal(size=len(pool.timelines))[pool.view.snapshots.lead[rows]]
    own = generator.normal(size=len(rows))
    error = np.sqrt(LEAD_SHARE) * shared + np.sqrt(1 - LEAD_SHARE) * own
    truth = pool.truth[rows]
    return calibrated(log_odds(truth) + deviation * error, truth)


def log_odds(probability: Floats) -> Floats:
    """The logit."""
    found: Floats = np.log(probability) - np.log1p(-probability)
    return found


def calibrated(margin: Floats, truth: Floats) -> Floats:
    """The probability that a straight line of the margin gives, fitted to the truth."""
    columns = np.column_stack([margin, np.ones(len(margin))])
    line = np.array([1.0, 0.0])
    for _ in range(8):
        p = sigmoid(columns @ line)
        slope = (columns * (p * (1 - p))[:, None]).T @ columns
        line = line + np.linalg.solve(slope, columns.T @ (truth - p))
    return sigmoid(columns @ line)


def judged(pool: Pool, challenger: Floats, champion: Floats, rows: Int64s) -> Verdict:
    """The product's verdict on some snapshots."""
    pairs = Pairs(
        label=pool.label[rows],
        weight=np.ones(len(rows)),
        lead=pool.view.snapshots.lead[rows],
        challenger=challenger,
        champion=champion,
        pipelines={name: mask[rows] for name, mask in pool.pipelines.items()},
    )
    return decide(pairs, "the champion")


# What a challenger and the champion say of some snapshots.
Challenge = Callable[[Int64s, np.random.Generator], tuple[Floats, Floats]]


def middle_of(blur: Blur) -> float:
    """The champion's true AUC: .03 below the truth, so that a challenger can be better by .02."""
    return float(blur.aucs[0]) - 0.03


def apart(blur: Blur, by: float) -> Challenge:
    """A challenger whose true AUC is the champion's plus `by`."""

    def challenge(rows: Int64s, generator: np.random.Generator) -> tuple[Floats, Floats]:
        champion = blur.view(middle_of(blur), rows, generator)
        return blur.view(middle_of(blur) + by, rows, generator), champion

    return challenge


def one_pipeline_worse(blur: Blur, pipeline: str, worse: float, better: float) -> Challenge:
    """A challenger that is worse in one pipeline and better in the others."""

    def challenge(rows: Int64s, generator: np.random.Generator) -> tuple[Floats, Floats]:
        champion = blur.view(middle_of(blur), rows, generator)
        bad = blur.view(middle_of(blur) - worse, rows, generator)
        good = blur.view(middle_of(blur) + better, rows, generator)
        return np.where(blur.pool.pipelines[pipeline][rows], bad, good), champion

    return challenge


def shuffled(blur: Blur) -> Challenge:
    """A model fitted on outcomes drawn by lot."""
    pool = blur.pool
    population = population_of(pool.timelines)

    def challenge(rows: Int64s, generator: np.random.Generator) -> tuple[Floats, Floats]:
        drawn = np.sort(generator.choice(len(pool.timelines), SHUFFLED_LEADS, replace=False))
        by_lot = with_shuffled_closings(pool.timelines.only(drawn), generator)
        seed = int(generator.integers(1_000))
        fitted = fit_model(by_lot, pool.until, seed, SHUFFLED_RECIPE)
        scorer = Scorer(artifact_of(fitted, by_lot, {}), "by lot")
        view = look(pool.timelines, pool.view.snapshots.only(rows))
        champion = blur.view(middle_of(blur), rows, generator)
        return scorer.probabilities(view, population), champion

    return challenge


def with_shuffled_closings(timelines: Timelines, generator: np.random.Generator) -> Timelines:
    """The same timelines, but which closing is a win is drawn by lot in each pipeline."""
    events, pipelines = timelines.events, timelines.pipelines
    name = events.name.copy()
    closing = np.flatnonzero(events.type == STAGE_CHANGE)
    closing = closing[pipelines.stage_outcome[name[closing]] != OPEN]
    for pipeline in range(len(pipelines.names)):
        rows = closing[pipelines.stage_pipeline[name[closing]] == pipeline]
        name[rows] = generator.permutation(name[rows])
    return replace(timelines, events=replace(events, name=name))


def promoted(
    pool: Pool, challenge: Challenge, times: int, leads: tuple[int, ...], seed: int
) -> dict[str, Any]:
    """How many of so many challengers are promoted, and how far their true AUCs are apart.

    Each is judged on leads drawn anew, once for each number of leads.
    """
    counts = dict.fromkeys(leads, 0)
    apart_by = []
    for number in range(times):
        generator = np.random.default_rng((seed, number))
        drawn = generator.choice(len(pool.places_of_leads), max(leads), replace=False)
        places = [pool.places_of_leads[one] for one in drawn]
        rows = np.concatenate(places)
        challenger, champion = challenge(rows, generator)
        apart_by.append(pool.auc(challenger, rows) - pool.auc(champion, rows))
        for n_leads in leads:
            stop = sum(map(len, places[:n_leads]))
            said = judged(pool, challenger[:stop], champion[:stop], rows[:stop])
            counts[n_leads] += said.promote
    return {
        "challengers": times,
        "true_auc_apart": float(np.mean(apart_by)),
        "promoted": {str(n_leads): count / times for n_leads, count in counts.items()},
    }


def challenges(blur: Blur) -> dict[str, Challenge]:
    """What is asked of the rule, by name."""
    return {
        "worse by .02": apart(blur, -0.02),
        "as good": apart(blur, 0.0),
        "better by .01": apart(blur, 0.01),
        "better by .02": apart(blur, 0.02),
        "b2c worse by .04, b2b better by .03": one_pipeline_worse(blur, "b2c", 0.04, 0.03),
        "fitted on shuffled outcomes": shuffled(blur),
    }


def main() -> None:
    """Run what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--challengers", type=int, default=200)
    parser.add_argument("--pool", type=int, default=16_000, help="simulated leads to draw from")
    parser.add_argument("--leads", type=int, nargs="+", default=[5_000, 1_250])
    parser.add_argument("--only", nargs="+", help="some of the challenges, by name")
    given = parser.parse_args()
    pool = simulated_pool(given.pool, given.seed)
    blur = blur_of(pool, given.seed)
    results = {
        name: promoted(pool, challenge, given.challengers, tuple(given.leads), given.seed)
        for name, challenge in challenges(blur).items()
        if not given.only or name in given.only
    }
    about = {"pool": len(pool.places_of_leads), "auc_of_the_truth": float(blur.aucs[0])}
    print(json.dumps({**about, **results}, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
