"""Ready-made pipelines: well-known funnels as `pipelines.toml`, to write out and edit."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from leads.errors import InvalidInputError
from leads.pipelines import Pipeline, read_pipelines

FOLDER = Path(__file__).with_name("pipelines")
# What most sales teams keep, the win counted as one stage.
FEWEST_STAGES, MOST_STAGES = 5, 7


@dataclass(frozen=True)
class ReadyPipeline:
    """A ready-made pipeline and the text of its file.

    `about` is the first line of the file: its stages and what it is for. `kinds` are the kinds of
    interaction that go with it, each with what belongs to it; most pipelines have none.
    """

    name: str
    about: str
    pipeline: Pipeline
    kinds: Mapping[str, str]
    text: str


def ready_pipelines() -> tuple[ReadyPipeline, ...]:
    """Every ready-made pipeline, by name."""
    return tuple(_read(path) for path in sorted(FOLDER.glob("*.toml")))


def ready_pipeline(name: str) -> ReadyPipeline:
    """A ready-made pipeline; raises `InvalidInputError` that lists them for an unknown name."""
    known = {ready.name: ready for ready in ready_pipelines()}
    if name not in known:
        raise InvalidInputError(f"no ready-made pipeline is named {name!r}; take {_listed(known)}")
    return known[name]


def length_remark(pipeline: Pipeline) -> str | None:
    """What speaks against a pipeline's number of stages; None if it is the usual five to seven."""
    n = len(pipeline.stages) + 1
    if FEWEST_STAGES <= n <= MOST_STAGES:
        return None
    counted = f"{n} stages with the win; {FEWEST_STAGES} to {MOST_STAGES} are usual: "
    if n < FEWEST_STAGES:
        return counted + (
            "so few hardly show where leads leak; split a stage where something happens on the "
            "way that could be recorded"
        )
    return counted + (
        "with so many each has few leads, and people mix them up; join those that leads pass "
        "within a day or that mean the same"
    )


def _read(path: Path) -> ReadyPipeline:
    text = path.read_text(encoding="utf-8")
    return ReadyPipeline(
        name=path.stem,
        about=text.partition("\n")[0].removeprefix("# "),
        pipeline=read_pipelines(path).pipelines[0],
        kinds=tomllib.loads(text).get("kinds", {}),
        text=text,
    )


def _listed(names: Mapping[str, object]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}"
