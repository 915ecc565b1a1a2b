"""`leadscore pipelines`: ready-made pipelines to begin with, and whether one has a good length."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from crm.ready_pipelines import ReadyPipeline, length_remark, ready_pipeline, ready_pipelines
from crm.store import Store
from leads.errors import InvalidInputError
from leads.pipelines import Pipeline, Pipelines, read_pipelines
from leadscore.options import AsJson
from leadscore.settings import Settings, read_settings
from leadscore.terminal import say, show_json, show_table


def pipelines(
    name: Annotated[str | None, typer.Argument(help="The ready-made pipeline to write.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="The file to write; printed if not given.")
    ] = None,
    check: Annotated[
        Path | None, typer.Option("--check", help="A pipelines.toml to look through.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List ready-made pipelines, write one to edit, or say whether yours have a good length.

    Without a name they are listed, and the store's own are looked through.
    Example: leadscore pipelines six_stages --output exports/crm/pipelines.toml
    """
    if check is not None and (name is not None or output is not None):
        raise typer.BadParameter("give --check alone, without a name and without --output")
    if name is None and output is not None:
        raise typer.BadParameter("name the pipeline to write to --output")
    if check is not None:
        own = _looked_through(read_pipelines(_existing(check)))
        show_json({"pipelines": own}) if as_json else _show_own(own, str(check))
    elif name is not None:
        _write(ready_pipeline(name), output, as_json)
    else:
        _list(_of_the_store(read_settings(os.environ)), as_json)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InvalidInputError(f"{path} is not there; give --check a pipelines.toml")
    return path


def _of_the_store(settings: Settings) -> Pipelines | None:
    """The pipelines of the store; None if there is no store yet, or nothing in it."""
    if isinstance(settings.store, Path) and not settings.store.is_file():
        return None
    with Store.open(settings.store) as store:
        return store.pipelines()


def _write(ready: ReadyPipeline, output: Path | None, as_json: bool) -> None:
    if output is not None:
        if output.exists():
            raise InvalidInputError(f"{output} is there already; give another file, or remove it")
        output.write_text(ready.text, encoding="utf-8")
    if as_json:
        written = None if output is None else str(output)
        show_json({**_ready_record(ready), "written": written, "text": ready.text})
    elif output is not None:
        say(f"{output}: rename the stages as your CRM calls them, beside the tables to import.")
    else:
        say(ready.text.rstrip())


def _list(own: Pipelines | None, as_json: bool) -> None:
    ready = ready_pipelines()
    of_store = None if own is None else _looked_through(own)
    if as_json:
        show_json({"ready": [_ready_record(one) for one in ready], "store": of_store})
        return
    show_table(
        "Ready-made pipelines",
        ("name", "stages with the win", "what it is"),
        [(one.name, len(one.pipeline.stages) + 1, one.about) for one in ready],
        wrapped=2,
    )
    say("", "leadscore pipelines NAME --output pipelines.toml writes one to edit.")
    if of_store is not None:
        say("")
        _show_own(of_store, "the store")


def _ready_record(ready: ReadyPipeline) -> dict[str, Any]:
    return {
        "about": ready.about,
        **_record(ready.pipeline),
        "kinds": dict(ready.kinds),
    }


def _looked_through(own: Pipelines) -> list[dict[str, Any]]:
    return [_record(pipeline) for pipeline in own.pipelines]


def _record(pipeline: Pipeline) -> dict[str, Any]:
    (record,) = Pipelines((pipeline,)).as_records()
    return {**record, "remark": length_remark(pipeline)}


def _show_own(own: list[dict[str, Any]], where: str) -> None:
    for record in own:
        stages = " → ".join(record["stages"])
        say(f"{where}, {record['name']}: {stages} → {'/'.join(record['won'])}")
        say(f"  {record['remark'] or 'a usual number of stages'}.")
