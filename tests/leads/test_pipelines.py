"""Pipelines: what pipelines.toml may say, which stages close, and how a pipeline is learned."""

import re

import pytest

from leads.errors import InvalidInputError, InvalidTableError
from leads.pipelines import (
    LOST,
    OPEN,
    WON,
    Pipeline,
    Pipelines,
    learn_pipeline,
    pipelines_from_records,
    read_pipelines,
    recognise_outcome,
)
from tests.leads.histories import PIPELINES

WHOLE = """
[[pipeline]]
name = "b2b"
stages = ["New", "Qualified"]
won = ["Won"]
lost = ["Lost", "Disqualified"]
after = ["Onboarding"]
window_days = 90

[[pipeline]]
name = "零售"
stages = ["新建"]
won = ["赢单"]
lost = ["输单"]
"""


def written(tmp_path, text):
    path = tmp_path / "pipelines.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_pipelines_toml_is_read_whole(tmp_path):
    pipelines = read_pipelines(written(tmp_path, WHOLE))
    assert pipelines.names == ("b2b", "零售")
    assert pipelines["b2b"] == Pipeline(
        "b2b", ("New", "Qualified"), ("Won",), ("Lost", "Disqualified"), ("Onboarding",), 90
    )
    assert pipelines["零售"].window_days == 365
    assert pipelines["零售"].after == ()


def test_records_of_pipelines_read_back_the_same(tmp_path):
    pipelines = read_pipelines(written(tmp_path, WHOLE))
    assert pipelines_from_records(pipelines.as_records(), "records") == pipelines


@pytest.mark.parametrize(
    ("replaced", "by", "message"),
    [
        ('name = "b2b"', "name = ", "is not TOML: .* line 3"),
        (WHOLE, "", r"has no \[\[pipeline\]\]; write one or remove the file"),
        (WHOLE, "[pipeline]\nname = 'x'", r"write each pipeline under \[\[pipeline\]\], twice"),
        (WHOLE, "pipeline = ['b2b']", r"write each pipeline under \[\[pipeline\]\], twice"),
        ('name = "b2b"', "", r'a pipeline has no name; add name = "…"'),
        ('name = "b2b"', 'name = ""', r'a pipeline has no name; add name = "…"'),
        ('name = "b2b"', "name = 7", r'a pipeline has no name; add name = "…"'),
        ('name = "b2b"', 'name = "零售"', "names the pipeline '零售' twice; keep one"),
        ("after", "afterwards", "unknown key 'afterwards' in a pipeline; known are after, lost"),
        ('["Won"]', '"Won"', "`won` of pipeline 'b2b' is not a list of stage names"),
        ('["Won"]', "[1]", "`won` of pipeline 'b2b' is not a list of stage names"),
        ('["Won"]', '[""]', "`won` of pipeline 'b2b' is not a list of stage names"),
        ('["Won"]', "[]", "pipeline 'b2b' names no `won`; add them .* or give --won"),
        ('["Lost", "Disqualified"]', "[]", "pipeline 'b2b' names no `lost`; add .* or give --lost"),
        ('["New", "Qualified"]', "[]", "pipeline 'b2b' names no `stages`; add them to pipel"),
        ('"Qualified"', '"New"', "pipeline 'b2b' names the stage 'New' twice; keep one"),
        ('"Disqualified"', '"Won"', "pipeline 'b2b' names the stage 'Won' twice; keep one"),
        ("= 90", "= 0", "'b2b': window_days is 0; give a number of days from 1 to 3650"),
        ("= 90", "= 3651", "'b2b': window_days is 3651; give a number of days"),
        ("= 90", "= nan", "'b2b': window_days is nan; give a number of days"),
        ("= 90", "= inf", "'b2b': window_days is inf; give a number of days"),
        ("= 90", "= true", "window_days of pipeline 'b2b' is not a number of days"),
        ("= 90", '= "90"', "window_days of pipeline 'b2b' is not a number of days"),
    ],
)
def test_mistake_in_pipelines_toml_is_told_with_its_file(tmp_path, replaced, by, message):
    path = written(tmp_path, WHOLE.replace(replaced, by))
    with pytest.raises(InvalidTableError, match=message) as caught:
        read_pipelines(path)
    assert str(caught.value).startswith(str(path))


def test_file_in_another_encoding_is_told(tmp_path):
    path = tmp_path / "pipelines.toml"
    path.write_bytes(WHOLE.encode("utf-16"))
    with pytest.raises(InvalidTableError, match=r"is not TOML: .*codec can't decode"):
        read_pipelines(path)


@pytest.mark.parametrize(
    "stage",
    ["Won", "WON", "Closed Won", "closed-won", "9 - Won", "Closed Won (renewal)", "Deal_Won",
     "Customer", "Vunnen", "vunnet", "Affär vunnen", "VUNNEN AFFÄR", "Kund",
     "成交", "已成交", "赢单", "已赢单", "签约", "贏單", "已贏單", "簽約", "阶段 5：赢单",
     "5. 贏單"],
)  # fmt: skip
def test_names_that_win(stage):
    assert recognise_outcome(stage) == "won"


@pytest.mark.parametrize(
    "stage",
    ["Lost", "LOST", "Closed Lost", "closed.lost", "Lost - price", "Disqualified", "Cancelled",
     "Not won", "Lost (won by a competitor)", "Förlorad", "förlorat", "Forlorad", "Affär förlorad",
     "Fo\u0308rlorad", "Ej vunnen", "输单", "流失", "失败", "丢单", "无效", "输单（价格）",
     "輸單", "失敗", "丟單", "無效"],
)  # fmt: skip
def test_names_that_lose(stage):
    assert recognise_outcome(stage) == "lost"


@pytest.mark.parametrize(
    "stage",
    ["New", "Qualified", "Proposal", "Wonder", "Snowon", "Lostness", "Ny", "Offert", "Förhandling",
     "Kundmöte", "新建", "报价", "談判", "", "-"],
)  # fmt: skip
def test_other_names_stay_open(stage):
    assert recognise_outcome(stage) == "open"


def test_stage_after_a_win_implies_won():
    outcomes = [PIPELINES["b2b"].outcome(s) for s in ("New", "Won", "Onboarding", "Lost")]
    assert outcomes == ["open", "won", "won", "lost"]


def test_stages_are_numbered_open_ones_first_then_won_after_and_lost():
    assert PIPELINES["b2b"].all_stages == (
        "New", "Qualified", "Proposal", "Won", "Onboarding", "Lost", "Disqualified",
    )  # fmt: skip
    assert PIPELINES.stage_order.tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3]
    assert PIPELINES.stage_pipeline.tolist() == [0] * 7 + [1] * 4
    assert PIPELINES.stage_outcome.tolist() == [
        OPEN, OPEN, OPEN, WON, WON, LOST, LOST, OPEN, OPEN, WON, LOST,
    ]  # fmt: skip
    assert PIPELINES.first_code.tolist() == [0, 7]


def named(code):
    return None if code < 0 else PIPELINES.stage_names[code]


@pytest.mark.parametrize(
    ("stage", "pipeline", "own", "meant"),
    [
        ("New", None, "b2c", ("b2c", "New")),
        ("New", "b2b", "b2c", ("b2b", "New")),
        ("Offer", None, "b2b", ("b2c", "Offer")),
        ("New", None, None, ("b2b", "New")),
        ("Offer", "b2b", "b2c", None),
        ("Offer", "unknown", "b2c", None),
        ("offer", None, "b2c", None),
    ],
)
def test_stage_is_looked_up_in_the_pipeline_named_else_the_own_else_any(
    stage, pipeline, own, meant
):
    assert named(PIPELINES.stage_code(stage, pipeline, own)) == meant


def test_no_pipelines_have_no_stages():
    none = Pipelines(())
    assert none.stage_order.tolist() == []
    assert none.stage_code("New", None, None) == -1


def test_pipeline_is_learned_in_the_order_that_leads_pass_its_stages():
    histories = [
        ["New", "Call", "Offer", "Closed Won"],
        ["New", "Offer", "Closed Lost"],
        ["New", "Call", "New", "Closed Lost"],
        ["Call", "Offer"],
    ]
    learned = learn_pipeline("default", histories)
    assert learned == Pipeline(
        "default", ("New", "Call", "Offer"), ("Closed Won",), ("Closed Lost",)
    )


def test_ties_of_the_learned_order_are_broken_by_name():
    learned = learn_pipeline("default", [["B", "Won"], ["A", "Lost"]])
    assert learned.stages == ("A", "B")


def test_learned_order_does_not_depend_on_the_order_of_leads():
    histories = [["A", "B", "Won"], ["B", "C", "Lost"], ["C", "A"], ["D", "Won"]]
    assert learn_pipeline("x", histories) == learn_pipeline("x", histories[::-1])


def test_closing_stages_given_win_over_their_names():
    learned = learn_pipeline("x", [["New", "Done"], ["New", "Won"], ["Lost"]], won=["Done"])
    assert (learned.stages, learned.won, learned.lost) == (("New", "Won"), ("Done",), ("Lost",))


def test_closing_stage_given_is_kept_though_no_lead_was_in_it():
    learned = learn_pipeline("x", [["New"], ["Lost"]], won=["Signed off"])
    assert learned.won == ("Signed off",)


def test_leads_that_are_all_closed_at_once_leave_one_open_stage():
    assert learn_pipeline("x", [["Won"], ["Lost"]]).stages == ("New",)


@pytest.mark.parametrize(
    ("histories", "message"),
    [
        (
            [["New", "Lost"]],
            "no stage is recognised as won (stages seen: 'Lost', 'New'); give --won",
        ),
        (
            [["New", "Won"]],
            "no stage is recognised as lost (stages seen: 'New', 'Won'); give --lost",
        ),
        ([], "pipeline 'x': no stage is recognised as won (stages seen: none)"),
    ],
)
def test_pipeline_without_a_recognised_closing_is_refused(histories, message):
    with pytest.raises(InvalidTableError, match=re.escape(message)):
        learn_pipeline("x", histories)


def test_stage_given_as_both_won_and_lost_is_refused():
    with pytest.raises(InvalidInputError, match="'x' names the stage 'Done' twice; keep one"):
        learn_pipeline("x", [["New", "Done"]], won=["Done"], lost=["Done"])
