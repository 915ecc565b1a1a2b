"""Stored leads as bodies of `POST /v1/score`."""

from leads.clock import format_time
from leads.records import ATTRIBUTE_CHANGE, INTERACTION, STAGE_CHANGE
from serving.schemas import event_body

TABLES = {
    INTERACTION: "interactions",
    STAGE_CHANGE: "stage_changes",
    ATTRIBUTE_CHANGE: "attribute_changes",
}


def body_of(store, lead_id, as_of):
    """A stored lead as another system would send it."""
    lead = store.lead(lead_id)
    body = {
        "lead": {
            "lead_id": lead_id,
            "created_at": format_time(lead.created_at),
            "pipeline": lead.pipeline,
            "attributes": dict(lead.attributes),
        },
        "interactions": [],
        "stage_changes": [],
        "attribute_changes": [],
        "as_of": format_time(as_of),
    }
    for event in store.events(lead_id):
        item = event_body(event)
        del item["type"]
        body[TABLES[event.type]].append(item)
    return body
