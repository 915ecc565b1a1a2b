"""What an import settles before its rows are checked: pipelines and the types of attributes."""

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np

from crm.data_folder import DataFolder
from crm.validation import CheckedRows, Rules, check_block
from leads.attributes import AttributeType, infer_type
from leads.contract import ATTRIBUTE_CHANGES, LEADS, STAGE_CHANGES, Table, is_missing
from leads.errors import InvalidTableError
from leads.pipelines import DEFAULT_PIPELINE, Pipeline, Pipelines, learn_pipeline

SAMPLE_ROWS = 100_000
SAMPLE_CELLS = 2_000_000


@dataclass(frozen=True)
class Choices:
    """What the caller of an import says about a folder."""

    timezone: ZoneInfo | None = None
    won: Sequence[str] = ()
    lost: Sequence[str] = ()


@dataclass(frozen=True)
class Settled:
    """What rows are checked against; `learned`: the pipelines were learned from this folder."""

    rules: Rules
    pipelines: Pipelines
    learned: bool
    warnings: tuple[str, ...]


def settle(
    folder: DataFolder,
    choices: Choices,
    stored: Pipelines | None = None,
    fixed: Mapping[str, AttributeType] = MappingProxyType({}),
) -> Settled:
    """Settle pipelines and types; `stored` and `fixed` are those that a store already has.

    `pipelines.toml` extends the stored pipelines; without it the stored ones stand; without both
    they are learned. Raises `InvalidTableError` when the file contradicts the stored ones.
    """
    warnings = list(folder.warnings)
    learned = folder.pipelines_file is None and stored is None
    if learned:
        pipelines = learn_pipelines(folder, choices)
        warnings += [_told(pipeline, folder) for pipeline in pipelines.pipelines]
    else:
        pipelines = _given_pipelines(folder, stored)
        if choices.won or choices.lost:
            warnings.append("--won and --lost are not used: the pipelines are known already")
    rules = Rules(choices.timezone or folder.timezone, pipelines, settle_types(folder, fixed))
    return Settled(rules, pipelines, learned, tuple(warnings))


def _given_pipelines(folder: DataFolder, stored: Pipelines | None) -> Pipelines:
    given = folder.pipelines()
    if given is None:
        return stored or Pipelines(())
    return given if stored is None else _extended(stored, given, folder)


def _extended(stored: Pipelines, given: Pipelines, folder: DataFolder) -> Pipelines:
    for pipeline in given.pipelines:
        if pipeline.name in stored.names:
            _check_extends(stored[pipeline.name], pipeline, folder)
    merged = {pipeline.name: pipeline for pipeline in (*stored.pipelines, *given.pipelines)}
    return Pipelines(tuple(merged.values()))


def _check_extends(old: Pipeline, new: Pipeline, folder: DataFolder) -> None:
    for part in ("stages", "won", "lost", "after"):
        before, now = getattr(old, part), getattr(new, part)
        if now[: len(before)] != before:
            raise InvalidTableError(
                f"{folder.pipelines_file}: `{part}` of pipeline {old.name!r} is {list(now)}, in "
                f"the store it is {list(before)}; keep those and add new ones behind them"
            )
    if old.window_days != new.window_days:
        raise InvalidTableError(
            f"{folder.pipelines_file}: window_days of pipeline {old.name!r} is {new.window_days}, "
            f"in the store it is {old.window_days}; keep that"
        )


def settle_types(
    folder: DataFolder, fixed: Mapping[str, AttributeType]
) -> dict[str, AttributeType]:
    """The type of every attribute: those already fixed or given, others inferred from a sample.

    An attribute without any value in the sample stays open.
    """
    types = {**folder.attribute_types, **fixed}
    for name, values in _attribute_samples(folder, dict(types)).items():
        if not all(map(is_missing, values)):
            types[name] = infer_type(values)
    return types


def _attribute_samples(
    folder: DataFolder, fixed: Mapping[str, AttributeType]
) -> dict[str, list[str | None]]:
    """The first values of each attribute whose type is not fixed."""
    samples: dict[str, list[str | None]] = {}
    leads = folder.files[LEADS.name]
    names = [n for n in leads.columns if n not in LEADS.names and n not in fixed]
    rows = min(SAMPLE_ROWS, SAMPLE_CELLS // max(len(names), 1))
    for columns in _first_rows(folder, LEADS, rows):
        for name in names:
            samples.setdefault(name, []).extend(columns[name])
    for columns in _first_rows(folder, ATTRIBUTE_CHANGES, SAMPLE_ROWS):
        for attribute, value in zip(columns["attribute"], columns["value"], strict=True):
            if attribute is not None and attribute.strip() not in fixed:
                samples.setdefault(attribute.strip(), []).append(value)
    return samples


def _first_rows(
    folder: DataFolder, table: Table, limit: int
) -> Iterator[Mapping[str, Sequence[str | None]]]:
    """The columns of a table's first blocks, cut at a number of rows."""
    if table.name not in folder.files:
        return
    for block in folder.files[table.name].blocks():
        yield {name: cells[:limit] for name, cells in block.columns.items()}
        limit -= len(block)
        if limit <= 0:
            return


def learn_pipelines(folder: DataFolder, choices: Choices) -> Pipelines:
    """Pipelines learned from the stages that each lead went through, ties in the file's order.

    Raises `InvalidTableError` when no stage is recognised as won or as lost.
    """
    rules = Rules(choices.timezone or folder.timezone)
    pipeline_of: dict[str, str] = {}
    names: dict[str, None] = {}
    if "pipeline" in folder.files[LEADS.name].columns:
        for checked in _checked_blocks(folder, LEADS, rules):
            names.update(dict.fromkeys(checked.values["pipeline"]))
            pairs = zip(checked.values["lead_id"], checked.values["pipeline"], strict=True)
            pipeline_of.update(pair for pair in pairs if pair[1] != DEFAULT_PIPELINE)
    histories = _Histories(pipeline_of)
    for checked in _checked_blocks(folder, STAGE_CHANGES, rules):
        histories.add(checked)
    names.update(dict.fromkeys(histories.pipelines or [DEFAULT_PIPELINE]))
    _check_given(choices, {s for name in names for h in histories.of(name) for s in h}, folder)
    try:
        learned = [
            learn_pipeline(name, histories.of(name), choices.won, choices.lost) for name in names
        ]
    except InvalidTableError as error:
        raise InvalidTableError(f"{folder.path} has no pipelines.toml; {error}") from None
    return Pipelines(tuple(learned))


def _told(pipeline: Pipeline, folder: DataFolder) -> str:
    """What was learned of a pipeline, for a person to check."""
    where = "pipelines.toml" if folder.account is None else "[[pipeline]] in the mapping"
    return (
        f"no {where}: learned pipeline {pipeline.name!r} from the histories, stages "
        f"{' > '.join(pipeline.stages)}; won: {', '.join(pipeline.won)}; "
        f"lost: {', '.join(pipeline.lost)}; if that is wrong, write {where}"
    )


def _check_given(choices: Choices, seen: Collection[str], folder: DataFolder) -> None:
    """Refuse a stage of `--won` or `--lost` that no lead was ever in: it is a typing error."""
    for option, given in (("--won", choices.won), ("--lost", choices.lost)):
        for stage in given:
            if stage not in seen:
                names = ", ".join(repr(name) for name in sorted(seen))
                raise InvalidTableError(
                    f"{option} {stage!r}: no lead of {folder.path} was in that stage; "
                    f"the stages are {names}"
                )


def _checked_blocks(folder: DataFolder, table: Table, rules: Rules) -> Iterator[CheckedRows]:
    if table.name in folder.files:
        file = folder.files[table.name]
        for block in file.blocks():
            yield check_block(table, block, file.name, rules)


@dataclass
class _Histories:
    """All stage changes in 16 bytes each, so that large files can be learned from."""

    pipeline_of: Mapping[str, str]
    leads: dict[str, int] = field(default_factory=dict)
    stages: dict[tuple[str, str], int] = field(default_factory=dict)
    lead: "array[int]" = field(default_factory=lambda: array("i"))
    stage: "array[int]" = field(default_factory=lambda: array("i"))
    occurred_at: "array[int]" = field(default_factory=lambda: array("q"))

    @property
    def pipelines(self) -> list[str]:
        """The pipelines that stage changes belong to."""
        return [pipeline for pipeline, _ in self.stages]

    def add(self, checked: CheckedRows) -> None:
        """Note the stage changes of a block."""
        columns = (checked.values[name] for name in ("lead_id", "stage", "pipeline"))
        for lead_id, stage, named in zip(*columns, strict=True):
            pipeline = named or self.pipeline_of.get(lead_id, DEFAULT_PIPELINE)
            self.lead.append(self.leads.setdefault(lead_id, len(self.leads)))
            self.stage.append(self.stages.setdefault((pipeline, stage), len(self.stages)))
        self.occurred_at.extend(checked.values["occurred_at"])

    def of(self, pipeline: str) -> Iterable[list[str]]:
        """The stages of one pipeline that each lead went through, in order of time."""
        names = list(self.stages)
        own = np.array([name == pipeline for name, _ in names], bool)
        lead, stage = np.array(self.lead, np.int32), np.array(self.stage, np.int32)
        rows = np.flatnonzero(own[stage]) if len(names) else np.zeros(0, np.int64)
        order = rows[np.lexsort((np.array(self.occurred_at, np.int64)[rows], lead[rows]))]
        pairs = zip(lead[order].tolist(), stage[order].tolist(), strict=True)
        for _, moves in groupby(pairs, key=lambda pair: pair[0]):
            yield [names[code][1] for _, code in moves]
