"""`leadscore pipelines`: listing, writing and looking through pipelines."""

import pytest

from crm.ready_pipelines import ready_pipeline, ready_pipelines
from tests.leadscore.running import run_json, run_leadscore, run_refused


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def test_all_are_listed_and_no_home_is_made_for_that(home):
    listed = run_json(home, "pipelines")

    assert [one["name"] for one in listed["ready"]] == [one.name for one in ready_pipelines()]
    assert listed["store"] is None
    assert not home.exists()


def test_one_is_written_once_and_looked_through(home, tmp_path):
    path = tmp_path / "pipelines.toml"
    written = run_json(home, "pipelines", "aida", "--output", path)
    assert written["written"] == str(path)
    assert path.read_text(encoding="utf-8") == ready_pipeline("aida").text

    path.write_text(path.read_text("utf-8").replace("Desire", "Wish"), encoding="utf-8")
    said = run_refused(home, "pipelines", "aida", "--output", path)
    assert said.endswith("is there already; give another file, or remove it")
    assert "Wish" in path.read_text(encoding="utf-8")

    looked = run_leadscore(home, "pipelines", "--check", path).stdout
    assert "aida: Attention → Interest → Wish → Action" in looked
    assert "4 stages with the win; 5 to 7 are usual" in looked


def test_pipelines_of_the_store_are_looked_through(trained):
    home, _ = trained
    own = run_json(home, "pipelines")["store"]

    assert {one["name"] for one in own} == {"b2b", "b2c"}
    assert all("remark" in one for one in own)
