"""The families of signals: which there are, and which this process learns from."""

import re
from dataclasses import dataclass, replace

from features.attributes import ATTRIBUTES
from features.calendar import CALENDAR, DATED_CALENDAR
from features.engagement import ENGAGEMENT
from features.lately import LATELY
from features.own_signals import NAME as OWN_SIGNALS
from features.pace import PACE
from features.persons import PERSONS
from features.replies import REPLIES
from features.rhythm import RHYTHM
from features.signal import Family
from features.stages import STAGES
from features.track_records import DEFAULT_TRACK_RECORDS, TRACK_RECORDS
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

# What a switch turns on or off; with the date a model learns the drift of the years.
_SWITCHES = {one.name: one for one in (*FAMILIES, *ON_BY_DEFAULT)} | {"date": DATED_CALENDAR}
_SWITCH = re.compile(r"([+-])(\w+)")


@dataclass(frozen=True)
class Families:
    """What models are learned from: `always`, and those that are tried, `if_better`."""

    always: tuple[Family, ...] = ON_BY_DEFAULT
    if_better: tuple[Family, ...] = IF_BETTER


# One: set as a process starts.
_IN_USE: list[Families] = [Families()]


def families_in_use() -> Families:
    """The families that models are learned from in this process, the data team's own one last."""
    return _IN_USE[0]


def use_families(families: Families) -> None:
    """From now on learn from these."""
    _IN_USE[:] = [families]


def use_own_family(family: Family | None) -> None:
    """From now on learn this family, too, and read models that have it; None for no such one."""
    own = () if family is None else (family,)
    in_use = families_in_use()
    others = tuple(one for one in in_use.always if one.name != OWN_SIGNALS)
    use_families(replace(in_use, always=(*others, *own)))


def own_family() -> Family | None:
    """The data team's own family in use."""
    return next((one for one in families_in_use().always if one.name == OWN_SIGNALS), None)


def switched(switches: str) -> Families:
    """The families by default with some on and others off: `+calendar -replies`.

    `+date` is the calendar with the date itself. One that is tried by default is always taken when
    switched on, and not tried when switched off. Raises `SettingsError` for an unknown one.
    """
    chosen = {family.name: family for family in ON_BY_DEFAULT}
    if_better = {family.name: family for family in IF_BETTER}
    for switch in switches.replace(",", " ").split():
        found = _SWITCH.fullmatch(switch)
        if not found or found[2] not in _SWITCHES:
            raise SettingsError(
                f"LEADSCORE_FAMILIES has {switch!r}; write + or - before one of "
                f"{', '.join(_SWITCHES)}, such as +calendar -replies"
            )
        family = _SWITCHES[found[2]]
        chosen.pop(family.name, None)
        if_better.pop(family.name, None)
        if found[1] == "+":
            chosen[family.name] = family
    if not chosen:
        raise SettingsError("LEADSCORE_FAMILIES turns every family of signals off; leave one on")
    order = [family.name for family in FAMILIES]
    always = sorted(chosen.values(), key=lambda family: order.index(family.name))
    return Families(tuple(always), tuple(if_better.values()))
