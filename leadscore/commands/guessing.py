"""`leadscore import --guess`: a first mapping of an export, and what it would import."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from crm.checked_tables import TableCounts
from crm.folder import FolderContents, read_folder
from crm.mapping.export import open_mapped_export
from crm.mapping.guess import guess_mapping
from leads.errors import InvalidInputError, InvalidTableError
from leadscore.options import read_timezone
from leadscore.terminal import Progress, say, show_json, show_table, warn

SHOWN_ROWS = 3
SHOWN_CHARACTERS = 24


@dataclass(frozen=True)
class Preview:
    """What a mapping would import: counts and first rows of every table, and the notes."""

    contents: FolderContents
    first_rows: Mapping[str, Sequence[Mapping[str, str | None]]]

    def as_record(self) -> dict[str, Any]:
        """A plain record for `--json`."""
        contents = self.contents
        return {
            "tables": {name: vars(counts) for name, counts in contents.tables.items()},
            "first_rows": {
                name: [dict(row) for row in rows] for name, rows in self.first_rows.items()
            },
            "pipelines": contents.timelines.pipelines.as_records(),
            "attribute_types": dict(contents.attribute_types),
            "first_rejections": dict(contents.first_rejections),
            "warnings": list(contents.warnings),
        }


def guess(
    source: Path, output: Path | None, timezone: str | None, step: Progress, *, as_json: bool
) -> None:
    """Write a first mapping to `output`, or to standard output, and show what it would import.

    Nothing is stored. Raises `InvalidInputError` if `output` is there already.
    """
    if output is not None and output.exists():
        raise InvalidInputError(f"{output} is there already; give another name for --output")
    zone = read_timezone(timezone)
    step("looking at the columns")
    guessed = guess_mapping(source, timezone)
    mapping = guessed.toml()
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "mapping.toml"
        draft.write_text(mapping, encoding="utf-8")
        step("reading what it would import")
        preview, problem = _preview(source, draft, zone)
    if output is not None:
        output.write_text(mapping, encoding="utf-8")
    if as_json:
        shown = None if preview is None else preview.as_record()
        missing = list(guessed.missing)
        show_json(
            {"mapping": mapping, "missing": missing, "would_import": shown, "problem": problem}
        )
        return
    if output is None:
        say(mapping)
    else:
        say(*guessed.missing, f"A first mapping was written to {output}: correct it")
    if preview is None:
        warn(f"note: what it would import cannot be shown before it is corrected: {problem}")
    else:
        _show(preview)
    say("Nothing was stored")


def _preview(
    source: Path, mapping: Path, zone: ZoneInfo | None
) -> tuple[Preview | None, str | None]:
    """What the mapping would import, or why it cannot."""
    try:
        contents = read_folder(source, mapping=mapping, timezone=zone)
        return Preview(contents, _first_rows(source, mapping, zone)), None
    except InvalidTableError as error:
        return None, str(error).replace(str(mapping), "the mapping")


def _first_rows(
    source: Path, mapping: Path, zone: ZoneInfo | None
) -> dict[str, list[dict[str, str | None]]]:
    """The first rows of every table, as they would go into the checks."""
    found: dict[str, list[dict[str, str | None]]] = {}
    for name, table in open_mapped_export(source, mapping, zone).files.items():
        block = next((block for block in table.blocks() if len(block)), None)
        if block is not None:
            found[name] = [
                {column: cells[place] for column, cells in block.columns.items()}
                for place in range(min(SHOWN_ROWS, len(block)))
            ]
    return found


def _show(preview: Preview) -> None:
    contents = preview.contents
    for warning in contents.warnings:
        warn(f"note: {warning}")
    show_table(
        "What it would import",
        ("table", "rows", "stored", "already known", "rejected"),
        [(name, *_counts(counts)) for name, counts in contents.tables.items()],
    )
    for name, reason in contents.first_rejections.items():
        say(f"The first rejected row of {name}: {reason}")
    for name, rows in preview.first_rows.items():
        for row in rows:
            filled = (f"{column}={_short(cell)}" for column, cell in row.items() if cell)
            say(f"{name}: {', '.join(filled)}")
    for pipeline in contents.timelines.pipelines.pipelines:
        say(
            f"Pipeline {pipeline.name}: {' > '.join(pipeline.stages)}; "
            f"won: {', '.join(pipeline.won)}; lost: {', '.join(pipeline.lost)}"
        )


def _counts(counts: TableCounts) -> tuple[str, ...]:
    numbers = (counts.read, counts.stored, counts.already_known, counts.rejected)
    return tuple(f"{number:,}" for number in numbers)


def _short(cell: str) -> str:
    return cell if len(cell) <= SHOWN_CHARACTERS else cell[: SHOWN_CHARACTERS - 1] + "…"
