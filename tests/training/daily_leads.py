"""Leads that come in every day and are closed within six; what they are won by may change."""

from collections.abc import Callable

import numpy as np

from leads.timeline import Timelines
from tests.leads.histories import contact, lead, moved, timelines_of

END = 300
WON, LOST = "Köpt", "Förlorad"


def daily_leads(
    rate_of: Callable[[float, bool], float], seed: int, leads_a_day: int, *, ever_lost: bool = True
) -> Timelines:
    """Half of the leads call as they come in; by day and call they are won at a rate.

    The others are lost, or stay open where none is ever lost.
    """
    generator = np.random.default_rng(seed)
    leads, events = [], []
    for number in range(END * leads_a_day):
        lead_id, created = f"l{number:05}", number / leads_a_day
        leads.append(lead(created, lead_id=lead_id, pipeline="b2c"))
        warm = generator.random() < 0.5
        if warm:
            events.append(contact(created + 0.001, "call", lead_id=lead_id, event_id=f"c{number}"))
        stage = WON if generator.random() < rate_of(created, warm) else LOST
        after = generator.uniform(0.5, 6)
        if ever_lost or stage == WON:
            events.append(moved(created + after, stage, lead_id=lead_id, event_id=f"w{number}"))
    return timelines_of(leads, events)
