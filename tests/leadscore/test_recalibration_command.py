"""`train --recalibrate-only`: a new level of the champion, or why there is none."""

import pytest

from tests.leadscore.running import run_json, run_leadscore, run_refused

SHIFT, LEADS = 300, 600
PIPELINE = """
[[pipeline]]
name = "default"
stages = ["New"]
won = ["Won"]
lost = ["Lost"]
window_days = 10
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two leads a day: a quarter is won up to a day, three quarters after it."""
    folder = tmp_path_factory.mktemp("moved") / "crm"
    folder.mkdir()
    (folder / "pipelines.toml").write_text(PIPELINE)
    leads, moves = ["lead_id,created_at,source"], ["lead_id,occurred_at,stage"]
    for row in range(LEADS):
        day, hour = row // 2, 8 + row % 2
        month, date = 1 + day // 28, 1 + day % 28
        won = (row % 4 == 0) != (row >= SHIFT)
        source = "fair" if row % 8 < 5 and won else "web"
        leads.append(f"L{row},2025-{month:02}-{date:02}T{hour:02}:00:00Z,{source}")
        stage = "Won" if won else "Lost"
        moves.append(f"L{row},2025-{month:02}-{date:02}T{hour + 9}:{row % 60:02}:00Z,{stage}")
    (folder / "leads.csv").write_text("\n".join(leads))
    (folder / "stage_changes.csv").write_text("\n".join(moves))
    return folder


@pytest.mark.slow
def test_a_moved_base_rate_becomes_a_version_that_serves(folder, tmp_path):
    home = tmp_path / "home"
    run_json(home, "import", folder)
    first = run_json(home, "train", "--until", "2025-06-05T00:00:00Z")

    said = run_json(home, "train", "--recalibrate-only", "--until", "2025-11-15T00:00:00Z")

    assert (said["version"], said["promoted"]) == ("2", True)
    moved = said["recalibrated"]
    assert moved["from_version"] == first["version"] == "1"
    assert moved["newest_window"]["won"] > 0.6
    assert moved["expected"] < 0.5
    assert moved["moved_by"] > 0.5
    assert {one["version"] for one in run_json(home, "models")["models"]} == {"1", "2"}
    assert run_json(home, "models")["champion"] == "2"

    assert "Recalibrated from version 1." in run_leadscore(home, "explain", "L10").stdout

    again = run_leadscore(home, "train", "--recalibrate-only", "--until", "2025-11-15T00:00:00Z")

    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("Recalibrating version 2: of ")
    assert again.stdout.rstrip().endswith("its level stays, and nothing was registered.")
    assert run_json(home, "models")["champion"] == "2"


def test_without_a_champion_there_is_nothing_to_recalibrate(folder, tmp_path):
    refused = run_refused(tmp_path / "home", "train", "--recalibrate-only", "--data", folder)
    assert "there is no champion whose level could be learned anew" in refused


def test_fields_are_not_chosen_for_a_level(folder, tmp_path):
    options = ("--recalibrate-only", "--data", folder, "--deny", "source")
    refused = run_refused(tmp_path / "home", "train", *options)
    assert "--recalibrate-only learns from no field" in refused
