"""A history large enough that every family learns all of its columns from it."""

from tests.leads.histories import KINDS, TYPES, VALUES, History, at, changed, contact, lead, moved

LEADS = 44


def training_history() -> History:
    """Leads of both pipelines with every kind, result, attribute and stage often enough."""
    leads, events = [], []
    for number in range(LEADS):
        own = {"lead_id": f"t{number}"}
        pipeline = ("b2b", "b2c")[number % 2]
        leads.append(lead(number, pipeline=pipeline, source="fair", **own))
        for place, kind in enumerate(KINDS):
            direction = ("inbound", "outbound")[(number // 2 + place) % 2]
            result = ("svarade", "no answer")[place % 2]
            events.append(
                contact(number + place, kind, event_id=f"{number}-{kind}", direction=direction,
                        result=result, actor="Åke", duration_seconds=60.0, **own)
            )  # fmt: skip
        for name in TYPES:
            value, other = VALUES[name][-1 - number % 2], VALUES[name][number % 2]
            events.append(changed(number, name, value, event_id=f"{number}-{name}", **own))
            events.append(changed(number + 1, name, other, event_id=f"{number}+{name}", **own))
        for place, stage in enumerate(
            {"b2b": ("Qualified", "Proposal"), "b2c": ("Offer",)}[pipeline]
        ):
            events.append(moved(number + 1 + place, stage, event_id=f"{number}-{stage}", **own))
        closing = {"b2b": ("Won", "Lost"), "b2c": ("Köpt", "Förlorad")}[pipeline][number % 3 == 0]
        events.append(moved(number + 9, closing, event_id=f"{number}-closed", **own))
    return History(tuple(leads), tuple(events), (at(LEADS),))
