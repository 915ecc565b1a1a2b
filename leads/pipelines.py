"""Pipelines: their stages in order, which of them close a lead, and how both are recognised."""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from leads.arrays import Int8s, Int16s
from leads.errors import InvalidInputError, InvalidTableError

Outcome = Literal["open", "won", "lost"]
OPEN, WON, LOST = 0, 1, -1

DEFAULT_PIPELINE = "default"
DEFAULT_WINDOW_DAYS = 365

# The usual names of closing stages, compared without case, accents, spaces and punctuation.
WON_NAMES = (
    "won", "closed won", "deal won", "vunnen", "vunnet", "affär vunnen", "gewonnen", "ganado",
    "gagné", "paid", "payment done", "sold", "success", "successful", "converted", "signed",
    "customer", "kund", "成交", "已成交", "赢单", "已赢单", "签约", "贏單", "已贏單", "簽約",
)  # fmt: skip
LOST_NAMES = (
    "lost", "closed lost", "deal lost", "förlorad", "förlorat", "affär förlorad", "verloren",
    "perdido", "perdu", "dead", "disqualified", "unqualified", "rejected", "declined", "cancelled",
    "canceled", "abandoned", "failed", "junk", "not won", "ej vunnen", "输单", "流失", "失败",
    "丢单", "无效", "已取消", "輸單", "失敗", "丟單", "無效",
)  # fmt: skip


def plain_name(name: str) -> str:
    """A stage's name for comparison: no case, accents, spaces or punctuation."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[\W_]", "", "".join(c for c in decomposed if not unicodedata.combining(c)))


_PLAIN_WON = frozenset(map(plain_name, WON_NAMES))
_PLAIN_LOST = frozenset(map(plain_name, LOST_NAMES))
# One of these words is enough, as in "Closed Won (renewal)" or "9 - Lost".
_WON_WORDS = frozenset(
    plain_name(word) for word in ("won", "vunnen", "vunnet", "gewonnen", "成交", "赢单", "贏單")
)
_LOST_WORDS = frozenset(
    plain_name(word) for word in ("lost", "förlorad", "förlorat", "verloren", "输单", "輸單")
)


def recognise_outcome(stage: str) -> Outcome:
    """Whether a stage's name says that it closes a lead, in the languages of the product."""
    plain = plain_name(stage)
    words = {plain_name(word) for word in re.split(r"[\W_]+", stage)}
    if plain in _PLAIN_WON:
        return "won"
    # Before the words of winning: "Lost (won by a competitor)" is lost.
    if plain in _PLAIN_LOST or words & _LOST_WORDS:
        return "lost"
    return "won" if words & _WON_WORDS else "open"


@dataclass(frozen=True)
class Pipeline:
    """A pipeline: open stages in order, the closing ones, the stages after a win, the window.

    `window_days` is what "will be won" means. Raises `InvalidInputError` when stages are missing,
    repeated, or none of them wins or loses.
    """

    name: str
    stages: tuple[str, ...]
    won: tuple[str, ...]
    lost: tuple[str, ...]
    after: tuple[str, ...] = ()
    window_days: float = DEFAULT_WINDOW_DAYS

    def __post_init__(self) -> None:
        for part in ("stages", "won", "lost"):
            if not getattr(self, part):
                raise InvalidInputError(
                    f"pipeline {self.name!r} names no `{part}`; add them to pipelines.toml"
                    + ("" if part == "stages" else f" or give --{part}")
                )
        repeated = [stage for stage, times in Counter(self.all_stages).items() if times > 1]
        if repeated:
            raise InvalidInputError(
                f"pipeline {self.name!r} names the stage {repeated[0]!r} twice; keep one"
            )
        if not 0 < self.window_days <= 3650:
            raise InvalidInputError(
                f"pipeline {self.name!r}: window_days is {self.window_days}; "
                "give a number of days from 1 to 3650"
            )

    @property
    def all_stages(self) -> tuple[str, ...]:
        """Every stage, in the order of ties: open ones, won, after, lost."""
        return self.stages + self.won + self.after + self.lost

    def outcome(self, stage: str) -> Outcome:
        """What being in a stage says of the lead; a stage after a win implies won."""
        if stage in self.lost:
            return "lost"
        return "open" if stage in self.stages else "won"


@dataclass(frozen=True)
class Pipelines:
    """All pipelines of a store or folder, with their stages numbered for compiled code.

    A stage's code is its place in `stage_names`; `first_code[p]` is the code of pipeline `p`'s
    first stage, where a lead without a stage change is.
    """

    pipelines: tuple[Pipeline, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The pipelines' names, in order of their codes."""
        return tuple(pipeline.name for pipeline in self.pipelines)

    @cached_property
    def stage_names(self) -> tuple[tuple[str, str], ...]:
        """(pipeline, stage) for every stage code."""
        return tuple((p.name, stage) for p in self.pipelines for stage in p.all_stages)

    @cached_property
    def code_of(self) -> Mapping[tuple[str, str], int]:
        """The stage code of (pipeline, stage)."""
        return {pair: code for code, pair in enumerate(self.stage_names)}

    @cached_property
    def pipeline_code_of(self) -> Mapping[str, int]:
        """The code of a pipeline's name."""
        return {name: code for code, name in enumerate(self.names)}

    @cached_property
    def stage_pipeline(self) -> Int16s:
        """The pipeline's code, one per stage code."""
        counts = [len(p.all_stages) for p in self.pipelines]
        return np.repeat(np.arange(len(counts), dtype=np.int16), counts)

    @cached_property
    def stage_order(self) -> Int16s:
        """The place of a stage in its pipeline's `all_stages`, one per stage code."""
        orders = [np.arange(len(p.all_stages), dtype=np.int16) for p in self.pipelines]
        return np.concatenate(orders) if orders else np.zeros(0, np.int16)

    @cached_property
    def stage_outcome(self) -> Int8s:
        """OPEN, WON or LOST, one per stage code."""
        codes = {"open": OPEN, "won": WON, "lost": LOST}
        outcomes = [codes[p.outcome(stage)] for p in self.pipelines for stage in p.all_stages]
        return np.array(outcomes, dtype=np.int8)

    @cached_property
    def first_code(self) -> Int16s:
        """The stage code of each pipeline's first stage."""
        return np.array([self.code_of[p.name, p.stages[0]] for p in self.pipelines], np.int16)

    @cached_property
    def _pipeline_with_stage(self) -> Mapping[str, str]:
        return {stage: pipeline for pipeline, stage in reversed(self.stage_names)}

    def __getitem__(self, name: str) -> Pipeline:
        return self.pipelines[self.pipeline_code_of[name]]

    def stage_code(self, stage: str, pipeline: str | None, lead_pipeline: str | None) -> int:
        """The code of a stage as written in a stage change, or -1 for an unknown one.

        It is looked up in the pipeline that the change names; without one in the lead's own, then
        in the first pipeline that has such a stage. No other event decides, so that no later one
        can change what an earlier one meant.
        """
        if pipeline is not None:
            return self.code_of.get((pipeline, stage), -1)
        if lead_pipeline is not None and (lead_pipeline, stage) in self.code_of:
            return self.code_of[lead_pipeline, stage]
        other = self._pipeline_with_stage.get(stage)
        return -1 if other is None else self.code_of[other, stage]

    def as_records(self) -> list[dict[str, Any]]:
        """Plain records, as in `pipelines.toml`; `pipelines_from_records` reads them."""
        return [
            {
                "name": p.name,
                "stages": list(p.stages),
                "won": list(p.won),
                "lost": list(p.lost),
                "after": list(p.after),
                "window_days": p.window_days,
            }
            for p in self.pipelines
        ]


# What a pipeline of `pipelines.toml` may say, and what each means.
PIPELINE_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "name": f"the pipeline; leads that name none are in `{DEFAULT_PIPELINE}`",
        "stages": "the open stages, in order; a lead without a stage change is in the first",
        "won": "the stages that mean won",
        "lost": "the stages that mean lost",
        "after": "stages that come after a win; being in one implies won",
        "window_days": "what “will be won” means: within so many days after the moment of the "
        f"score; {DEFAULT_WINDOW_DAYS} if absent",
    }
)


def pipelines_from_records(records: Iterable[Mapping[str, Any]], where: str) -> Pipelines:
    """Pipelines from records as in `pipelines.toml`; `where` names their source in messages."""
    pipelines = tuple(_pipeline_from_record(record, where) for record in records)
    if not pipelines:
        raise InvalidTableError(f"{where} has no [[pipeline]]; write one or remove the file")
    repeated = [n for n, times in Counter(p.name for p in pipelines).items() if times > 1]
    if repeated:
        raise InvalidTableError(f"{where} names the pipeline {repeated[0]!r} twice; keep one")
    return Pipelines(pipelines)


def read_pipelines(path: Path) -> Pipelines:
    """Read `pipelines.toml`; raises `InvalidTableError` that names the file and the mistake."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidTableError(f"{path} is not TOML: {error}; correct it") from None
    records = document.get("pipeline", [])
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise InvalidTableError(f"{path}: write each pipeline under [[pipeline]], twice bracketed")
    return pipelines_from_records(records, str(path))


def _pipeline_from_record(record: Mapping[str, Any], where: str) -> Pipeline:
    unknown = sorted(set(record) - set(PIPELINE_KEYS))
    if unknown:
        raise InvalidTableError(
            f"{where}: unknown key {unknown[0]!r} in a pipeline; "
            f"known are {', '.join(sorted(PIPELINE_KEYS))}"
        )
    name = record.get("name")
    if not isinstance(name, str) or not name:
        raise InvalidTableError(f'{where}: a pipeline has no name; add name = "…"')
    window_days = record.get("window_days", DEFAULT_WINDOW_DAYS)
    if isinstance(window_days, bool) or not isinstance(window_days, int | float):
        raise InvalidTableError(
            f"{where}: window_days of pipeline {name!r} is not a number of days"
        )
    lists = {
        part: _stage_list(record, part, name, where) for part in ("stages", "won", "lost", "after")
    }
    try:
        return Pipeline(name=name, window_days=window_days, **lists)
    except InvalidInputError as error:
        raise InvalidTableError(f"{where}: {error}") from None


def _stage_list(record: Mapping[str, Any], part: str, name: str, where: str) -> tuple[str, ...]:
    stages = record.get(part, [])
    if not isinstance(stages, list) or not all(isinstance(s, str) and s for s in stages):
        raise InvalidTableError(
            f"{where}: `{part}` of pipeline {name!r} is not a list of stage names"
        )
    return tuple(stages)


def learn_pipeline(
    name: str,
    histories: Iterable[Sequence[str]],
    won: Sequence[str] = (),
    lost: Sequence[str] = (),
) -> Pipeline:
    """Learn a pipeline from the stages that each lead went through, in order.

    Stages are ordered by their mean rank among the first visits of each lead, ties by name;
    closing stages are those given, else those whose name says so. Raises `InvalidTableError`
    when no stage wins or none loses.
    """
    ranks: dict[str, list[int]] = {}
    for history in histories:
        for rank, stage in enumerate(dict.fromkeys(history)):
            ranks.setdefault(stage, []).append(rank)
    outcomes = {stage: _given_outcome(stage, won, lost) for stage in ranks}
    for part, given in (("won", won), ("lost", lost)):
        if not given and part not in outcomes.values():
            seen = ", ".join(repr(stage) for stage in sorted(ranks)[:12]) or "none"
            raise InvalidTableError(
                f"pipeline {name!r}: no stage is recognised as {part} (stages seen: {seen}); "
                f"give --{part} STAGE or write pipelines.toml"
            )
    order = sorted(ranks, key=lambda stage: (sum(ranks[stage]) / len(ranks[stage]), stage))
    parts = {
        part: tuple(stage for stage in order if outcomes[stage] == part)
        for part in ("open", "won", "lost")
    }
    return Pipeline(
        name=name,
        stages=parts["open"] or ("New",),
        won=tuple(dict.fromkeys((*won, *parts["won"]))),
        lost=tuple(dict.fromkeys((*lost, *parts["lost"]))),
    )


def _given_outcome(stage: str, won: Sequence[str], lost: Sequence[str]) -> Outcome:
    if stage in won:
        return "won"
    if stage in lost:
        return "lost"
    recognised = recognise_outcome(stage)
    if (recognised == "won" and won) or (recognised == "lost" and lost):
        return "open"
    return recognised
