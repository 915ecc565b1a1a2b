"""Raw rows against the contract: their values column by column, or why a row is refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm.rejections import Rejection
from crm.tables import Block
from leads.attributes import AttributeType, read_number, read_value
from leads.clock import format_time, is_ambiguous, parse_time
from leads.contract import (
    DIRECTIONS,
    LEADS,
    MAX_NAME_LENGTH,
    MAX_TEXT_LENGTH,
    Column,
    Table,
    is_missing,
)
from leads.errors import InvalidInputError, InvalidTableError
from leads.pipelines import DEFAULT_PIPELINE, Pipelines

Cells = Sequence[str | None]


@dataclass(frozen=True)
class Rules:
    """What rows are checked against, beside the contract; `pipelines` is None while learning."""

    timezone: ZoneInfo | None = None
    pipelines: Pipelines | None = None
    attribute_types: Mapping[str, AttributeType] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckedRows:
    """The rows of a block that the contract allows.

    `place` is each row's place in the block. `values` has one list for every column of the table,
    None where a cell is missing; `others` the attributes or details, as text.
    """

    place: Sequence[int]
    values: Mapping[str, list[Any]]
    others: Mapping[str, list[str | None]]
    rejections: list[Rejection]
    ambiguous_times: int


@dataclass(frozen=True)
class _Refused:
    reason: str


def check_block(table: Table, block: Block, file: str, rules: Rules) -> CheckedRows:
    """Check some rows; `file` names them in messages.

    Raises `InvalidTableError` for a time without an offset when no time zone is given.
    """
    check = _BlockCheck(block, file, rules)
    values = {column.name: check.read(column) for column in table.columns}
    others = {name: check.read_other(table, name) for name in block.columns if name not in values}
    if table.others is None:
        others = {}
    if "stage" in values:
        check.check_stages(values["stage"], values["pipeline"])
    if "attribute" in values:
        values["value"] = check.read_values(values["attribute"], values["value"])
    if table is LEADS:
        values["pipeline"] = check.read_pipelines(values["pipeline"])
    return check.kept(values, others)


@dataclass
class _BlockCheck:
    """The check of one block: the first reason found against each row, by place."""

    block: Block
    file: str
    rules: Rules
    problems: dict[int, str] = field(default_factory=dict)
    ambiguous_times: int = 0

    def read(self, column: Column) -> list[Any]:
        """The values of a listed column; None where a cell is missing."""
        cells = self.block.columns.get(column.name)
        if cells is None:
            return [None] * len(self.block)
        if column.type == "time":
            return self._read_times(column, cells)
        missing = _Refused("it is empty; fill it") if column.required else None
        if column.name == "value":
            missing = None
        return self._read_cells(column.name, cells, _READERS[column.type], missing)

    def read_other(self, table: Table, name: str) -> list[str | None]:
        """The values of an attribute's or detail's column, as text."""
        attribute_type = self.rules.attribute_types.get(name, "category")
        if table is not LEADS:
            return self._read_cells(name, self.block.columns[name], _read_text, None)
        return self._read_cells(
            name, self.block.columns[name], lambda text: self._typed(text, attribute_type), None
        )

    def read_values(self, names: list[Any], texts: Cells) -> list[str | None]:
        """The values of attribute changes, each read as the type of its attribute."""
        pairs = list(zip(names, texts, strict=True))
        results = {pair: self._attempt_pair(*pair) for pair in dict.fromkeys(pairs)}
        return self._collect("value", pairs, results)

    def check_stages(self, stages: list[Any], pipelines: list[Any]) -> None:
        """Refuse rows whose stage no pipeline has."""
        if self.rules.pipelines is not None:
            pairs = list(zip(stages, pipelines, strict=True))
            known = self.rules.pipelines
            results = {pair: _stage_problem(known, *pair) for pair in dict.fromkeys(pairs)}
            self._collect("stage", pairs, results)

    def read_pipelines(self, names: list[Any]) -> list[str]:
        """The pipelines of leads; refuses rows whose pipeline is not known."""
        filled = [name or DEFAULT_PIPELINE for name in names]
        known = None if self.rules.pipelines is None else self.rules.pipelines.names
        results = {name: _known_pipeline(name, known) for name in dict.fromkeys(filled)}
        return self._collect("pipeline", filled, results)

    def kept(
        self, values: Mapping[str, list[Any]], others: Mapping[str, list[str | None]]
    ) -> CheckedRows:
        """The rows against which nothing was found, and the others as rejections."""
        rejections = [
            self.block.rejection(place, self.problems[place]) for place in sorted(self.problems)
        ]
        rejections = sorted([*rejections, *self.block.broken], key=lambda r: r.row)
        place: Sequence[int] = range(len(self.block))
        if self.problems:
            place = [p for p in place if p not in self.problems]
            values = {name: [column[p] for p in place] for name, column in values.items()}
            others = {name: [column[p] for p in place] for name, column in others.items()}
        return CheckedRows(place, values, others, rejections, self.ambiguous_times)

    def _read_times(self, column: Column, cells: Cells) -> list[Any]:
        missing = _Refused("it is empty; fill it") if column.required else None
        if self.rules.timezone is not None:
            ambiguous = {t for t in set(cells) if _is_ambiguous(t, self.rules.timezone)}
            self.ambiguous_times += sum(text in ambiguous for text in cells) if ambiguous else 0
        return self._read_cells(column.name, cells, self._read_time, missing)

    def _read_time(self, text: str) -> int:
        try:
            return parse_time(text, self.rules.timezone)
        except InvalidInputError as error:
            if self.rules.timezone is None and _is_naive(text):
                raise InvalidTableError(str(error)) from None
            raise

    def _typed(self, text: str, attribute_type: AttributeType) -> str | None:
        """The text of an attribute's value after it was read as its type.

        A local time gets its offset here, so that it means the same wherever it is read later.
        """
        _check_characters(text)
        zone = self.rules.timezone
        if attribute_type == "time" and zone is not None:
            return format_time(parse_time(text, zone))
        read_value(text, attribute_type)
        return text.strip()

    def _attempt_pair(self, name: str | None, text: str | None) -> Any:
        if name is None or text is None:
            return None
        attribute_type = self.rules.attribute_types.get(name, "category")
        return _attempt(lambda t: self._typed(t, attribute_type), text, None, f"{name} ")

    def _read_cells(
        self, name: str, cells: Cells, read: Callable[[str], Any], missing: _Refused | None
    ) -> list[Any]:
        try:
            results = {text: _attempt(read, text, missing) for text in dict.fromkeys(cells)}
        except InvalidTableError:
            raise self._bad_table(name, cells, read) from None
        return self._collect(name, cells, results)

    def _bad_table(self, name: str, cells: Cells, read: Callable[[str], Any]) -> InvalidTableError:
        """The error of the first cell that fails the whole table."""
        for place, text in enumerate(cells):
            try:
                _attempt(read, text, None)
            except InvalidTableError as error:
                return InvalidTableError(
                    f"{self.block.file or self.file}, row {self.block.rows[place]}, {name}: {error}"
                )
        raise AssertionError(name)

    def _collect(self, name: str, keys: Sequence[Any], results: Mapping[Any, Any]) -> list[Any]:
        """The result of each key; rows whose result is a refusal are noted."""
        refused = {key for key, result in results.items() if isinstance(result, _Refused)}
        if refused:
            for place, key in enumerate(keys):
                if key in refused:
                    self.problems.setdefault(place, f"{name}: {results[key].reason}")
        return [results[key] for key in keys]


def _attempt(
    read: Callable[[str], Any], text: str | None, missing: _Refused | None, subject: str = ""
) -> Any:
    if text is None or is_missing(text):
        return missing
    try:
        return read(text)
    except InvalidTableError:
        raise
    except InvalidInputError as error:
        remedy = "" if ";" in str(error) else "; correct the row"
        return _Refused(f"{subject}{error}{remedy}")


def _is_naive(text: str) -> bool:
    try:
        return datetime.fromisoformat(text.strip()).tzinfo is None
    except ValueError:
        return False


def _is_ambiguous(text: str | None, timezone: ZoneInfo) -> bool:
    try:
        return text is not None and is_ambiguous(text, timezone)
    except (ValueError, OverflowError):
        return False


def _check_characters(text: str) -> None:
    if "\0" in text:
        raise InvalidInputError(f"{text[:40]!r} holds a NUL character")


def _read_name(text: str) -> str:
    _check_characters(text)
    if len(text) > MAX_NAME_LENGTH:
        raise InvalidInputError(f"{text[:40]!r}… is longer than {MAX_NAME_LENGTH} characters")
    return text.strip()


def _read_text(text: str) -> str:
    _check_characters(text)
    if len(text) > MAX_TEXT_LENGTH:
        raise InvalidInputError(f"{text[:40]!r}… is longer than {MAX_TEXT_LENGTH:,} characters")
    return text.strip()


def _read_amount(text: str) -> float:
    number = read_number(text)
    if number < 0:
        raise InvalidInputError(f"{text!r} is negative; give 0 or more")
    return number


def _read_direction(text: str) -> str:
    if text.strip() not in DIRECTIONS:
        raise InvalidInputError(f"{text!r} is neither {' nor '.join(DIRECTIONS)}")
    return text.strip()


_READERS: Mapping[str, Callable[[str], Any]] = {
    "identifier": _read_name,
    "name": _read_name,
    "number": _read_amount,
    "text": _read_text,
    "direction": _read_direction,
    "value": _read_text,
}


def _stage_problem(known: Pipelines, stage: Any, pipeline: Any) -> _Refused | None:
    if not isinstance(stage, str) or isinstance(pipeline, _Refused):
        return None
    if known.stage_code(stage, pipeline, None) >= 0:
        return None
    named = "" if pipeline is None else f" of pipeline {pipeline!r}"
    stages = [s for p, s in known.stage_names if pipeline is None or p == pipeline]
    listed = ", ".join(stages[:12]) or f"no stage; known pipelines are {', '.join(known.names)}"
    return _Refused(
        f"{stage!r} is not a stage{named} (known: {listed}); "
        "correct the row or add the stage to pipelines.toml"
    )


def _known_pipeline(name: Any, known: Sequence[str] | None) -> Any:
    if known is None or isinstance(name, _Refused) or name in known:
        return name
    return _Refused(
        f"{name!r} is not a pipeline (known: {', '.join(known)}); "
        "correct the row or add it to pipelines.toml"
    )
