"""The data contract as a page, made from the contract itself and from what the import refuses.

`python -m leadscore.contract_page > docs/data-contract.md` writes it anew.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields

from crm.data_folder import NOT_USED_YET
from crm.incoming import conflict_reason
from crm.tables import SUFFIXES, Block
from crm.validation import Rules, check_block
from leads.attributes import ATTRIBUTE_TYPE_MEANINGS, INFERENCE_SHARE
from leads.clock import FIRST_YEAR, LAST_YEAR
from leads.contract import (
    ATTRIBUTE_CHANGES,
    INTERACTIONS,
    KNOWN_ATTRIBUTES,
    LEADS,
    NO_NUMBER,
    STAGE_CHANGES,
    TABLES,
    TYPE_MEANINGS,
    Table,
)
from leads.pipelines import LOST_NAMES, PIPELINE_KEYS, WON_NAMES, Pipeline, Pipelines

_B2B = Pipeline("b2b", ("New", "Qualified", "Proposal"), ("Won",), ("Lost", "Disqualified"))
_RULES = Rules(pipelines=Pipelines((_B2B,)), attribute_types={"amount": "number"})
_LEAD = {"lead_id": "42", "created_at": "2026-02-20T09:00:00Z", "pipeline": "b2b"}
_EVENT = {"lead_id": "42", "occurred_at": "2026-02-27T08:10:00+01:00"}
_CALL = {**_EVENT, "kind": "call"}
# A row of each table that is taken, and what a cell of it was replaced by to be refused.
_REFUSED: tuple[tuple[Table, Mapping[str, str], str, str], ...] = (
    (LEADS, _LEAD, "created_at", ""),
    (LEADS, _LEAD, "created_at", "20 February"),
    (LEADS, _LEAD, "pipeline", "b2x"),
    (LEADS, {**_LEAD, "amount": "12000"}, "amount", "12 000 kr"),
    (INTERACTIONS, {**_CALL, "direction": "inbound"}, "direction", "in"),
    (INTERACTIONS, {**_CALL, "duration_seconds": "90"}, "duration_seconds", "-5"),
    (STAGE_CHANGES, {**_EVENT, "stage": "New"}, "stage", "Qualifed"),
    (ATTRIBUTE_CHANGES, {**_EVENT, "attribute": "amount", "value": "1"}, "value", "much"),
)

_BEGINNING = f"""\
# The data contract

<!-- Made by `python -m leadscore.contract_page`; change the contract, not this page. -->

What a data folder holds: one file per table ({", ".join(f"`{suffix}`" for suffix in SUFFIXES)}),
comma-separated, in UTF-8, the first line naming the columns. `leads` is required. `stage_changes`
say which leads were won and lost, so that nothing can be learned without them; interactions and
attribute changes are what is learned from. Other files are ignored with a note. An export in
another shape is read through a mapping ([from your export to
scores](from-your-export-to-scores.md)).
"""

_TIMES = f"""\
## Times

- ISO 8601 with an offset (`2026-03-01T10:00:00Z`, `2026-03-01T11:00:00+01:00`), or UTC timestamps
  in Parquet. Years {FIRST_YEAR + 1} to {LAST_YEAR - 1}.
- A time without an offset fails the import, unless `--timezone Europe/Stockholm` (or any other
  place) says where such times are from. A local time that occurs twice, when clocks are set back,
  is its first occurrence, and counted in the summary; one that the clocks skipped is refused.
- A lead is known from its `created_at` on. What happened before that, such as an earlier call with
  the same contact, is kept and known from then on.

## Two clocks

`occurred_at` is when it happened, `recorded_at` when you learned of it. **An event counts at a
moment only if both are not later than that moment.** So a call of Monday that was entered on
Thursday is not known on Tuesday, neither in training nor in a score for last Tuesday. In a folder,
`recorded_at` is `occurred_at` where it is absent: give it if your CRM keeps it, above all for
closings that were entered late.

Events of one lead at the same `occurred_at` and `recorded_at` count in this order: attribute
changes, interactions, stage changes (in the order of the stages, closing ones last), `event_id`.

## Identity

- `lead_id` is unique in a store. The same lead again with another value of an attribute adds a
  change of that attribute at the moment of the import; the value at creation stays.
- `event_id` is unique for ever within its origin (`--origin`, by default `import`). The same one
  again changes nothing; with other content the row is refused. Without one it is made from the
  row's content, and equal rows are numbered, so that importing a file twice changes nothing and
  equal rows are not lost.
- An event of a lead that is not there yet is kept, and counts as soon as the lead arrives.
"""

_ATTRIBUTES = f"""\
## Attributes

Every column of `leads` that the table above does not name is an attribute, **as it was known when
the lead came in**. That is the one thing to get right: a column that your CRM fills or overwrites
later (reason of the loss, number of calls, last activity, the final amount) tells how it ended.
Write such values into `attribute_changes`, with their time, or leave them out. An attribute with
rows in `attribute_changes` for a lead takes its values from them alone.

Types are inferred from the values when an attribute is first imported (the type that fits at least
{INFERENCE_SHARE:.0%} of them), shown in the summary, and fixed from then on:
"""

_PIPELINES = """\
## `pipelines.toml`

```toml
[[pipeline]]
name = "b2b"
stages = ["New", "Qualified", "Proposal", "Negotiation"]
won = ["Won"]
lost = ["Lost", "Disqualified"]
after = ["Onboarding"]
window_days = 365
```
"""

_LEARNED = """\
Without the file the order of the stages is learned from the histories, and shown. Closing stages
are then those given by `--won STAGE` and `--lost STAGE`, else those with one of these names, case,
accents and punctuation aside:
"""

_STATUS = """\
A lead is won or lost while its latest known stage says so; moved back to an open stage it is open
again. `leadscore pipelines` lists ready-made pipelines and writes one to edit.
"""

_EMPTY = f"""\
## Empty cells and bad rows

An empty cell is a missing value. In a column of numbers or times so are
{", ".join(f"`{word}`" for word in sorted(NO_NUMBER))}; among words they are words, for NA may be
Namibia.

**A bad table fails the import**, and nothing is stored: a required column is missing, there are no
leads, times have no offset and no `--timezone` is given, won and lost are neither recognised nor
given, a file is damaged.

**A bad row is kept out and listed**, never dropped in silence and never repaired: in
`LEADSCORE_HOME/rejected/IMPORT/TABLE.csv`, with its number and the reason. With `--strict` it fails
the import. For example:
"""


def contract_page() -> str:
    """The page, in Markdown."""
    parts = [
        _BEGINNING,
        *map(_table_part, TABLES),
        _not_used_yet(),
        "## How cells are read\n",
        _rows(("type", "what a cell holds"), TYPE_MEANINGS.items()),
        _TIMES,
        _ATTRIBUTES,
        _rows(("type", "what a cell holds"), ATTRIBUTE_TYPE_MEANINGS.items()),
        "Some attributes mean the same to everybody. Name them so if you have them:\n",
        _rows(
            ("attribute", "type", "meaning"),
            ((f"`{one.name}`", one.type, one.meaning) for one in KNOWN_ATTRIBUTES),
        ),
        _PIPELINES,
        _rows(("key", "required", "meaning"), _pipeline_keys()),
        _LEARNED,
        _rows(("", "names"), (("won", ", ".join(WON_NAMES)), ("lost", ", ".join(LOST_NAMES)))),
        _STATUS,
        _EMPTY,
        _rows(("table", "column", "cell", "reason given"), map(_refusal, _REFUSED)),
        f"A known `event_id` with other content: “{conflict_reason('call-17')}”.\n",
    ]
    return "\n".join(parts)


def _table_part(table: Table) -> str:
    """A table's heading, what a row is, and its columns."""
    required = "required" if table.required else "optional"
    rows = [
        (f"`{one.name}`", "yes" if one.required else "", one.type, one.meaning)
        for one in table.columns
    ]
    return "\n".join(
        (
            f"## `{table.name}`: {table.meaning} ({required})\n",
            _rows(("column", "required", "type", "meaning"), rows),
            f"{_others(table)}\n",
        )
    )


def _others(table: Table) -> str:
    """What becomes of a column that the table does not name."""
    if table.others is None:
        return "Any other column is ignored with a note."
    of = {"attribute": "an attribute of the lead", "detail": "a detail of the interaction"}
    return f"Any other column is {of[table.others]}."


def _not_used_yet() -> str:
    named = " and ".join(f"`{name}`" for name in NOT_USED_YET)
    return f"{named} are known names of tables that nothing uses yet.\n"


def _pipeline_keys() -> list[Sequence[str]]:
    needed = {one.name for one in fields(Pipeline) if one.default is MISSING}
    return [
        (f"`{key}`", "yes" if key in needed else "", meaning)
        for key, meaning in PIPELINE_KEYS.items()
    ]


def _refusal(example: tuple[Table, Mapping[str, str], str, str]) -> Sequence[str]:
    """A refused row as the import gives its reason: table, column, cell, reason."""
    table, row, column, cell = example
    block = Block([1], {name: [text] for name, text in {**row, column: cell}.items()})
    [rejection] = check_block(table, block, table.name, _RULES).rejections
    return f"`{table.name}`", f"`{column}`", f"`{cell}`" if cell else "", rejection.reason


def _rows(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(contract_page())
