"""`leadscore check`: a verdict first, then what it rests on."""

import pytest

from tests.leadscore.running import run_json, run_leadscore


@pytest.fixture
def few_leads(tmp_path):
    folder = tmp_path / "few"
    folder.mkdir()
    leads = [f"L{k},2026-01-{k:02}T0{k % 10}:{3 * k:02}:00Z,fair,x" for k in range(1, 16)]
    moves = [f"L{k},2026-02-{k:02}T10:00:00Z,{'Won' if k < 4 else 'Lost'}" for k in range(1, 12)]
    (folder / "leads.csv").write_text("\n".join(["lead_id,created_at,source,lost reason", *leads]))
    (folder / "stage_changes.csv").write_text("\n".join(["lead_id,occurred_at,stage", *moves]))
    return folder


def test_report_begins_with_the_verdict_and_not_ready_is_no_failure(few_leads, tmp_path):
    ended = run_leadscore(tmp_path / "home", "check", "--data", few_leads)

    assert ended.returncode == 0
    assert ended.stdout.startswith("Not ready: 3 leads are won within the window and 8 decided")
    assert "few: 15 leads, 0 interactions" in ended.stdout
    assert "Stops learning" in ended.stdout
    assert "lost reason: its name says 'reason'" in ended.stdout
    assert "Cannot be measured: " in ended.stdout


@pytest.mark.slow
def test_store_is_checked(trained):
    home, _ = trained
    looked = run_json(home, "check")

    assert looked["verdict"] in ("ready", "ready with care")
    assert looked["expected"]["auc"]["low"] > 0.55
    assert {size["pipeline"] for size in looked["pipelines"]} == {"b2b", "b2c"}
