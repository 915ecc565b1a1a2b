"""The dictionary of signals, `docs/signals.md`, written from what the families declare.

After a change that is meant, rewrite the page with `python -m tests.features.dictionary`.
"""

from pathlib import Path

from features.families import FAMILIES
from features.plan import learn_plan
from features.signal import Column
from features.track_records import FEWEST_CLOSED
from leads.timeline import Timelines
from models.languages import ENGLISH
from models.sentences import group_label, named_in
from tests.features.training_history import training_history
from tests.leads.histories import lead, moved, timelines_of

PATH = Path(__file__).parents[2] / "docs" / "signals.md"
HEAD = """# The signals

Every signal that leadscore computes for a lead at a moment, from what was known then and nothing
else. This page is written by `python -m tests.features.dictionary` from what the code declares, for
a small invented history: the kinds of contact, the results, the stages and the attributes are that
history's; yours take their places, so that you may have more or fewer.

A *unit* says how the number is read; signals of one *group* are one factor. *In words* is what
`leadscore explain` says of a value (…), *without a value* what it says where there is none.

Replies, persons and the last closings (`lately`) are tried in every training and learned from where
they surely help on later leads; track records once {closed:,} leads are closed.
`LEADSCORE_FAMILIES="+calendar +replies -lately" leadscore train` switches families on and off
whatever they do; `+date` is the calendar with the date itself. A model keeps what it learned from,
so that scoring needs no switch.
"""


def dictionary_page() -> str:
    """The page: one table a family."""
    parts = [HEAD.format(closed=FEWEST_CLOSED)]
    on = {column.name for column in learn_plan(_with_closed_leads()).columns}
    for family in FAMILIES:
        plan = learn_plan(training_history().timelines(), (family,))
        parts += [
            f"\n## {family.name}\n",
            "| signal | unit | group | in words | without a value |",
            "|---|---|---|---|---|",
            *(_row(column, on) for column in plan.columns),
        ]
    return "\n".join([*parts, ""])


def _with_closed_leads() -> Timelines:
    """The history and closed leads enough for every family that is on by default."""
    history = training_history()
    leads = [lead(0, f"c{number}", pipeline="b2b") for number in range(FEWEST_CLOSED)]
    events = [moved(1, "Lost", lead_id=one.lead_id, event_id=one.lead_id) for one in leads]
    return timelines_of([*history.leads, *leads], [*history.events, *events])


def _row(column: Column, on: set[str]) -> str:
    names = named_in(column.names, ENGLISH)
    sentence = column.sentence.format(value="…", times="…", **names)
    missing = column.missing.format(**names)
    name = f"`{column.name}`" + ("" if column.name in on else " (off by default)")
    cells = (name, column.unit, group_label(column.group), sentence, missing)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    PATH.write_text(dictionary_page(), encoding="utf-8")
