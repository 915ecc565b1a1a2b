"""Moments: whole microseconds since 1970-01-01T00:00Z, and their ISO 8601 text."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from leads.errors import InvalidInputError

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

FIRST_YEAR, LAST_YEAR = 1900, 2199
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
EARLIEST_US = (datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
LATEST_US = (datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND - 1


def microseconds(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(at_us: int) -> datetime:
    """The aware UTC datetime of microseconds since the epoch."""
    return _EPOCH + timedelta(microseconds=int(at_us))


def format_time(at_us: int) -> str:
    """ISO 8601 in UTC with a `Z`; fractions of a second only where there are any."""
    return moment_of(at_us).isoformat().replace("+00:00", "Z")


def now_us() -> int:
    """The machine's clock."""
    return microseconds(datetime.now(UTC))


def parse_time(text: str, timezone: ZoneInfo | None = None) -> int:
    """Read an ISO 8601 time.

    A naive time is read in `timezone`: an ambiguous one is its first occurrence. Raises
    `InvalidInputError` for text that is no time, for a naive time without `timezone`, for a
    local time that the clocks skipped, and for years outside 1901 to 2198.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInputError(
            f"{text!r} is not an ISO 8601 time such as 2026-03-01T10:00:00Z"
        ) from None
    if not FIRST_YEAR < moment.year < LAST_YEAR:
        raise InvalidInputError(
            f"{text!r} is outside the years {FIRST_YEAR + 1} to {LAST_YEAR - 1}"
        )
    if moment.tzinfo is None:
        moment = _localised(moment, text, timezone)
    return microseconds(moment)


def is_ambiguous(text: str, timezone: ZoneInfo) -> bool:
    """Whether a naive local time occurs twice in `timezone` (clocks set back)."""
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is not None:
        return False
    early, late = (moment.replace(tzinfo=timezone, fold=fold).utcoffset() for fold in (0, 1))
    return early is not None and late is not None and early > late


def _localised(moment: datetime, text: str, timezone: ZoneInfo | None) -> datetime:
    if timezone is None:
        raise InvalidInputError(f"{text!r} has no time zone; write an offset or give --timezone")
    local = moment.replace(tzinfo=timezone)
    if local.astimezone(UTC).astimezone(timezone).replace(tzinfo=None) != moment:
        raise InvalidInputError(
            f"{text!r} does not exist in {timezone.key}: the clocks skipped it; correct the row"
        )
    return local
