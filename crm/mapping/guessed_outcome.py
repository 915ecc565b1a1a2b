"""What a guess says where it finds no column, or no stage, that tells who was won and lost."""

from collections.abc import Mapping, Sequence

from crm.mapping.draft import text
from crm.mapping.guessed_leads import MAX_STAGES, LeadColumns
from crm.mapping.profiles import ColumnProfile
from leads.pipelines import Outcome

_SHOWN_COLUMNS, _SHOWN_VALUES, _SHOWN_CHARACTERS = 6, 4, 24


def missing_outcome(leads: LeadColumns, stages: Mapping[Outcome, Sequence[str]]) -> tuple[str, ...]:
    """Sentences for a person: nothing if both a won and a lost stage were recognised.

    Columns of few values are named, as one of them may be the stage.
    """
    missing = [part for part in ("won", "lost") if not stages.get(part)]
    if not missing:
        return ()
    if len(missing) == 1:
        [part] = missing
        said = f"NO STAGE IS RECOGNISED AS {part.upper()}: write yours as {part} in [[pipeline]]."
        return (said,)
    found = "; ".join(_candidates(leads))
    named = f"columns of few values: {found}" if found else "no column has few values"
    return (
        "NO OUTCOME WAS FOUND: nothing says which leads were won or lost: nothing can be learned.",
        f"Name the column of the stage in [read.outcome] and its stages in [[pipeline]] ({named}).",
    )


def _candidates(leads: LeadColumns) -> list[str]:
    """Columns of few values with their most frequent ones, those of the fewest first."""
    columns = [column for column in leads.file.columns.values() if _may_be_stage(column)]
    columns.sort(key=lambda column: len(column.levels))
    return [_shown(column) for column in columns[:_SHOWN_COLUMNS]]


def _may_be_stage(column: ColumnProfile) -> bool:
    levels = len(column.levels)
    is_shared = levels < len(column.filled)
    return 2 <= levels <= MAX_STAGES and is_shared and column.time is None


def _shown(column: ColumnProfile) -> str:
    values = [_cut(value) for value, _ in column.levels.most_common(_SHOWN_VALUES)]
    more = ", …" if len(column.levels) > _SHOWN_VALUES else ""
    return f"{text(column.name)} with {', '.join(values)}{more}"


def _cut(value: str) -> str:
    """A value without line breaks, as it stands in a comment."""
    short = value if len(value) <= _SHOWN_CHARACTERS else value[: _SHOWN_CHARACTERS - 1] + "…"
    return text(short)
