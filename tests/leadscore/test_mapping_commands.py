"""An export through a mapping on the command line: guessed, corrected, imported."""

from pathlib import Path

import pytest

from crm.mapping.guess import guess_mapping
from crm.store import Store
from leads.errors import InvalidInputError
from leadscore.settings import read_settings
from leadscore.sources import read_records
from tests.leadscore.running import run_json, run_leadscore, run_refused

DEALS = "Deal Id,Create Date,Deal Stage,Close Date,Source\n" + "".join(
    f"d{n},2026-01-{n % 28 + 1:02d} 10:00,{('Won', 'Lost', 'Demo')[n % 3]},2026-02-01,web\n"
    for n in range(30)
)


@pytest.fixture
def export(tmp_path) -> Path:
    """An export of one file."""
    path = tmp_path / "deals.csv"
    path.write_text(DEALS, encoding="utf-8")
    return path


def test_a_guess_stores_nothing_and_is_imported_once_corrected(export, tmp_path):
    home, mapping = tmp_path / "home", tmp_path / "crm.toml"
    guessed = run_leadscore(home, "import", export, "--guess", "--output", mapping)

    assert guessed.returncode == 0, guessed.stderr
    assert not home.exists()
    assert "Nothing was stored" in guessed.stdout
    assert "won: Won; lost: Lost" in guessed.stdout

    text = mapping.read_text(encoding="utf-8")
    mapping.write_text(text.replace('timezone = "UTC"', 'timezone = "Europe/Stockholm"'))
    summary = run_json(home, "import", export, "--mapping", mapping)
    assert summary["tables"]["leads"]["stored"] == 30
    assert summary["files"]["deals.csv"]["used"] == 30
    assert summary["pipelines_learned"] is False


def test_a_guess_without_an_outcome_says_so_first(export, tmp_path):
    export.write_text(DEALS.replace("Won", "Ja").replace("Lost", "Aus"), encoding="utf-8")
    mapping = tmp_path / "crm.toml"
    guessed = run_leadscore(tmp_path / "home", "import", export, "--guess", "--output", mapping)

    assert guessed.returncode == 0, guessed.stderr
    assert guessed.stdout.startswith("NO OUTCOME WAS FOUND")
    assert '"Deal Stage" with "Ja", "Aus", "Demo"' in guessed.stdout
    assert mapping.read_text(encoding="utf-8").startswith("# NO OUTCOME WAS FOUND")


def test_a_guess_as_json_has_the_mapping_and_what_it_would_import(export, tmp_path):
    shown = run_json(tmp_path / "home", "import", export, "--guess")

    assert shown["mapping"].startswith("# A first mapping of deals.csv")
    assert (shown["problem"], shown["missing"]) == (None, [])
    assert shown["would_import"]["tables"]["leads"]["stored"] == 30
    assert len(shown["would_import"]["first_rows"]["leads"]) == 3
    assert shown["would_import"]["pipelines"][0]["won"] == ["Won"]


def test_the_summary_for_people_says_what_was_left_out(export, tmp_path):
    mapping = tmp_path / "crm.toml"
    run_leadscore(tmp_path / "home", "import", export, "--guess", "--output", mapping)
    text = mapping.read_text(encoding="utf-8")
    where = 'where = [{ column = "Deal Stage", not_in = ["Demo"], because = "a demonstration" }]'
    mapping.write_text(text.replace('as = "leads"', f'as = "leads"\n{where}'))
    ended = run_leadscore(tmp_path / "home", "import", export, "--mapping", mapping)

    assert ended.returncode == 0, ended.stderr
    assert "deals.csv: 20 of 30 rows used" in ended.stdout
    assert "10 rows left out: a demonstration" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--guess", "--output", "deals.csv"), "deals.csv is there already"),
        (("--output", "x.toml"), "give --guess as well"),
    ],
)
def test_what_does_not_go_together_is_refused(export, tmp_path, arguments, reason):
    assert reason in run_refused(tmp_path / "home", "import", export, *arguments)


def test_commands_with_data_read_it_through_a_mapping(export, tmp_path):
    mapping = tmp_path / "crm.toml"
    mapping.write_text(guess_mapping(export).toml(), encoding="utf-8")
    settings = read_settings({"LEADSCORE_HOME": str(tmp_path / "home")})
    with Store.open(settings.store) as store:
        records = read_records(
            store, settings, export, None, None, None, lambda _: None, mapping=mapping
        )
        assert len(records.timelines) == 30
        with pytest.raises(InvalidInputError, match="--mapping is of the files of --data"):
            read_records(store, settings, None, None, None, None, lambda _: None, mapping=mapping)
