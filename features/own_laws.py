"""The laws of signals, tried on own ones over the leads that are to be learned from.

Those of the product are held to the same laws by its tests, over invented histories.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from features.own_signals import OwnSignals
from features.plan import SignalPlan, learn_plan
from features.population import population_of
from leads.arrays import Floats
from leads.errors import SettingsError
from leads.timeline import Timelines
from leads.view import Snapshots, known_by, look

# Leads that the laws are tried on, spread over all, each at some ages.
LEADS = 60
AGES = 3

Law = Callable[[SignalPlan, Timelines, Snapshots], bool]


def check_own_laws(own: OwnSignals, timelines: Timelines, others: SignalPlan) -> None:
    """Refuse signals that break a law, naming signal and law. Raises `SettingsError`.

    `others` are the product's own signals, whose names are taken.
    """
    taken = {column.name for column in others.columns}
    groups = {column.group.name for column in others.columns}
    names = [one.column.name for one in own.signals]
    for place, one in enumerate(own.signals):
        name = one.column.name
        if name in taken or name in names[:place] or one.column.group.name in groups:
            raise SettingsError(_broken(own, name, "columns named: name or group is taken"))
    snapshots = _snapshots(timelines)
    for one in own.signals:
        plan = learn_plan(timelines, (replace(own, signals=(one,)).family,))
        for law, holds in LAWS.items():
            if not holds(plan, timelines, snapshots):
                raise SettingsError(_broken(own, one.column.name, law))


def _broken(own: OwnSignals, name: str, law: str) -> str:
    return (
        f"{own.path}: the signal {name!r} breaks a law of signals, {law}; correct or remove it "
        "(docs/your-own-signals.md says what each law asks)"
    )


def _snapshots(timelines: Timelines) -> Snapshots:
    """Some leads at creation and later, up to a little after their last event."""
    rows = np.unique(np.linspace(0, len(timelines) - 1, LEADS).astype(np.int64))
    rows = rows[: len(timelines)]
    occurred = timelines.events.occurred_at
    last = np.array(
        [max(occurred[timelines.start[r] : timelines.start[r + 1]], default=0) for r in rows]
    )
    created_at = timelines.created_at[rows]
    length = np.maximum(last - created_at, 0) + 1
    as_of = [created_at + (length * share).astype(np.int64) for share in np.linspace(0, 1, AGES)]
    return Snapshots(np.tile(rows, AGES), np.concatenate(as_of))


def _rows(plan: SignalPlan, timelines: Timelines, snapshots: Snapshots) -> Floats:
    return plan.matrix(look(timelines, snapshots), population_of(timelines))


def _same(a: Floats, b: Floats) -> bool:
    return np.array_equal(a, b, equal_nan=True)


def _finite(plan: SignalPlan, timelines: Timelines, snapshots: Snapshots) -> bool:
    return not np.isinf(_rows(plan, timelines, snapshots)).any()


def _alone(plan: SignalPlan, timelines: Timelines, snapshots: Snapshots) -> bool:
    """In any order, again and by themselves: what remembers or draws gives itself away."""
    batch = _rows(plan, timelines, snapshots)
    order = np.arange(len(snapshots))[::-1]
    if not _same(_rows(plan, timelines, snapshots.only(order))[::-1], batch):
        return False
    alone = [_rows(plan, timelines, snapshots.only(order[k : k + 1])) for k in range(len(order))]
    return _same(np.concatenate(alone)[::-1], batch)


def _blind_to_the_future(plan: SignalPlan, timelines: Timelines, snapshots: Snapshots) -> bool:
    """From timelines that end at the snapshot the row is the same."""
    batch = _rows(plan, timelines, snapshots)
    for k in range(0, len(snapshots), AGES):
        known = known_by(timelines, int(snapshots.as_of[k]))
        row = known.row_of[timelines.lead_ids[int(snapshots.lead[k])]]
        then = Snapshots(np.array([row]), snapshots.as_of[k : k + 1])
        if not _same(_rows(plan, known, then), batch[k : k + 1]):
            return False
    return True


def _blind_to_other_leads(plan: SignalPlan, timelines: Timelines, snapshots: Snapshots) -> bool:
    """From timelines of the lead alone the row is the same."""
    batch = _rows(plan, timelines, snapshots)
    for k in range(len(snapshots)):
        alone = timelines.only(snapshots.lead[k : k + 1])
        only = Snapshots(np.zeros(1, np.int64), snapshots.as_of[k : k + 1])
        if not _same(_rows(plan, alone, only), batch[k : k + 1]):
            return False
    return True


def _without_events(plan: SignalPlan, timelines: Timelines, snapshots: Snapshots) -> bool:
    """A lead of which nothing happened has a row: the function does not fail on it."""
    lead = timelines.only(np.zeros(1, np.int64))
    silent = replace(
        lead, start=np.zeros(2, np.int64), events=lead.events.take(np.zeros(0, np.int64))
    )
    rows = _rows(plan, silent, Snapshots(np.zeros(1, np.int64), silent.created_at))
    return not np.isinf(rows).any()


LAWS: dict[str, Law] = {
    "finite or missing": _finite,
    "alone as in a batch": _alone,
    "blind to the future": _blind_to_the_future,
    "blind to other leads": _blind_to_other_leads,
    "lead without events": _without_events,
}
