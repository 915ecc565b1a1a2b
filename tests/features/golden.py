"""The whole matrix of a small history, kept in `golden.csv` so that any change of meaning is seen.

After a change that is meant, rewrite the file with `python -m tests.features.golden` and read its
diff: every line is one value of one snapshot.
"""

from pathlib import Path

from features.families import FAMILIES
from features.plan import learn_plan
from features.population import population_of
from leads.clock import format_time
from leads.view import look
from tests.features.training_history import training_history
from tests.leads.histories import History, at, changed, contact, lead, moved, snapshots_of

PATH = Path(__file__).with_name("golden.csv")
HEADER = "lead_id,as_of,column,unit,value"


def small_history() -> History:
    """A reopened lead, one of another pipeline recorded late, and one without events."""
    events = (
        contact(-2, "call", direction="inbound"),
        contact(0.5, direction="outbound", actor="Åke", result="no answer"),
        contact(1, "möte", direction="inbound", actor="李", duration_seconds=5400.0),
        moved(1, "Qualified"),
        changed(2, "amount", "12500"),
        moved(4, "Lost"),
        contact(6, "邮件", direction="outbound", recorded=11),
        moved(9, "Proposal"),
        changed(9, "source", "展会"),
        contact(9, direction="inbound", result="svarade"),
        changed(9.5, "expected_close_date", "2026-03-01T12:00:00Z"),
        moved(20, "Won"),
        moved(3, "Offer", lead_id="b", recorded=8),
        contact(7, lead_id="b"),
        changed(7, "is vip", "nej", lead_id="b"),
        moved(12, "Köpt", lead_id="b"),
    )
    first = lead(
        0, amount="9000", source="fair", förfaller="2026-02-01", expected_close_date="2026-01-09"
    )
    leads = (first, lead(2, "b", "b2c", source="web"), lead(8, "c"))
    return History(leads, events, (at(2), at(10), at(14)))


def golden_lines() -> list[str]:
    """The file's lines: the small history's signals, learned from the training history."""
    plan = learn_plan(training_history().timelines(), FAMILIES)
    history = small_history()
    timelines, pairs = history.timelines(), history.snapshots()
    matrix = plan.matrix(look(timelines, snapshots_of(timelines, pairs)), population_of(timelines))
    lines = [
        # Twelve digits: the last ones of a power differ between machines.
        f"{lead_id},{format_time(as_of)},{column.name},{column.unit},{value:.12g}"
        for (lead_id, as_of), row in zip(pairs, matrix, strict=True)
        for column, value in zip(plan.columns, row, strict=True)
    ]
    return [HEADER, *lines]


if __name__ == "__main__":
    PATH.write_text("\n".join([*golden_lines(), ""]), encoding="utf-8")
