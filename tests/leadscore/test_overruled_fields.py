"""`--allow` and `--deny`: fields that a person decides on, in `check`, `train` and `backtest`."""

import pytest

from tests.leadscore.running import run_json, run_leadscore, run_refused


@pytest.fixture
def folder(tmp_path):
    """Leads whose column `verdict` is their outcome, and whose `source` says nothing."""
    folder = tmp_path / "crm"
    folder.mkdir()
    leads = ["lead_id,created_at,source,verdict"]
    moves = ["lead_id,occurred_at,stage"]
    for row in range(200):
        won = row % 3 == 0
        month, day = 1 + row // 25, 1 + row % 25
        source = "fair" if row % 2 else "web"
        leads.append(f"L{row},2025-{month:02}-{day:02}T08:{row % 60:02}:00Z,{source},{won}")
        stage = "Won" if won else "Lost"
        moves.append(f"L{row},2025-{month:02}-{day + 2:02}T17:{row % 60:02}:00Z,{stage}")
    (folder / "leads.csv").write_text("\n".join(leads))
    (folder / "stage_changes.csv").write_text("\n".join(moves))
    return folder


def test_check_says_what_is_not_learned_from_and_why(folder, tmp_path):
    said = run_leadscore(tmp_path / "home", "check", "--data", folder).stdout
    assert "fields that tell the outcome (verdict)" in said
    assert "Fields that are not learned from" in said
    assert "verdict: alone it ranks won above other leads when they come in" in said


def test_check_takes_the_word_of_a_person(folder, tmp_path):
    looked = run_json(
        tmp_path / "home", "check", "--data", folder, "--allow", "verdict", "--deny", "source"
    )
    assert [one["field"] for one in looked["quarantined"]] == ["source"]
    assert [(one["field"], one["ground"]) for one in looked["suspicious"]] == [
        ("verdict", "separates")
    ]
    assert (looked["allowed"], looked["denied"]) == (["verdict"], ["source"])
    assert looked["expected"]["auc"]["value"] > 0.9


@pytest.mark.parametrize(
    ("command", "option"), [("check", "--allow"), ("train", "--deny"), ("backtest", "--deny")]
)
def test_field_that_no_lead_has_is_refused(folder, tmp_path, command, option):
    said = run_refused(tmp_path / "home", command, "--data", folder, option, "verdikt")
    assert f"{option}: 'verdikt' is no field of the leads; there is 'verdict'" in said


@pytest.mark.slow
def test_train_and_backtest_say_what_was_overruled(trained):
    home, report = trained
    assert [one["field"] for one in report["quarantined"]] == [
        "contract_number", "final_discount", "lost_reason",
    ]  # fmt: skip
    again = run_json(
        home, "train", "--promote", "never", "--allow", "lost_reason", "--deny", "source"
    )
    assert [one["field"] for one in again["quarantined"]] == [
        "contract_number", "final_discount", "source",
    ]  # fmt: skip
    assert (again["allowed"], again["denied"]) == (["lost_reason"], ["source"])

    months = run_json(home, "backtest", "--months", 1, "--deny", "source")
    assert months["denied"] == ["source"]
    assert "source" in [one["field"] for one in months["quarantined"]]
