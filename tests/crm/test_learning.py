"""Pipelines and types that are learned from a folder."""

import pytest

from crm.folder import read_folder
from leads.errors import InvalidTableError

CHANGES = """lead_id,occurred_at,stage
a,2026-01-06T00:00:00Z,Closed Won
a,2026-01-03T00:00:00Z,Talk
a,2026-01-02T00:00:00Z,Open
b,2026-01-02T00:00:00Z,Open
b,2026-01-03T00:00:00Z,Förlorad
c,2026-01-04T00:00:00Z,Talk
c,2026-01-02T00:00:00Z,Open
"""


@pytest.mark.parametrize("option", ["won", "lost"])
def test_stage_given_that_no_lead_was_in_is_a_typing_error(make_folder, option):
    folder = make_folder({"pipelines.toml": None, "stage_changes.csv": CHANGES})
    with pytest.raises(InvalidTableError, match=rf"--{option} 'Wom': no lead .* was in that stage"):
        read_folder(folder, **{option: ("Wom",)})


def test_order_of_stages_is_learned_from_the_histories_and_said(make_folder):
    contents = read_folder(make_folder({"pipelines.toml": None, "stage_changes.csv": CHANGES}))
    pipeline = contents.timelines.pipelines["default"]

    assert contents.pipelines_learned
    assert (pipeline.stages, pipeline.won, pipeline.lost) == (
        ("Open", "Talk"),
        ("Closed Won",),
        ("Förlorad",),
    )
    assert contents.warnings == (
        (
            "no pipelines.toml: learned pipeline 'default' from the histories, stages Open > Talk; "
            "won: Closed Won; lost: Förlorad; if that is wrong, write pipelines.toml"
        ),
    )


def test_unrecognised_closing_stages_fail_and_can_be_given(make_folder):
    changes = CHANGES.replace("Closed Won", "Finito").replace("Förlorad", "Basta")
    folder = make_folder({"pipelines.toml": None, "stage_changes.csv": changes})

    with pytest.raises(InvalidTableError, match=r"no stage is recognised as won .* give --won"):
        read_folder(folder)
    contents = read_folder(folder, won=["Finito"], lost=["Basta"])
    assert contents.timelines.pipelines["default"].won == ("Finito",)


def test_each_pipeline_is_learned_from_its_own_leads_and_moves(make_folder):
    leads = """lead_id,created_at,pipeline
a,2026-01-01T00:00:00Z,b2b
b,2026-01-01T00:00:00Z,
"""
    changes = """lead_id,occurred_at,stage,pipeline
a,2026-01-02T00:00:00Z,Meeting,
a,2026-01-03T00:00:00Z,Won,
a,2026-01-04T00:00:00Z,Lost,
a,2026-01-05T00:00:00Z,Renewal,care
a,2026-01-06T00:00:00Z,Won,care
a,2026-01-07T00:00:00Z,Lost,care
b,2026-01-02T00:00:00Z,Basket,
b,2026-01-03T00:00:00Z,Won,
b,2026-01-04T00:00:00Z,Lost,
"""
    folder = make_folder({"pipelines.toml": None, "leads.csv": leads, "stage_changes.csv": changes})
    pipelines = read_folder(folder).timelines.pipelines

    assert {p.name: p.stages for p in pipelines.pipelines} == {
        "b2b": ("Meeting",),
        "default": ("Basket",),
        "care": ("Renewal",),
    }


def test_types_are_inferred_from_columns_and_from_changes(make_folder, attribute_changes):
    leads = """lead_id,created_at,amount,source,keen,due,empty
a,2026-01-01T00:00:00Z,12.5,fair,yes,2026-03-01,
b,2026-01-01T00:00:00Z,NA,web,no,2026-04-01,
"""
    changes = attribute_changes + "b,2026-01-03T00:00:00Z,rank,3\n"
    contents = read_folder(make_folder({"leads.csv": leads, "attribute_changes.csv": changes}))

    assert contents.attribute_types == {
        "amount": "number",
        "source": "category",
        "keen": "boolean",
        "due": "time",
        "rank": "number",
    }
