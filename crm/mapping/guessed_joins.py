"""How the files of an export join: by the values that their columns share with the leads'."""

from dataclasses import dataclass

from crm.mapping.guessed_leads import LeadColumns
from crm.mapping.known_names import LEAD_NAMES, best_column
from crm.mapping.profiles import ColumnProfile, FileProfile
from leads.pipelines import plain_name

SHARED = 0.3
SHORT_NUMBER = 4


@dataclass(frozen=True)
class Join:
    """How the events of a file find their leads: by the lead's id, or by a key of the leads."""

    column: str
    lead_key: str | None
    share: float


def find_join(leads: LeadColumns, file: FileProfile) -> Join | None:
    """The column of a file whose values are most often those of the leads' id, or of a key."""
    own = leads.file.columns
    keys = [None] + [
        n for n, c in own.items() if c.is_key and n not in (leads.lead_id, leads.stage)
    ]
    found: list[Join] = []
    for name, column in file.columns.items():
        if not column.levels or column.time is not None:
            continue
        for key in keys:
            target = leads.lead_id if key is None else key
            if target is not None:
                share = _shared(column, own[target])
                if share >= SHARED:
                    found.append(Join(name, key, share))
    if found:
        return max(found, key=lambda join: (round(join.share, 1), join.lead_key is None))
    named = best_column(LEAD_NAMES["lead_id"][:3], file.columns)
    return None if named is None else Join(named, None, 0.0)


def _shared(column: ColumnProfile, other: ColumnProfile) -> float:
    """The share of a column's values that the other has as well.

    Short numbers are shared by chance, so they count only where the names speak of one thing.
    """
    if len(column.levels) < min(3, len(other.levels)):
        return 0.0
    short = all(len(level) <= SHORT_NUMBER and level.isdecimal() for level in column.levels)
    if short and not _named_alike(column.name, other.name):
        return 0.0
    return len(column.levels.keys() & other.levels.keys()) / len(column.levels)


def _named_alike(name: str, other: str) -> bool:
    """Whether two columns seem to name one thing: `deal_id` and `Id`, `who` and `Who id`."""
    plain, known = plain_name(name), plain_name(other)
    ids = LEAD_NAMES["lead_id"]
    return plain in known or known in plain or (plain in ids and known in ids)
