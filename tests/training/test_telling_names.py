"""Names that sound like the outcome or the close: read in words, in several languages."""

import pytest

from tests.training.sales_records import orderly, until
from training.leak_audit import suspicious_fields
from training.telling_names import telling_part


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("Lost Reason", "reason"), ("Initial Amount Paid", "paid"), ("days_to_close", "to close"),
        ("Elapsed Days In Sales Stage", "elapsed"), ("CloseDate", "close date"),
        ("Förlorad_till", "förlorad"), ("输单原因", "原因"), ("Total duration", "duration"),
        ("won", "won"), ("IsWon", "won"), ("Payment Type", "payment"),
        ("Ratio Days Validated To Total Days", "total days"), ("Lead Quality", "quality"),
        ("Sales Stage Change Count", "stage"), ("hours_in_phase", "hours"), ("SLA", "sla"),
        ("final_discount", "final"), ("通话时长", "时长"),
        ("expected_close_date", None), ("Wonderland", None), ("amount", None), ("source", None),
        ("Marital Status", None), ("owner", None), ("Prepaid plan", None), ("Backstage", None),
        ("day_of_week", None), ("Holidays", None), ("Slate", None), ("operating system", None),
    ],
)  # fmt: skip
def test_name_is_read_in_words(field, part):
    assert telling_part(field) == part


def test_name_alone_is_a_reason_to_look():
    records = orderly()
    honest = records.with_extra(["a" if row % 2 else "b" for row in range(len(records.leads))])
    assert suspicious_fields(honest.timelines(), until()) == ()

    named = type(records)(
        tuple(
            type(one)(one.lead_id, one.created_at, one.pipeline, {"elapsed": "5"})
            for one in records.leads
        ),
        records.events,
        records.outcome,
    )
    (found,) = suspicious_fields(named.timelines(), until())
    assert (found.attribute, found.ground, found.is_evidence) == ("elapsed", "name", False)
