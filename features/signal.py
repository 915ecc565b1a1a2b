"""The signal protocol: a family declares columns and fills them for all snapshots at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from features.population import About, Population
from leads.arrays import Floats
from leads.timeline import Timelines
from leads.view import View

Unit = Literal[
    "count", "days", "days_from_now", "hours", "minutes", "ratio", "share", "flag", "amount",
    "level", "kind", "weekday", "hour_of_day", "difference", "date",
]  # fmt: skip

# What a family learned from the training timelines: plain JSON, stored with the model.
FamilySettings = Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """Which events are behind a group: of a type and, where given, a name, direction or result.

    `talked`: only those that took time. `earliest`: only the first of them.
    """

    type: int
    name: str | None = None
    direction: int | None = None
    result: str | None = None
    talked: bool = False
    earliest: bool = False


@dataclass(frozen=True)
class Group:
    """Columns that a person takes for one reason; a factor is the effect of a group.

    `label` is an English message with the placeholders of `names`; `evidence` says which events
    a person would look at, None where no event is behind it.
    """

    name: str
    label: str
    names: Mapping[str, str] = field(default_factory=dict)
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Column:
    """One signal: a number per snapshot, NaN where it is missing.

    `sentence` is the English message for a sales rep, with `{value}`, or of a ratio `{times}`, and
    the placeholders of `names`; what is typical and the full stop are added to it. `missing` is the
    message where there is no value: it says what missing means. `levels` names the codes of a
    categorical column; one past them is a level seen in training but too rarely to be listed, two
    past them one never seen (`features.vocabulary`). `comparable` is false where what is typical
    says nothing: leads in one stage have much the same value, or the value itself compares.
    `pipeline` is the one that it is about, None for every: it tells nobody anything of a lead that
    was never in it. `evidence` is that of the group unless it is the column's own. `said_of` are
    messages for values that a person would not say as a number, such as never. `as_told_by` is a
    column of words that tells better what a value of 1 comes from. `also_of` is the name of another
    group that it is about as well: where that one moves the score the other way it is not told, for
    a person would read two reasons of one fact that cancel each other.
    """

    name: str
    group: Group
    unit: Unit
    sentence: str
    missing: str
    names: Mapping[str, str] = field(default_factory=dict)
    levels: tuple[str, ...] = ()
    comparable: bool = True
    pipeline: str | None = None
    evidence: Evidence | None = None
    said_of: Mapping[float, str] = field(default_factory=dict)
    as_told_by: str | None = None
    also_of: str | None = None


def as_learned(settings: FamilySettings, timelines: Timelines) -> FamilySettings:
    """The settings themselves, for a family that needs nothing of the timelines' lists."""
    return settings


def asks_nothing(settings: FamilySettings) -> tuple[About, ...]:
    """Of the population nothing."""
    return ()


@dataclass(frozen=True)
class Family:
    """A family of signals.

    `learn` picks what the columns are about (kinds, stages, attributes and their levels) from
    timelines known at the training cut; `columns` declares one `Column` per column of the block.
    `prepare` makes what `fill` needs of the settings and of the lists of some timelines: how these
    number kinds, stages and levels. It does not look at leads or events, and is called once for
    many views of the same timelines. `fill` writes the block, one row per snapshot and one column
    per declared column; it gets what `prepare` made, and reads the view's known ranges and the
    population, nothing else. It may be called from several threads, for some rows each. `asks` says
    which indexes of the population it reads, so that they are built before.
    """

    name: str
    learn: Callable[[Timelines], FamilySettings]
    columns: Callable[[FamilySettings], tuple[Column, ...]]
    fill: Callable[[Any, View, Population, Floats], None]
    prepare: Callable[[FamilySettings, Timelines], Any] = as_learned
    asks: Callable[[FamilySettings], tuple[About, ...]] = asks_nothing
