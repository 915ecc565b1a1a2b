"""The current score of every lead, and the leads ranked by it, page by page."""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select

from crm import schema
from leads.errors import InvalidInputError

_ROWS_AT_ONCE = 5_000
MAX_LIMIT = 1_000
_KEYS: Mapping[str, ColumnElement[Any]] = {
    "score": schema.scores.c.win_probability,
    "lead_id": schema.scores.c.lead_id,
}
SORTS = tuple(f"{sign}{name}" for name in _KEYS for sign in ("-", ""))


@dataclass(frozen=True)
class CurrentScore:
    """What the champion says of a lead now; numbers are None for a won or lost one.

    `as_of` is in microseconds since the epoch; `factors` are plain records.
    """

    lead_id: str
    as_of: int
    pipeline: str
    stage: str
    owner: str | None
    status: str
    win_probability: float | None
    score: int | None
    base_probability: float | None
    factors: Sequence[Any]
    model_version: str


@dataclass(frozen=True)
class RankedPage:
    """Some of the ranked leads; `total` counts all that match, `next_cursor` is None at the end."""

    items: tuple[CurrentScore, ...]
    next_cursor: str | None
    total: int


@dataclass(frozen=True)
class Ranking:
    """Which leads to list and in which order: `-score` is the highest first."""

    pipeline: str | None = None
    stage: str | None = None
    owner: str | None = None
    min_score: int | None = None
    sort: str = "-score"

    def __post_init__(self) -> None:
        if self.sort not in SORTS:
            raise InvalidInputError(
                f"sort: {self.sort!r} is not known; give one of {', '.join(SORTS)}"
            )

    @property
    def descending(self) -> bool:
        """Whether the highest comes first."""
        return self.sort.startswith("-")

    @property
    def key(self) -> ColumnElement[Any]:
        """What is sorted by; leads without a score come last."""
        column = _KEYS[self.sort.removeprefix("-")]
        return func.coalesce(column, -1.0 if self.descending else 2.0)

    def filters(self) -> list[ColumnElement[bool]]:
        """The conditions on the leads to list."""
        table = schema.scores.c
        wanted = {"pipeline": self.pipeline, "stage": self.stage, "owner": self.owner}
        found = [table[name] == value for name, value in wanted.items() if value is not None]
        return found if self.min_score is None else [*found, table.score >= self.min_score]


def write_scores(connection: Connection, current: Iterable[CurrentScore]) -> None:
    """Put these scores in the place of all there are."""
    connection.execute(schema.scores.delete())
    rows = map(_row, current)
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        connection.execute(insert(schema.scores), some)


def read_page(
    connection: Connection, ranking: Ranking, limit: int, cursor: str | None
) -> RankedPage:
    """The leads after a cursor; raises `InvalidInputError` for a limit or cursor that is none."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInputError(f"limit: {limit} is not from 1 to {MAX_LIMIT}; give such a number")
    key, lead_id = ranking.key, schema.scores.c.lead_id
    filters = ranking.filters()
    total = connection.scalar(select(func.count()).select_from(schema.scores).where(*filters))
    if cursor is not None:
        filters.append(_after(key, lead_id, *_read_cursor(cursor, ranking), ranking.descending))
    query = (
        select(schema.scores, key.label("key"))
        .where(*filters)
        .order_by(key.desc() if ranking.descending else key, lead_id)
        .limit(limit + 1)
    )
    rows = connection.execute(query).all()
    more = _write_cursor(rows[limit - 1], ranking) if len(rows) > limit else None
    return RankedPage(tuple(map(_score, rows[:limit])), more, total or 0)


def _after(
    key: ColumnElement[Any], lead_id: ColumnElement[str], last_key: Any, last_id: str, down: bool
) -> ColumnElement[bool]:
    beyond = key < last_key if down else key > last_key
    return or_(beyond, and_(key == last_key, lead_id > last_id))


def _write_cursor(row: Row[Any], ranking: Ranking) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([ranking.sort, row.key, row.lead_id])).decode()


def _read_cursor(cursor: str, ranking: Ranking) -> tuple[Any, str]:
    """The key and the lead id that a page ended with."""
    try:
        sort, key, lead_id = orjson.loads(base64.b64decode(cursor, b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        sort, key, lead_id = None, None, None
    kind = str if "lead_id" in ranking.sort else float
    if sort != ranking.sort or not isinstance(key, kind) or not isinstance(lead_id, str):
        raise InvalidInputError(
            f"cursor: {cursor[:40]!r} does not belong to this list; "
            "take next_cursor of the page before, with the same sort"
        )
    return key, lead_id


def _row(score: CurrentScore) -> dict[str, Any]:
    values = {field.name: getattr(score, field.name) for field in fields(score)}
    return values | {"factors": orjson.dumps(list(score.factors)).decode()}


def _score(row: Row[Any]) -> CurrentScore:
    values = {field.name: getattr(row, field.name) for field in fields(CurrentScore)}
    return CurrentScore(**values | {"factors": orjson.loads(row.factors)})
