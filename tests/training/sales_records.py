"""Records of a small, orderly sales team, and ways to spoil them: for tests of `check`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from leads.pipelines import Pipeline, Pipelines
from leads.records import Event, Lead
from leads.timeline import Timelines
from tests.leads.histories import at, changed, contact, lead, moved, timelines_of

STAGES = ("New", "Qualified", "Meeting", "Proposal")
PIPELINES = Pipelines((Pipeline("b2b", STAGES, ("Won",), ("Lost",), window_days=30),))
TYPES = {"amount": "number", "source": "category", "owner": "category", "extra": "category"}
LEADS, OPEN_EVERY, WON_EVERY = 240, 10, 3
END_DAYS = 420.0


@dataclass(frozen=True)
class Records:
    """Leads with their events; the outcome of lead `i` is in `outcome[i]`."""

    leads: tuple[Lead, ...]
    events: tuple[Event, ...]
    outcome: tuple[str, ...]
    pipelines: Pipelines = PIPELINES

    def timelines(self) -> Timelines:
        """Their timelines."""
        return timelines_of(self.leads, self.events, self.pipelines, TYPES)

    def with_extra(self, values: Sequence[str | None]) -> "Records":
        """The same with an attribute `extra` at creation; None is missing."""
        leads = tuple(
            replace(one, attributes={**one.attributes, **({} if value is None else
                                                          {"extra": value})})
            for one, value in zip(self.leads, values, strict=True)
        )  # fmt: skip
        return replace(self, leads=leads)

    def without(self, *names: str) -> "Records":
        """The same without the events of some kinds, stages or attributes."""
        return replace(self, events=tuple(one for one in self.events if one.name not in names))


def until() -> int:
    """The moment at which the records are looked at."""
    return at(END_DAYS)


def orderly(leads: int = LEADS) -> Records:
    """Leads over a year at odd moments: a third is won, a tenth of the newest half still open."""
    generator = np.random.default_rng(7)
    created = np.sort(generator.uniform(0, END_DAYS - 20, leads))
    rows, events, outcomes = [], [], []
    for row, days in enumerate(created):
        name = f"L{row}"
        amount, source = generator.integers(100, 10_000), generator.choice(["fair", "web", "ad"])
        owner = generator.choice(["Ann", "Bo", "Cai"])
        rows.append(lead(days, name, amount=str(amount), source=source, owner=owner))
        still_open = row > leads / 2 and row % OPEN_EVERY == 0
        outcome = "open" if still_open else "Won" if row % WON_EVERY == 0 else "Lost"
        outcomes.append(outcome)
        events += [contact(days + 0.3, "call", lead_id=name), contact(days + 1, lead_id=name)]
        way = STAGES[1 : 2 + generator.integers(0, 3)]
        events += [moved(days + 1 + k, stage, lead_id=name) for k, stage in enumerate(way)]
        if outcome != "open":
            events.append(moved(days + 5 + generator.uniform(0, 9), outcome, lead_id=name))
        elif row % 20 == 0:
            events.append(changed(days + 2, "amount", "5", lead_id=name))
    return Records(tuple(rows), tuple(events), tuple(outcomes))
