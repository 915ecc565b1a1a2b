"""Events that name another key than the lead: a call belongs to a contact, and so to its lead."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crm.mapping.definition import Link
from crm.mapping.reading import Reading
from leads.arrays import Int64s
from leads.contract import is_missing
from leads.errors import InvalidTableError


@dataclass(frozen=True)
class LeadsByKey:
    """The leads of every key in order of creation: those of key `k` are `start[k]:start[k + 1]`."""

    code_of: dict[str, int]
    start: Sequence[int]
    created_at: Sequence[int]
    lead_id: Sequence[str]

    def lead_of(self, key: str, at: int | None) -> str | None:
        """The newest lead of a key that was there by then, else its first; None without any."""
        code = self.code_of.get(key)
        if code is None:
            return None
        first, stop = self.start[code], self.start[code + 1]
        if at is None:
            return self.lead_id[first]
        found = bisect_right(self.created_at, at, first, stop) - 1
        return self.lead_id[max(found, first)]


def leads_by_key(readings: Sequence[Reading], link: Link) -> LeadsByKey:
    """Look the leads up by the key of a link.

    Raises `InvalidTableError` if no file of leads has the column.
    """
    with_key = [reading for reading in readings if link.lead_key in reading.file.columns]
    if not with_key:
        raise InvalidTableError(
            f"link: lead_key {link.lead_key!r} is not a column of the leads' files "
            f"({', '.join(reading.file_name for reading in readings)}); correct lead_key"
        )
    codes: dict[str, int] = {}
    code: list[int] = []
    created: list[int] = []
    lead_ids: list[str] = []
    for reading in with_key:
        for block in reading.raw_blocks():
            cells = reading.lead_cells(block, {})
            keys = block.columns[link.lead_key]
            times = reading.times(cells["created_at"])
            for key, at, lead_id in zip(keys, times, cells["lead_id"], strict=True):
                if key is None or lead_id is None or at is None:
                    continue
                if not is_missing(key) and not is_missing(lead_id):
                    code.append(codes.setdefault(key.strip(), len(codes)))
                    created.append(at)
                    lead_ids.append(lead_id)
    order = np.lexsort((np.array(created, np.int64), np.array(code, np.int64)))
    starts: Int64s = np.searchsorted(np.array(code, np.int64)[order], np.arange(len(codes) + 1))
    places = order.tolist()
    return LeadsByKey(
        codes,
        starts.tolist(),
        [created[place] for place in places],
        [lead_ids[place] for place in places],
    )


def linked_leads(
    link: Link,
    leads: LeadsByKey,
    keys: Sequence[str | None],
    times: Sequence[int | None],
    problems: dict[int, str],
) -> list[str | None]:
    """The lead of each event; notes the places of those that belong to none."""
    found: list[str | None] = []
    for place, (key, at) in enumerate(zip(keys, times, strict=True)):
        lead_id = None if key is None else leads.lead_of(key.strip(), at)
        if lead_id is None:
            problems.setdefault(place, _without_lead(link, key))
        found.append(lead_id)
    return found


def _without_lead(link: Link, key: str | None) -> str:
    if key is None or is_missing(key):
        return f"lead_id: {link.key} is empty, so no lead can be found; fill it"
    return (
        f"lead_id: no lead has {key.strip()!r} as its {link.lead_key}; add the lead, or leave "
        "such rows out by a filter"
    )
