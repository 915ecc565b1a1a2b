"""Ready-made pipelines: each can be imported with as it is, and wins and loses where it says."""

import numpy as np
import pytest

from crm.importing import import_folder
from crm.ready_pipelines import (
    MOST_STAGES,
    length_remark,
    ready_pipeline,
    ready_pipelines,
)
from leads.clock import DAY_US, parse_time
from leads.errors import InvalidInputError
from leads.outcome import CENSORED_LABEL, NOT_WON_LABEL, WON_LABEL, closings, labels
from leads.pipelines import LOST, OPEN, WON, Pipeline, read_pipelines
from leads.view import Snapshots, look

READY = ready_pipelines()
START = np.datetime64("2024-01-01T09:00:00")


@pytest.fixture(params=READY, ids=lambda ready: ready.name)
def ready(request):
    return request.param


def test_all_the_well_known_funnels_are_there():
    assert [ready.name for ready in READY] == [
        "aida", "b2b_funnel", "b2b_process", "b2c_funnel", "b2c_shop", "five_levels", "radar",
        "six_stages",
    ]  # fmt: skip


def test_file_is_a_pipelines_toml_of_one_pipeline_that_says_what_it_is(ready, tmp_path):
    path = tmp_path / "pipelines.toml"
    path.write_text(ready.text, encoding="utf-8")

    pipelines = read_pipelines(path)

    assert pipelines.pipelines == (ready.pipeline,)
    assert pipelines.names == (ready.name,)
    assert ready.about.endswith(".")
    assert ". For " in ready.about
    named = ready.about.lower()
    assert all(stage.lower() in named for stage in (*ready.pipeline.stages, *ready.pipeline.after))


def histories(ready) -> dict[str, list[tuple[float, str]]]:
    """Leads by name, with the days and stages they came to."""
    pipeline = ready.pipeline
    stages, (won, *_), window = pipeline.stages, pipeline.won, pipeline.window_days
    through = [(0.1 * place, stage) for place, stage in enumerate(stages)]
    return {
        "won": [*through, (2, won)],
        "won and after": [*through, (2, won), *((3, stage) for stage in pipeline.after)],
        "won too late": [*through, (window + 1, won)],
        **{f"lost as {stage}": [*through, (2, stage)] for stage in pipeline.lost},
        "lost and back": [*through, (2, pipeline.lost[0]), (3, stages[0])],
        "untouched": [],
    }


def test_history_through_it_is_imported_and_labelled(ready, store, tmp_path):
    folder, wanted = tmp_path / "crm", histories(ready)
    folder.mkdir()
    (folder / "pipelines.toml").write_text(ready.text, encoding="utf-8")
    leads = [f"{lead},{START}Z,{ready.name}" for lead in wanted]
    moves = [
        f"{lead},{START + np.timedelta64(round(days * 86_400), 's')}Z,{stage}"
        for lead, history in wanted.items()
        for days, stage in history
    ]
    contacts = [f"{lead},{START}Z,{kind}" for lead in wanted for kind in ready.kinds]
    for table, heading, rows in (
        ("leads", "lead_id,created_at,pipeline", leads),
        ("stage_changes", "lead_id,occurred_at,stage", moves),
        ("interactions", "lead_id,occurred_at,kind", contacts),
    ):
        (folder / f"{table}.csv").write_text("\n".join([heading, *rows, ""]), encoding="utf-8")

    summary = import_folder(store, folder, home=tmp_path)
    timelines = store.timelines()

    assert {t.rejected for t in summary.tables.values()} == {0}
    assert set(timelines.kinds) == set(ready.kinds)
    created = parse_time(f"{START}Z")
    soon = created + 10 * DAY_US
    end = created + round((ready.pipeline.window_days + 5) * DAY_US)
    closed = dict(zip(timelines.lead_ids, closings(timelines, end).status.tolist(), strict=True))
    every = Snapshots(np.arange(len(timelines)), timelines.created_at)
    view = look(timelines, every)
    label = dict(zip(timelines.lead_ids, labels(view, end).tolist(), strict=True))
    early = dict(zip(timelines.lead_ids, labels(view, soon).tolist(), strict=True))
    for lead in wanted:
        if lead in ("won", "won and after"):
            assert (closed[lead], label[lead], early[lead]) == (WON, WON_LABEL, WON_LABEL)
        elif lead == "won too late":
            assert (closed[lead], label[lead], early[lead]) == (WON, NOT_WON_LABEL, CENSORED_LABEL)
        elif lead.startswith("lost as "):
            assert (closed[lead], label[lead], early[lead]) == (LOST, NOT_WON_LABEL, NOT_WON_LABEL)
        else:
            assert (closed[lead], label[lead], early[lead]) == (OPEN, NOT_WON_LABEL, CENSORED_LABEL)


def test_radar_names_its_channels_as_kinds_of_interaction():
    assert set(ready_pipeline("radar").kinds) == {"reach", "depth", "relationship"}


def test_unknown_name_is_refused_with_those_there_are():
    with pytest.raises(
        InvalidInputError, match=r"named 'adia'; take aida, b2b_funnel.* six_stages"
    ):
        ready_pipeline("adia")


@pytest.mark.parametrize(
    ("open_stages", "said"),
    [(3, "4 stages with the win; 5 to 7 are usual: so few"), (4, None), (6, None),
     (7, "8 stages with the win; 5 to 7 are usual: with so many")],
)  # fmt: skip
def test_too_few_and_too_many_stages_are_said(open_stages, said):
    stages = tuple(f"stage {place}" for place in range(open_stages))
    remark = length_remark(Pipeline("p", stages, ("Won",), ("Lost",), ("A", "B", "C")))

    assert remark is None if said is None else remark is not None and remark.startswith(said)


def test_no_ready_pipeline_has_too_many_stages():
    assert all(len(ready.pipeline.stages) < MOST_STAGES for ready in READY)
