"""The contract of a data folder, as data: it feeds validation, messages and documentation.

Times are ISO 8601 with an offset, or UTC timestamps in Parquet. See the columns' meanings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

ColumnType = Literal["identifier", "time", "name", "number", "text", "direction", "value"]

DIRECTIONS = ("inbound", "outbound")
# How programs write that there is no number. Among words they are values: NA may be Namibia.
NO_NUMBER = frozenset({"NA", "N/A", "NaN", "nan", "null", "NULL", "None"})
MAX_NAME_LENGTH = 512
MAX_TEXT_LENGTH = 65_536


TYPE_MEANINGS: Mapping[ColumnType, str] = MappingProxyType(
    {
        "identifier": f"an id: text of at most {MAX_NAME_LENGTH} characters",
        "time": "an ISO 8601 time with an offset, such as `2026-03-01T10:00:00Z`",
        "name": f"a short text of at most {MAX_NAME_LENGTH} characters",
        "number": "a number of 0 or more, with a decimal point",
        "text": f"a text of at most {MAX_TEXT_LENGTH:,} characters",
        "direction": " or ".join(f"`{direction}`" for direction in DIRECTIONS),
        "value": "a value, read as the type of its attribute",
    }
)


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, how its cells are read, and what it means."""

    name: str
    type: ColumnType
    meaning: str
    required: bool = False


@dataclass(frozen=True)
class Table:
    """A table of the data folder, and what one row of it is.

    `others` says what a column means that is not listed: an attribute of the lead, a detail of
    the interaction, or nothing (`None`: it is ignored with a warning).
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    others: Literal["attribute", "detail"] | None = None
    required: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The listed columns' names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def required_names(self) -> tuple[str, ...]:
        """The names of the columns without which the table is refused."""
        return tuple(column.name for column in self.columns if column.required)


LEAD_ID = Column("lead_id", "identifier", "the lead, unique in a store", required=True)
OCCURRED_AT = Column("occurred_at", "time", "when it happened", required=True)
EVENT_ID = Column(
    "event_id", "identifier", "unique for ever within its origin; derived from the row if absent"
)
RECORDED_AT = Column("recorded_at", "time", "when we learned of it; `occurred_at` if absent")
ACTOR = Column("actor", "name", "who did it")

LEADS = Table(
    "leads",
    "one row per lead, as it came in",
    (
        LEAD_ID,
        Column("created_at", "time", "when the lead came in; it is known from then", required=True),
        Column("pipeline", "name", "the pipeline it started in; `default` if absent"),
        Column("continues", "identifier", "the earlier lead that this one goes on from"),
    ),
    others="attribute",
    required=True,
)
INTERACTIONS = Table(
    "interactions",
    "one row per contact with a lead, or thing it did",
    (
        LEAD_ID,
        OCCURRED_AT,
        Column("kind", "name", "what it was: call, email, meeting …", required=True),
        EVENT_ID,
        RECORDED_AT,
        Column("direction", "direction", "`inbound` (from the lead) or `outbound`"),
        ACTOR,
        Column("duration_seconds", "number", "how long it lasted, in seconds, 0 or more"),
        Column("result", "name", "how it ended: answered, no answer …"),
        Column("text", "text", "what was said; kept, not used in scoring"),
    ),
    others="detail",
)
STAGE_CHANGES = Table(
    "stage_changes",
    "one row per move of a lead to a stage",
    (
        LEAD_ID,
        OCCURRED_AT,
        Column("stage", "name", "the stage that the lead moved to", required=True),
        EVENT_ID,
        RECORDED_AT,
        ACTOR,
        Column("pipeline", "name", "the pipeline of the stage, for a move to another one"),
        Column("reason", "text", "why it moved; kept, not used in scoring"),
    ),
)
ATTRIBUTE_CHANGES = Table(
    "attribute_changes",
    "one row per new value of an attribute of a lead",
    (
        LEAD_ID,
        OCCURRED_AT,
        Column("attribute", "name", "which attribute of the lead changed", required=True),
        Column("value", "value", "its new value; empty: it was cleared", required=True),
        EVENT_ID,
        RECORDED_AT,
        ACTOR,
    ),
)

TABLES: tuple[Table, ...] = (LEADS, INTERACTIONS, STAGE_CHANGES, ATTRIBUTE_CHANGES)
EVENT_TABLES: tuple[Table, ...] = (INTERACTIONS, STAGE_CHANGES, ATTRIBUTE_CHANGES)

# Attributes that mean the same to everybody; any other column of `leads` is an attribute too.
KNOWN_ATTRIBUTES: tuple[Column, ...] = (
    Column("amount", "number", "what the lead is worth if it is won"),
    Column("currency", "name", "the currency of the amount: EUR, SEK …"),
    Column("owner", "name", "who works on it; the list of leads can be filtered by it"),
    Column("source", "name", "where it came from: website, fair, referral …"),
    Column("campaign", "name", "the campaign that brought it"),
    Column("country", "name", "the country it is in"),
    Column("contact", "identifier", "the person: the same in all leads of one person"),
    Column("account", "identifier", "the company: the same in all leads of one company"),
    Column("expected_close_date", "time", "when the owner expects it to close; a date will do"),
)


def is_missing(text: str | None) -> bool:
    """Whether a cell says that there is no value."""
    return text is None or not text.strip()


def is_no_number(text: str | None) -> bool:
    """Whether a cell of a numeric column says that there is no value."""
    return text is None or is_missing(text) or text.strip() in NO_NUMBER
