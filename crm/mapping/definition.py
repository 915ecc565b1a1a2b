"""What a mapping says: which rows and columns of which files make the tables of the contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from leads.attributes import AttributeType
from leads.contract import Table
from leads.pipelines import Pipelines

Test = Literal["in", "not_in", "starts_with", "not_starts_with", "filled"]
TimePoint = Literal["export_end", "last_event", "median"]

# How many seconds one of each unit is; clock texts are read by their parts.
SECONDS_PER_UNIT: Mapping[str, float] = {"ms": 0.001, "seconds": 1, "minutes": 60, "hours": 3600}
CLOCK_UNITS = ("HH:MM", "HH:MM:SS")
UNIX_FORMATS: Mapping[str, float] = {"unix": 1, "unix_ms": 0.001}


@dataclass(frozen=True)
class Cells:
    """How the cells of one target column come about.

    They are taken from `columns` (joined by `separator` where there are several), or they are a
    constant, or the row's number in its file. What follows is applied in the order of the fields.
    """

    columns: tuple[str, ...] = ()
    constant: str | None = None
    row_number: bool = False
    separator: str = " "
    characters: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    if_empty: str | None = None
    unit: str | None = None
    decimal_comma: bool = False
    time_format: str | None = None
    end_of_day: bool = False


@dataclass(frozen=True)
class Order:
    """Times made up from an order: of a column, or of the file where `column` is None."""

    column: str | None
    descending: bool = False


@dataclass(frozen=True)
class Filter:
    """Rows to read, by a test of one column; `label` is what the summary calls the others."""

    column: str
    test: Test
    texts: tuple[str, ...]
    filled: bool
    label: str


@dataclass(frozen=True)
class Fallback:
    """When a closing whose time is missing is said to have happened; it is known at the end."""

    point: TimePoint | None = "export_end"
    days: float | None = None

    @property
    def label(self) -> str:
        """Its name in reasons and summaries."""
        return f"{self.days:g} days after the lead came in" if self.point is None else self.point


@dataclass(frozen=True)
class Outcome:
    """The stage that each lead is in at the export, and when it closed.

    `open_stages`: whether the stage of an open lead is kept, as learned of at the export's end.
    """

    stage: Cells
    closed_at: Cells | None
    fallback: Fallback
    open_stages: bool


@dataclass(frozen=True)
class Link:
    """The lead of an event found by another key: `key` here, `lead_key` in the leads' file."""

    key: str
    lead_key: str


@dataclass(frozen=True)
class Read:
    """One reading of one file (or of all files of a pattern) into one table."""

    file: str
    table: Table
    columns: Mapping[str, Cells]
    order: Order | None = None
    sheet: str | None = None
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    where: tuple[Filter, ...] = ()
    keep_others: bool = False
    leave_out: Mapping[str, str] = field(default_factory=dict)
    outcome: Outcome | None = None
    stage_entered: Mapping[str, Cells] = field(default_factory=dict)
    link: Link | None = None

    def used_columns(self) -> dict[str, None]:
        """The columns of the file that the reading names, filters aside, in order."""
        cells = [*self.columns.values(), *self.stage_entered.values()]
        if self.outcome is not None:
            cells.append(self.outcome.stage)
            cells += [self.outcome.closed_at] if self.outcome.closed_at is not None else []
        names = [name for rule in cells for name in rule.columns]
        if self.order is not None and self.order.column is not None:
            names.append(self.order.column)
        if self.link is not None:
            names.append(self.link.key)
        return dict.fromkeys(names)

    def named_columns(self) -> dict[str, None]:
        """Every column of the file that the reading names."""
        return dict.fromkeys(
            [*self.used_columns(), *(rule.column for rule in self.where), *self.leave_out]
        )


@dataclass(frozen=True)
class ExportMapping:
    """A whole mapping.

    `exported_at` is the moment of the export and `attribute_types` the types of attributes, both
    where they are given.
    """

    name: str
    path: Path
    timezone: ZoneInfo | None
    pipelines: Pipelines | None
    exported_at: int | None
    attribute_types: Mapping[str, AttributeType]
    reads: tuple[Read, ...]
