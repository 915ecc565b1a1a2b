"""Backtest: what each past month's model would have scored, in that month and in those after it.

A month's model is fitted on what was known when the month began. It is judged on every open
snapshot from then on, as it would have been used, with the labels known by `until`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from features.families import own_family, use_own_family
from features.signal import Family
from leads.arrays import Floats, Int8s, Int64s
from leads.clock import format_time
from leads.counting import count_of
from leads.errors import TooFewLeadsError
from leads.outcome import CENSORED_LABEL, labels
from leads.timeline import Timelines
from leads.view import Snapshots, View, known_by, look
from training.bag import WORKERS
from training.censoring import censoring_weights
from training.evaluation import FEWEST_JUDGED_EACH, judge
from training.learner import Progress, no_progress
from training.recipe import Recipe
from training.rows import FEWEST_LEADS_EACH, leads_of_each
from training.snapshots import equal_weights, open_life_snapshots

MONTHS = 12
# For so many months after its first one a model is followed, to see how fast it ages.
MOST_AGE = 6
# Where less of a month is decided, its decided leads are the quick ones, and no weight can tell of
# the rest: on a simulated CRM whose months had .18 to .24 won, the newest with a third undecided
# showed .28, with half .32.
LEAST_DECIDED = 0.8


@dataclass(frozen=True)
class Month:
    """A month that was replayed: from `start` up to `end`, in microseconds.

    By its start `learned_leads` were decided, of which `learned_won` were won. `n_censored` of its
    snapshots are too young to tell; decided ones stand for them.
    """

    start: int
    end: int
    learned_leads: int
    learned_won: int
    n_censored: int


@dataclass(frozen=True)
class Backtest:
    """The decided snapshots of all replayed months, and what models of each age said of them.

    `month` is the place of each snapshot's month in `months`. `probability[age][name]` has one
    value per snapshot, NaN where the month that began `age` months before was not replayed: age 0
    is the fresh model, with its baselines. In `weight` each lead of a month weighs 1 and decided
    snapshots stand for those too young to tell. `left_out` says which months are missing, and why.
    """

    months: tuple[Month, ...]
    view: View
    month: Int64s
    label: Int8s
    weight: Floats
    probability: dict[int, dict[str, Floats]]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class _Plan:
    """The months to replay and their decided snapshots, before any model is fitted."""

    months: tuple[Month, ...]
    snapshots: Snapshots
    month: Int64s
    label: Int8s
    weight: Floats
    left_out: tuple[str, ...]


def backtest(
    timelines: Timelines,
    until: int,
    seed: int,
    recipe: Recipe | None = None,
    months: int = MONTHS,
    progress: Progress = no_progress,
    workers: int = WORKERS,
) -> Backtest:
    """Replay the last `months` that have enough leads before them and enough decided in them.

    Two months are fitted at a time, each in a process of its own; the result is the same for any
    number of `workers`. Raises `TooFewLeadsError` when no month can be replayed.
    """
    known = known_by(timelines, until)
    progress("looking for months to replay")
    plan = _planned(known, until, seed, months)
    replayed = [np.flatnonzero(_followed(plan, place)) for place in range(len(plan.months))]
    jobs = [
        delayed(_predicted)(
            known,
            month.start,
            plan.snapshots.only(rows),
            plan.label[rows],
            seed,
            recipe,
            own_family(),
        )
        for month, rows in zip(plan.months, replayed, strict=True)
    ]
    said: list[dict[str, Floats]] = []
    # Arrays are copied to the processes: for mapped ones, which cannot be written to, everything
    # would be compiled anew.
    for probability in Parallel(n_jobs=workers, return_as="generator", max_nbytes=None)(jobs):
        said.append(probability)
        progress(f"{len(said)} of {len(jobs)} months replayed")
    return Backtest(
        months=plan.months,
        view=look(known, plan.snapshots),
        month=plan.month,
        label=plan.label,
        weight=plan.weight,
        probability=_by_age(plan, replayed, said),
        left_out=plan.left_out,
    )


def _predicted(
    known: Timelines,
    origin: int,
    snapshots: Snapshots,
    label: Int8s,
    seed: int,
    recipe: Recipe | None,
    own: Family | None,
) -> dict[str, Floats]:
    """What the model and the baselines of an origin say of later snapshots."""
    use_own_family(own)
    return judge(known, origin, snapshots, label, seed, recipe).probability


def _followed(plan: _Plan, place: int) -> np.ndarray:
    """Which snapshots the model of a month is judged on: that month's and those soon after it."""
    age = _ages(plan.months, place)[plan.month]
    followed: np.ndarray = (age >= 0) & (age <= MOST_AGE)
    return followed


def month_numbers(months: Sequence[Month]) -> Int64s:
    """The months as numbers that differ by how many months lie between them."""
    return _month_number(np.array([month.start for month in months], np.int64))


def _ages(months: Sequence[Month], place: int) -> Int64s:
    """How many months old the model of one month is in each."""
    numbers = month_numbers(months)
    ages: Int64s = numbers - numbers[place]
    return ages


def _by_age(
    plan: _Plan, replayed: Sequence[Int64s], said: Sequence[dict[str, Floats]]
) -> dict[int, dict[str, Floats]]:
    by_age: dict[int, dict[str, Floats]] = {}
    for place, (rows, probability) in enumerate(zip(replayed, said, strict=True)):
        age = _ages(plan.months, place)[plan.month[rows]]
        for one in np.unique(age):
            columns = by_age.setdefault(int(one), {})
            for name, values in probability.items():
                column = columns.setdefault(name, np.full(len(plan.month), np.nan))
                column[rows[age == one]] = values[age == one]
    return dict(sorted(by_age.items()))


def _planned(known: Timelines, until: int, seed: int, months: int) -> _Plan:
    """The newest months that can be replayed, oldest first, with their decided snapshots."""
    snapshots = open_life_snapshots(known, until, seed)
    view = look(known, snapshots)
    label = labels(view, until)
    number = _month_number(snapshots.as_of)
    kept: list[tuple[Month, Int64s, Floats]] = []
    left_out = []
    for one in np.unique(number)[::-1]:
        if len(kept) == months:
            break
        start, end = _start_of(one), min(_start_of(one + 1), until)
        won, other = leads_of_each(snapshots.lead, labels(view, start))
        if min(won, other) < FEWEST_LEADS_EACH:
            left_out.append(f"up to {_named(one)}: {_too_few_before(won, other)}")
            break
        rows = np.flatnonzero(number == one)
        decided = label[rows] != CENSORED_LABEL
        too_early = _why_not_judged(snapshots.lead[rows], label[rows], decided)
        if too_early is not None:
            left_out.append(f"{_named(one)}: {too_early}")
            continue
        here = look(known, snapshots.only(rows))
        weight = censoring_weights(here, until, equal_weights(snapshots.lead[rows]))
        month = Month(start, end, won + other, won, int((~decided).sum()))
        kept.append((month, rows[decided], weight[decided]))
    if not kept:
        raise TooFewLeadsError(
            f"no month before {format_time(until)} can be replayed ({'; '.join(left_out)}); "
            "import more history"
        )
    return _plan_of(kept[::-1], snapshots, label, tuple(left_out[::-1]))


def _plan_of(
    kept: Sequence[tuple[Month, Int64s, Floats]],
    snapshots: Snapshots,
    label: Int8s,
    left_out: tuple[str, ...],
) -> _Plan:
    rows = np.concatenate([rows for _, rows, _ in kept])
    return _Plan(
        months=tuple(month for month, _, _ in kept),
        snapshots=snapshots.only(rows),
        month=np.repeat(np.arange(len(kept)), [len(rows) for _, rows, _ in kept]),
        label=label[rows],
        weight=np.concatenate([weight for _, _, weight in kept]),
        left_out=left_out,
    )


def _too_few_before(won: int, other: int) -> str:
    leads = count_of(won, "lead was", "leads were")
    return (
        f"by its start {leads} won and {other:,} decided otherwise; "
        f"{FEWEST_LEADS_EACH} of each are needed"
    )


def _why_not_judged(lead: Int64s, label: Int8s, decided: np.ndarray) -> str | None:
    """Why a month's snapshots cannot be judged on; None if they can."""
    share = float(np.average(decided, weights=equal_weights(lead)))
    if share < LEAST_DECIDED:
        return f"for {1 - share:.1%} of its leads it is too early to tell whether they are won"
    if min(leads_of_each(lead[decided], label[decided])) < FEWEST_JUDGED_EACH:
        return "too few of its leads were won, or too few were not"
    return None


def _month_number(moments: Int64s) -> Int64s:
    """Months since 1970-01, in UTC."""
    numbers: Int64s = moments.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    return numbers


def _start_of(number: int) -> int:
    return int(np.datetime64(int(number), "M").astype("datetime64[us]").astype(np.int64))


def _named(number: int) -> str:
    return str(np.datetime64(int(number), "M"))
