"""The families of signals: which there are, which are learned from, and the data team's own."""

import re
from dataclasses import dataclass

from features.attributes import ATTRIBUTES
from features.calendar import CALENDAR, DATED_CALENDAR
from features.engagement import ENGAGEMENT
from features.lately import LATELY
from features.pace import PACE
from features.persons import PERSONS
from features.replies import REPLIES
from features.rhythm import RHYTHM
from features.signal import Family
from features.stages import STAGES
from features.track_records import DEFAULT_TRACK_RECORDS, RATES, TRACK_RECORDS
from leads.errors import SettingsError

FAMILIES: tuple[Family, ...] = (
    ENGAGEMENT,
    RHYTHM,
    REPLIES,
    STAGES,
    ATTRIBUTES,
    CALENDAR,
    TRACK_RECORDS,
    PERSONS,
    PACE,
    LATELY,
)
# What added nothing to models of later leads, or cost accuracy: docs/benchmarks.md. Of these a
# training takes those of `IF_BETTER` where they surely help on later leads.
OFF_BY_DEFAULT = (REPLIES, CALENDAR, PERSONS, LATELY)
IF_BETTER = (REPLIES, PERSONS, LATELY)
_BY_DEFAULT = {TRACK_RECORDS.name: DEFAULT_TRACK_RECORDS}
ON_BY_DEFAULT = tuple(
    _BY_DEFAULT.get(family.name, family) for family in FAMILIES if family not in OFF_BY_DEFAULT
)

# Stages are what a model of few leads leans on: they are always on.
_SWITCHES = {one.name: one for one in (*FAMILIES, RATES) if one is not STAGES}
DATE = "date"
_SWITCH = re.compile(r"([+-])(\w+)")

# At most one: the data team's own family, where the settings name a file, set as a process starts.
_OWN: list[Family] = []


@dataclass(frozen=True)
class Families:
    """What models are learned from: `always`, and those that are tried, `if_better`."""

    always: tuple[Family, ...] = ON_BY_DEFAULT
    if_better: tuple[Family, ...] = IF_BETTER


def use_own_family(family: Family | None) -> None:
    """From now on learn this family, too, and read models that have it; None for no such one."""
    _OWN[:] = [] if family is None else [family]


def own_family() -> Family | None:
    """The data team's own family in use."""
    return _OWN[0] if _OWN else None


def with_own(families: tuple[Family, ...]) -> tuple[Family, ...]:
    """Some families and behind them the data team's own one, if one is in use."""
    return (*families, *_OWN)


def switched(switches: str) -> Families:
    """The families by default with some on and others off: `+calendar -replies`.

    `+date` adds the date itself to the calendar and turns that on. A family that is tried by
    default is always taken when switched on, and not tried when switched off. Raises
    `SettingsError` for an unknown one.
    """
    chosen = {family.name: family for family in ON_BY_DEFAULT}
    if_better = {family.name: family for family in IF_BETTER}
    dated = False
    for switch in switches.replace(",", " ").split():
        found = _SWITCH.fullmatch(switch)
        if not found or found[2] not in (*_SWITCHES, DATE):
            raise SettingsError(
                f"LEADSCORE_FAMILIES has {switch!r}; write + or - before one of "
                f"{', '.join(_SWITCHES)}, {DATE}, such as +calendar -replies; stages are always on"
            )
        on, name = found[1] == "+", found[2]
        if name == DATE:
            dated = on
            continue
        chosen.pop(name, None)
        if_better.pop(name, None)
        if on:
            chosen[name] = _SWITCHES[name]
    if dated:
        chosen[DATED_CALENDAR.name] = DATED_CALENDAR
    order = [family.name for family in FAMILIES]
    always = sorted(chosen.values(), key=lambda family: order.index(family.name))
    return Families(tuple(always), tuple(if_better.values()))
