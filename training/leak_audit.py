"""The leak audit: fields that may tell the outcome, and what is not learned from because of it.

A value in the table of leads is taken as known when the lead came in. What was written at the
close, or overwritten since, would tell the future. Evidence is computed on what was known of leads
at the cut alone; a name is only a reason to look. A person may overrule both.
"""

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from leads.errors import InvalidInputError
from leads.overwritten import overwritten_attributes
from leads.quarantine import Quarantined
from leads.records import ATTRIBUTE_CHANGE
from leads.timeline import Timelines
from training.filled_fields import filled_at_close, filled_by_outcome
from training.separation import separates
from training.suspicion import Audited, Suspicion
from training.telling_names import telling_name
from training.written_at_close import happens_at_close, measures_close, written_at_close

_DENIED = "not to be learned from, by --deny"


@dataclass(frozen=True)
class Overruled:
    """What a person says of fields: learned from whatever was found, or not learned from."""

    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()


NOT_OVERRULED = Overruled()


@dataclass(frozen=True)
class Audit:
    """Timelines of which nothing is learned from the quarantined fields, and all that was found.

    `suspicions` are as found, whatever was overruled: those with evidence first.
    """

    timelines: Timelines
    suspicions: tuple[Suspicion, ...]
    overruled: Overruled

    @property
    def quarantined(self) -> tuple[Quarantined, ...]:
        """The fields that are not learned from."""
        return self.timelines.quarantined

    @property
    def to_look_at(self) -> tuple[Suspicion, ...]:
        """What was found of fields that are learned from all the same."""
        aside = {one.attribute for one in self.quarantined}
        return tuple(one for one in self.suspicions if one.attribute not in aside)

    def as_record(self) -> dict[str, Any]:
        """A plain record for `--json`, the model's card and the run."""
        return {
            "quarantined": [one.as_record() for one in self.quarantined],
            "suspicious": [one.as_record() for one in self.to_look_at],
            "allowed": list(self.overruled.allowed),
            "denied": list(self.overruled.denied),
        }


def audit(timelines: Timelines, until: int, overruled: Overruled = NOT_OVERRULED) -> Audit:
    """Audit what was known by `until`, and set the fields aside that evidence speaks against.

    Raises `InvalidInputError` for a field that is overruled and not there, or overruled both ways.
    """
    _check_overruled(timelines, overruled)
    found = suspicious_fields(timelines, until)
    return Audit(set_aside(timelines, found, overruled), found, overruled)


def suspicious_fields(timelines: Timelines, until: int) -> tuple[Suspicion, ...]:
    """The suspicious fields as known by `until`: those with evidence first, one entry a field."""
    audited = Audited.of(timelines, until)
    found = [suspicion for look_for in _GROUNDS for suspicion in look_for(audited)]
    first: dict[str, Suspicion] = {}
    for suspicion in sorted(found, key=lambda one: not one.is_evidence):
        first.setdefault(suspicion.attribute, suspicion)
    return tuple(first.values())


def set_aside(
    timelines: Timelines,
    suspicions: Sequence[Suspicion],
    overruled: Overruled = NOT_OVERRULED,
) -> Timelines:
    """The same timelines, but nothing is learned from the fields that evidence speaks against.

    What was quarantined before is not: the audit found it again, if it was known by then.
    """
    evidence = {one.attribute: one.evidence for one in suspicions if one.is_evidence}
    denied = {field: evidence.pop(field, _DENIED) for field in overruled.denied}
    fields = {field: why for field, why in evidence.items() if field not in overruled.allowed}
    quarantined = tuple(Quarantined(field, why) for field, why in (fields | denied).items())
    return replace(timelines, quarantined=quarantined)


def _check_overruled(timelines: Timelines, overruled: Overruled) -> None:
    for option, fields in (("--allow", overruled.allowed), ("--deny", overruled.denied)):
        for field in fields:
            if field not in timelines.attributes:
                close = difflib.get_close_matches(field, timelines.attributes, 3, 0.5)
                known = close or sorted(timelines.attributes)
                raise InvalidInputError(
                    f"{option}: {field!r} is no field of the leads; "
                    + (f"there is {', '.join(map(repr, known))}" if known else "they have none")
                )
    both = sorted(set(overruled.allowed) & set(overruled.denied))
    if both:
        raise InvalidInputError(f"--allow and --deny both name {both[0]!r}; give it to one of them")


def _overwritten(audited: Audited) -> Iterator[Suspicion]:
    """Fields of which the table of leads holds the current value, by the changes known."""
    known, events = audited.known, audited.known.events
    rows = np.flatnonzero(events.type == ATTRIBUTE_CHANGE)
    given = np.array([not known.event_id[row] for row in events.row[rows].tolist()], bool)
    for one in overwritten_attributes(
        known.attributes,
        audited.lead_of_event[rows],
        events.name[rows],
        events.number[rows],
        events.level[rows],
        given,
    ):
        yield Suspicion(one.attribute, "overwritten", one.evidence)


# Of a field's suspicions the first is kept, evidence before reasons to look.
_GROUNDS: tuple[Callable[[Audited], Iterator[Suspicion]], ...] = (
    _overwritten,
    measures_close,
    filled_at_close,
    filled_by_outcome,
    written_at_close,
    separates,
    happens_at_close,
    telling_name,
)
