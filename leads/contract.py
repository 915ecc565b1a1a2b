"""The contract of a data folder, as data: it feeds validation, messages and documentation.

Times are ISO 8601 with an offset, or UTC timestamps in Parquet. See the columns' meanings.
"""

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["identifier", "time", "name", "number", "text", "direction", "value"]

DIRECTIONS = ("inbound", "outbound")
# How programs write that there is no number. Among words they are values: NA may be Namibia.
NO_NUMBER = frozenset({"NA", "N/A", "NaN", "nan", "null", "NULL", "None"})
MAX_NAME_LENGTH = 512
MAX_TEXT_LENGTH = 65_536


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, how its cells are read, and what it means."""

    name: str
    type: ColumnType
    meaning: str
    required: bool = False


@dataclass(frozen=True)
class Table:
    """A table of the data folder.

    `others` says what a column means that is not listed: an attribute of the lead, a detail of
    the interaction, or nothing (`None`: it is ignored with a warning).
    """

    name: str
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


def is_missing(text: str | None) -> bool:
    """Whether a cell says that there is no value."""
    return text is None or not text.strip()


def is_no_number(text: str | None) -> bool:
    """Whether a cell of a numeric column says that there is no value."""
    return text is None or is_missing(text) or text.strip() in NO_NUMBER
