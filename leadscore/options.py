"""Options that several commands share."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from leads.clock import parse_time
from leads.errors import InvalidInputError
from models.languages import LANGUAGES, Language, language_of

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="A data folder to use instead of the store.")
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", help="A mapping (TOML) of an export's files and columns."),
]
Timezone = Annotated[
    str | None, typer.Option(help="Where times without an offset are from: Europe/Stockholm.")
]
Won = Annotated[list[str] | None, typer.Option(help="A stage that means won; may be repeated.")]
Lost = Annotated[list[str] | None, typer.Option(help="A stage that means lost; may be repeated.")]
Seed = Annotated[int, typer.Option(help="Where random choices start.", min=0, max=1_000_000)]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="FIELD",
        help="Learn from this field, whatever speaks against it; may be repeated.",
    ),
]
Deny = Annotated[
    list[str] | None,
    typer.Option("--deny", metavar="FIELD", help="Do not learn from this field; may be repeated."),
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="The moment to look at: 2026-03-01T10:00:00Z.")
]


Lang = Annotated[
    str | None,
    typer.Option("--lang", help="The language of sentences: en, sv, zh-Hans, zh-Hant."),
]


def read_language(option: str | None, setting: str) -> Language:
    """The language of `--lang`, else that of LEADSCORE_LANGUAGE; `InvalidInputError` for none."""
    asked, named = (setting, "LEADSCORE_LANGUAGE") if option is None else (option, "--lang")
    language = language_of(asked)
    if language is None:
        known = ", ".join(f"{one.tag} ({one.name})" for one in LANGUAGES)
        raise InvalidInputError(f"{named}: {asked!r} is not spoken; give one of {known}")
    return language


def read_timezone(name: str | None) -> ZoneInfo | None:
    """The zone of a name; raises `InvalidInputError` for an unknown one."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInputError(
            f"--timezone: {name!r} is not known; write a place such as Europe/Stockholm, or UTC"
        ) from None


def read_moment(text: str | None, option: str) -> int | None:
    """Microseconds of an option's ISO 8601 time; raises `InvalidInputError` that names it."""
    if text is None:
        return None
    try:
        return parse_time(text)
    except InvalidInputError as error:
        reason = str(error).replace(" or give --timezone", ", such as Z")
        raise InvalidInputError(f"{option}: {reason}") from None
