"""Calls that belong to a contact, and so to one of the contact's leads."""

from crm.mapping.links import LeadsByKey

LEADS = LeadsByKey({"ann": 0, "bo": 1}, [0, 3, 4], [10, 20, 20, 5], ["a1", "a2", "a3", "b1"])


def test_an_event_is_of_the_newest_lead_created_by_then():
    assert [LEADS.lead_of("ann", at) for at in (10, 19, 20, 99)] == ["a1", "a1", "a3", "a3"]


def test_an_event_before_all_leads_is_of_the_first():
    assert LEADS.lead_of("ann", 9) == "a1"
    assert LEADS.lead_of("bo", 4) == "b1"


def test_a_key_without_leads_has_none():
    assert LEADS.lead_of("cy", 9) is None


def test_an_empty_key_is_refused_with_what_to_do(read_export, export_files, mapping):
    calls = str(export_files["calls.csv"]).replace("k3,c9", "k3,")
    contents = read_export({**export_files, "calls.csv": calls}, mapping)

    assert contents.first_rejections["interactions"] == (
        "calls.csv, row 3: lead_id: who is empty, so no lead can be found; fill it"
    )
