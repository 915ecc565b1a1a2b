"""The identity of an event is its content, whether it came in a file or in a request."""

import pytest

from crm.identity import event_hash
from crm.importing import import_folder
from leads.clock import parse_time
from leads.records import ATTRIBUTE_CHANGE, INTERACTION, STAGE_CHANGE, Event

MOMENT = parse_time("2026-01-03T10:00:00Z")
LATER = parse_time("2026-01-04T10:00:00Z")
CASES = {
    "interaction": (
        "interactions",
        (
            "lead_id,occurred_at,kind,recorded_at,direction,actor,duration_seconds,result,text,opens\n"
            "a,2026-01-03T11:00:00+01:00,call,2026-01-04T10:00:00Z,inbound,kim,60.0,ok,Hi,3\n"
        ),
        Event(
            "a",
            INTERACTION,
            MOMENT,
            LATER,
            "call",
            "",
            direction="inbound",
            actor="kim",
            duration_seconds=60.0,
            result="ok",
            text="Hi",
            details={"opens": 3},
        ),
        LATER,
    ),
    "stage change": (
        "stage_changes",
        "lead_id,occurred_at,stage,pipeline,reason\na,2026-01-03T10:00:00Z,Won,default,price\n",
        Event("a", STAGE_CHANGE, MOMENT, LATER, "Won", "", pipeline="default", reason="price"),
        None,
    ),
    "attribute change": (
        "attribute_changes",
        "lead_id,occurred_at,attribute,value,actor\na,2026-01-03T10:00:00Z,amount,5.00,\n",
        Event("a", ATTRIBUTE_CHANGE, MOMENT, MOMENT, "amount", "", value="5"),
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_row_without_an_id_gets_the_id_of_the_same_event_in_a_request(name, store, make_folder):
    table, rows, event, recorded_at = CASES[name]
    others = {"interactions.csv": None, "stage_changes.csv": None}
    folder = make_folder({**others, f"{table}.csv": rows})
    import_folder(store, folder, home=store.database.path.parent)

    (stored,) = store.events("a")
    assert stored.event_id == event_hash(event, recorded_at=recorded_at)


def test_detail_named_like_a_column_is_other_content():
    plain = Event("a", INTERACTION, MOMENT, MOMENT, "call", "", result="ok")
    detail = Event("a", INTERACTION, MOMENT, MOMENT, "call", "", details={"result": "ok"})

    assert event_hash(plain, recorded_at=None) != event_hash(detail, recorded_at=None)
