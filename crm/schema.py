"""The tables of the store.

Rows of `leads`, `events` and `commits` are never changed. Times are microseconds
since the epoch; `sequence` is the commit that wrote a row.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA_NUMBER = 1

metadata = MetaData()
_RowNumber = BigInteger().with_variant(Integer, "sqlite")


def _sequence() -> Column[int]:
    return Column("sequence", ForeignKey("commits.sequence"), nullable=False)


meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
commits = Table(
    "commits",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("committed_at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("origin", Text, nullable=False),
)
pipelines = Table(
    "pipelines",
    metadata,
    Column("name", Text, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("definition", Text, nullable=False),
    _sequence(),
)
attribute_types = Table(
    "attribute_types",
    metadata,
    Column("name", Text, primary_key=True),
    Column("type", Text, nullable=False),
    _sequence(),
)
leads = Table(
    "leads",
    metadata,
    Column("lead_id", Text, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("pipeline", Text, nullable=False),
    Column("continues", Text),
    Column("attributes", Text, nullable=False),
    Column("origin", Text, nullable=False),
    _sequence(),
)
# Long texts come last, so that reading timelines passes over them.
events = Table(
    "events",
    metadata,
    Column("id", _RowNumber, primary_key=True),
    Column("lead_id", Text, nullable=False),
    Column("type", SmallInteger, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("pipeline", Text),
    Column("value", Text),
    Column("direction", Text),
    Column("actor", Text),
    Column("duration_seconds", Double),
    Column("result", Text),
    Column("origin", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    _sequence(),
    Column("reason", Text),
    Column("details", Text),
    Column("text", Text),
    UniqueConstraint("origin", "event_id"),
    Index("ix_events_lead_id", "lead_id"),
)
champions = Table(
    "champions",
    metadata,
    Column("sequence", ForeignKey("commits.sequence"), primary_key=True),
    Column("version", Text, nullable=False),
    Column("manifest_hash", Text, nullable=False),
    Column("promoted_at", BigInteger, nullable=False),
)
scores = Table(
    "scores",
    metadata,
    Column("lead_id", Text, primary_key=True),
    Column("as_of", BigInteger, nullable=False),
    Column("pipeline", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("owner", Text),
    Column("status", Text, nullable=False),
    Column("win_probability", Double),
    Column("score", Integer),
    Column("base_probability", Double),
    Column("factors", Text, nullable=False),
    Column("model_version", Text, nullable=False),
)
