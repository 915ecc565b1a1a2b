"""Leads on their way into the store: new ones, those sent again, and what changed in them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson
from sqlalchemy import Row, insert, select

from crm import reading, schema
from crm.identity import event_hash
from crm.incoming import histories_of_import
from crm.store import Write
from leads.clock import format_time
from leads.identity import canonical_text
from leads.records import ATTRIBUTE_CHANGE, Event, Lead

Fate = Literal["stored", "updated", "already_known", "refused"]


@dataclass(frozen=True)
class LeadResult:
    """What became of a lead: `updated` is a known one with another value; a refusal says why."""

    fate: Fate
    reason: str = ""


@dataclass(frozen=True)
class IncomingLeads:
    """The leads of one import from one origin; its attribute changes are stored before them."""

    write: Write
    origin: str

    def store(self, leads: Sequence[Lead]) -> list[LeadResult]:
        """Store new leads, and other values of known ones as changes at the commit's moment."""
        results = []
        for first in range(0, len(leads), reading.IDS_AT_ONCE):
            results += self._store_some(leads[first : first + reading.IDS_AT_ONCE])
        return results

    def _store_some(self, leads: Sequence[Lead]) -> list[LeadResult]:
        stored = self._stored([lead.lead_id for lead in leads])
        changed = self._changed_values(stored)
        own = histories_of_import(self.write.connection, list(stored))
        results: list[LeadResult] = []
        first: dict[str, Lead] = {}
        changes: list[Event] = []
        for lead in leads:
            row = stored.get(lead.lead_id)
            if lead.lead_id in first:
                results.append(_second_time(lead, first[lead.lead_id]))
                continue
            first[lead.lead_id] = lead
            if row is None:
                results.append(LeadResult("stored"))
            elif row.sequence == self.write.sequence:
                results.append(_second_time(lead, reading.lead_of(row)))
            else:
                known = {**orjson.loads(row.attributes), **changed.get(lead.lead_id, {})}
                new = self._changes(lead, known, own.get(lead.lead_id, ()))
                results.append(_sent_again(lead, row, new))
                changes += new if results[-1].fate == "updated" else []
        self._insert([lead for lead in first.values() if lead.lead_id not in stored], changes)
        return results

    def _stored(self, lead_ids: Sequence[str]) -> dict[str, Row[Any]]:
        query = select(schema.leads).where(schema.leads.c.lead_id.in_(lead_ids))
        return {row.lead_id: row for row in self.write.connection.execute(query)}

    def _changed_values(self, stored: Mapping[str, Row[Any]]) -> dict[str, dict[str, str | None]]:
        """By lead, the latest known value of every attribute that was ever changed."""
        table = schema.events.c
        query = (
            select(table.lead_id, table.name, table.value)
            .where(
                table.lead_id.in_(list(stored)),
                table.type == ATTRIBUTE_CHANGE,
                table.occurred_at <= self.write.committed_at,
            )
            .order_by(table.occurred_at, table.recorded_at, table.event_id)
        )
        values: dict[str, dict[str, str | None]] = {}
        for lead_id, name, value in self.write.connection.execute(query):
            values.setdefault(lead_id, {})[name] = value
        return values

    def _changes(
        self, lead: Lead, known: Mapping[str, str | None], own: Collection[str]
    ) -> list[Event]:
        """The attributes that came with another value than the latest known one, as changes.

        Those with `own` rows in this import's attribute changes take their values from them alone.
        """
        return [
            self._change(lead.lead_id, name, value)
            for name, value in lead.attributes.items()
            if name not in own and canonical_text(value) != canonical_text(known.get(name))
        ]

    def _change(self, lead_id: str, name: str, value: str | None) -> Event:
        moment = self.write.committed_at
        event = Event(lead_id, ATTRIBUTE_CHANGE, moment, moment, name, "", value=value)
        return replace(event, event_id=event_hash(event, recorded_at=moment))

    def _insert(self, leads: Sequence[Lead], changes: Sequence[Event]) -> None:
        shared = {"origin": self.origin, "sequence": self.write.sequence}
        if leads:
            self.write.connection.execute(
                insert(schema.leads), [_lead_values(lead) | shared for lead in leads]
            )
        if changes:
            self.write.connection.execute(
                insert(schema.events), [_change_values(event) | shared for event in changes]
            )


def _sent_again(lead: Lead, row: Row[Any], changes: Sequence[Event]) -> LeadResult:
    """A lead that an earlier import stored: its attributes may change, nothing else of it."""
    known = reading.lead_of(row)
    differing = [
        (name, mine, theirs)
        for name, mine, theirs in _fixed_fields(lead, known)
        if mine != theirs and not (name == "continues" and mine is None)
    ]
    if differing:
        name, mine, theirs = differing[0]
        return LeadResult(
            "refused",
            f"{name}: {mine!r}, but lead {lead.lead_id!r} is in the store with {theirs!r}, which "
            "cannot change; correct the row or give the lead another id",
        )
    return LeadResult("updated" if changes else "already_known")


def _second_time(lead: Lead, earlier: Lead) -> LeadResult:
    """A lead that came before in this import: its rows have no order, so they must agree."""
    differing = difference(lead, earlier)
    if differing is None:
        return LeadResult("already_known")
    return LeadResult("refused", repeated_lead_reason(lead.lead_id, *differing))


def repeated_lead_reason(lead_id: str, name: str, mine: object, theirs: object) -> str:
    """Why a second row of a lead is refused that does not agree with the first."""
    return (
        f"{name}: {mine!r}, but an earlier row of lead {lead_id!r} says {theirs!r}; "
        "keep one row per lead"
    )


def difference(lead: Lead, earlier: Lead) -> tuple[str, object, object] | None:
    """The first field in which two rows of a lead differ: its name and both values."""
    for name, mine, theirs in (*_fixed_fields(lead, earlier), *_attribute_fields(lead, earlier)):
        if canonical_text(mine) != canonical_text(theirs):
            return name, mine, theirs
    return None


def _fixed_fields(lead: Lead, other: Lead) -> Iterator[tuple[str, object, object]]:
    yield "created_at", format_time(lead.created_at), format_time(other.created_at)
    yield "pipeline", lead.pipeline, other.pipeline
    yield "continues", lead.continues, other.continues


def _attribute_fields(lead: Lead, other: Lead) -> Iterator[tuple[str, object, object]]:
    for name in dict.fromkeys((*lead.attributes, *other.attributes)):
        yield name, lead.attributes.get(name), other.attributes.get(name)


def _lead_values(lead: Lead) -> dict[str, Any]:
    return {
        "lead_id": lead.lead_id,
        "created_at": lead.created_at,
        "pipeline": lead.pipeline,
        "continues": lead.continues,
        "attributes": orjson.dumps(dict(lead.attributes)).decode(),
    }


def _change_values(event: Event) -> dict[str, Any]:
    return {
        "lead_id": event.lead_id,
        "type": event.type,
        "occurred_at": event.occurred_at,
        "recorded_at": event.recorded_at,
        "name": event.name,
        "value": event.value,
        "event_id": event.event_id,
        "content_hash": event.event_id,
    }
