"""A data team's own signals: one file, one function a signal, under the laws that all signals keep.

The function gets what was known of one lead at one moment, as plain records, and answers a number.
It cannot see later events or other leads: they are not handed to it.
"""

import hashlib
import math
import re
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np

from features.population import Population
from features.signal import Column, Family, FamilySettings, Group, Unit
from leads.arrays import Floats
from leads.clock import moment_of
from leads.contract import DIRECTIONS
from leads.errors import SettingsError
from leads.outcome import known_stage
from leads.records import ATTRIBUTE_CHANGE, INTERACTION
from leads.timeline import Timelines
from leads.view import View

NAME = "own_signals"
Number = float | int | bool | None


@dataclass(frozen=True)
class KnownEvent:
    """One event of the lead; `name` is its kind, stage or attribute, `value` an attribute's."""

    type: Literal["interaction", "stage_change", "attribute_change"]
    name: str
    occurred_at: datetime
    recorded_at: datetime
    value: float | str | None = None
    direction: str | None = None
    duration_seconds: float | None = None
    actor: str | None = None
    result: str | None = None


@dataclass(frozen=True)
class KnownLead:
    """What was known of a lead at `as_of`; `events` in the contract's order, times in UTC."""

    as_of: datetime
    created_at: datetime
    pipeline: str
    stage: str
    events: tuple[KnownEvent, ...]


@dataclass(frozen=True)
class OwnSignal:
    """A declared signal and its function."""

    column: Column
    value: Callable[[KnownLead], Number]


def signal(
    *,
    name: str,
    unit: Unit,
    group: str,
    sentence: str,
    missing: str,
    value: Callable[[KnownLead], Number],
) -> OwnSignal:
    """Declare a signal; `value` answers a number, or None where there is none.

    `group` is what the factor is called, `sentence` holds `{value}`, `missing` says what it means
    that there is no value and ends in a full stop. Raises `SettingsError`.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise SettingsError(f"own signal {name!r}: a name is like days_since_demo")
    units = [one for one in get_args(Unit) if one not in {"level", "kind"}]
    if unit not in units:
        known = ", ".join(units)
        raise SettingsError(f"own signal {name!r}: the unit is {unit!r}; known are {known}")
    try:
        asked = [
            field for _, field, _, _ in string.Formatter().parse(sentence) if field is not None
        ]
    except ValueError:
        asked = []
    if asked != ["value"]:
        raise SettingsError(f"own signal {name!r}: the sentence needs {{value}} once, nothing else")
    if not missing.endswith(".") or "{" in missing + group or not group:
        raise SettingsError(
            f"own signal {name!r}: group and missing are words, and missing ends in a full stop"
        )
    of_group = Group("own_" + re.sub(r"[^a-z0-9]+", "_", group.lower()).strip("_"), group)
    return OwnSignal(Column(name, of_group, unit, sentence, missing), value)


@dataclass(frozen=True)
class OwnSignals:
    """The signals of a file, and the SHA-256 of its text."""

    path: Path
    sha256: str
    signals: tuple[OwnSignal, ...]

    @property
    def family(self) -> Family:
        """The signals as a family."""
        return Family(
            NAME,
            learn=self._learn,
            columns=self._columns,
            fill=self._fill,
            prepare=self._prepare,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """For other processes: they read the file themselves."""
        return read_own_signals, (self.path,)

    def _learn(self, timelines: Timelines) -> FamilySettings:
        names = [one.column.name for one in self.signals]
        return {"sha256": self.sha256, "signals": names}

    def _columns(self, settings: FamilySettings) -> tuple[Column, ...]:
        self._check_hash(settings)
        return tuple(one.column for one in self.signals)

    def _prepare(self, settings: FamilySettings, timelines: Timelines) -> None:
        self._check_hash(settings)

    def _fill(self, made: None, view: View, population: Population, block: Floats) -> None:
        for row, known in enumerate(known_leads(view)):
            for column, one in enumerate(self.signals):
                block[row, column] = _number(one, known, view.lead_id(row))

    def _check_hash(self, settings: FamilySettings) -> None:
        if settings["sha256"] != self.sha256:
            raise SettingsError(
                f"{self.path} is not the file that the model was trained with (SHA-256 "
                f"{self.sha256[:12]}… instead of {settings['sha256'][:12]}…); set "
                "LEADSCORE_SIGNALS to that file, or train again"
            )


def read_own_signals(path: Path) -> OwnSignals:
    """Run a file of own signals and take its SIGNALS. Raises `SettingsError`."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"LEADSCORE_SIGNALS: {path}: {error.strerror}") from None
    names: dict[str, Any] = {"__name__": path.stem, "__file__": str(path)}
    try:
        code = compile(source, str(path), "exec")
    except (SyntaxError, ValueError) as error:
        raise SettingsError(f"LEADSCORE_SIGNALS: {path} is not Python: {error}") from None
    exec(code, names)
    signals = names.get("SIGNALS")
    if not isinstance(signals, tuple) or not all(isinstance(one, OwnSignal) for one in signals):
        raise SettingsError(
            f"LEADSCORE_SIGNALS: {path} has no SIGNALS = (signal(...),), a tuple of signals"
        )
    if not signals:
        raise SettingsError(f"LEADSCORE_SIGNALS: {path} declares no signal; unset it or add one")
    return OwnSignals(path, hashlib.sha256(source).hexdigest(), signals)


def known_leads(view: View) -> Iterator[KnownLead]:
    """What each snapshot's view knows, as plain records."""
    stages, stage = view.timelines.pipelines.stage_names, known_stage(view)
    for row in range(len(view)):
        pipeline, name = stages[int(stage[row])]
        yield KnownLead(
            as_of=moment_of(int(view.as_of[row])),
            created_at=moment_of(int(view.created_at[row])),
            pipeline=pipeline,
            stage=name,
            events=tuple(
                _event(view, place) for place in range(int(view.first[row]), int(view.stop[row]))
            ),
        )


def _event(view: View, place: int) -> KnownEvent:
    events, timelines = view.events, view.timelines
    code, of_type = int(events.name[place]), int(events.type[place])
    times = moment_of(int(events.occurred_at[place])), moment_of(int(events.recorded_at[place]))
    if of_type == ATTRIBUTE_CHANGE:
        name = timelines.attributes[code]
        return KnownEvent("attribute_change", name, *times, value=_value(view, place, name))
    if of_type != INTERACTION:
        return KnownEvent("stage_change", timelines.pipelines.stage_names[code][1], *times)
    seconds = float(events.duration_seconds[place])
    return KnownEvent(
        "interaction",
        timelines.kinds[code],
        *times,
        direction=_text(DIRECTIONS, int(events.direction[place])),
        duration_seconds=None if math.isnan(seconds) else seconds,
        actor=_text(timelines.actors, int(events.actor[place])),
        result=_text(timelines.results, int(events.result[place])),
    )


def _value(view: View, place: int, attribute: str) -> float | str | None:
    """The level of a category, else the number; None where it was cleared."""
    if view.timelines.attribute_types.get(attribute, "category") == "category":
        return _text(view.timelines.levels, int(view.events.level[place]))
    number = float(view.events.number[place])
    return None if math.isnan(number) else number


def _text(texts: tuple[str, ...], code: int) -> str | None:
    return None if code < 0 else texts[code]


def _number(one: OwnSignal, known: KnownLead, lead_id: str) -> float:
    """The value as a float, None as NaN; anything else that is no number is refused."""
    value = cast("object", one.value(known))
    if value is None:
        return np.nan
    if not isinstance(value, int | float | np.number | np.bool_):
        raise SettingsError(
            f"own signal {one.column.name!r}, lead {lead_id!r} at {known.as_of.isoformat()}: "
            f"{value!r} is not a number; answer a number or None"
        )
    return float(value)
