"""A first mapping guessed from an export: it reads, and says what a person should check."""

import tomllib

import pytest

from crm.folder import read_folder
from crm.mapping.guess import guess_mapping
from crm.mapping.guessed_leads import outcome_of, outcomes_of
from crm.mapping.profiles import profile_of
from leads.errors import InvalidTableError


@pytest.fixture
def guessed(tmp_path):
    """Write files, guess their mapping, and read them through it."""

    def run(files, timezone=None):
        folder = tmp_path / "export"
        folder.mkdir()
        for name, content in files.items():
            raw = content if isinstance(content, bytes) else content.encode()
            (folder / name).write_bytes(raw)
        text = guess_mapping(folder, timezone).toml()
        path = tmp_path / "guess.toml"
        path.write_text(text, encoding="utf-8")
        contents = read_folder(folder, mapping=path)
        return tomllib.loads(text), text, contents

    return run


def rows(count, make):
    return "\n".join(make(n) for n in range(count)) + "\n"


def stored(contents):
    return {name: (t.stored, t.rejected) for name, t in contents.tables.items()}


def test_deals_and_calls_that_belong_to_contacts(guessed):
    deals = "Id,Created Time,Deal Owner Name,Stage,Closing Date,Contact Name,Lost Reason\n" + rows(
        30,
        lambda n: (
            f"d{n},2026-01-{n % 28 + 1:02d} 10:00,Ann,{('Payment Done', 'Lost', 'Demo')[n % 3]},"
            f"{'2026-02-01' if n % 3 == 0 else ''},c{n},{'price' if n % 3 == 1 else ''}"
        ),
    )
    calls = "Id,Call Start Time,CONTACTID,Call Type,Call Duration (in seconds)\n" + rows(
        40, lambda n: f"k{n},2026-01-29 11:{n:02d}:00,c{n % 30},{('Outbound', 'Missed')[n % 2]},{n}"
    )
    contacts = "Id,Created Time\n" + rows(30, lambda n: f"c{n},2026-01-01 08:00")
    mapping, text, contents = guessed(
        {"deals.csv": deals, "calls.csv": calls, "contacts.csv": contacts}, "Europe/Stockholm"
    )

    assert stored(contents) == {
        "leads": (30, 0),
        "interactions": (40, 0),
        "stage_changes": (30, 0),
    }
    leads, interactions = mapping["read"]
    assert mapping["timezone"] == "Europe/Stockholm"
    assert mapping["pipeline"][0]["stages"] == ["New", "Demo"]
    assert (mapping["pipeline"][0]["won"], mapping["pipeline"][0]["lost"]) == (
        ["Payment Done"],
        ["Lost"],
    )
    assert list(leads["leave_out"]) == ["Lost Reason"]
    assert leads["outcome"] == {
        "stage": "Stage",
        "closed_at": "Closing Date",
        "fallback": "export_end",
    }
    assert "10 closed leads have no time" in text
    assert interactions["link"] == {"key": "CONTACTID", "lead_key": "Contact Name"}
    assert interactions["columns"]["kind"] == {"value": "call"}
    assert "contacts.csv is not read: it has one row for each 'Contact Name'" in text


def test_swedish_names_semicolons_and_another_encoding(guessed):
    text = "Affärs-id;Skapad datum;Ägare;Fas;Avslutsdatum;Belopp\n" + rows(
        25,
        lambda n: (
            f"a{n};{n % 28 + 1:02d}.01.2026 09:00;Åsa;{('Vunnen', 'Förlorad', 'Offert')[n % 3]};"
            f"01.03.2026;{n}.000,50"
        ),
    )
    mapping, _, contents = guessed({"affärer.csv": text.encode("cp1252")})

    [read] = mapping["read"]
    assert (read["delimiter"], read["encoding"]) == (";", "cp1252")
    assert read["columns"] == {
        "lead_id": "Affärs-id",
        "created_at": {"column": "Skapad datum", "format": "%d.%m.%Y %H:%M"},
        "owner": "Ägare",
        "amount": {"column": "Belopp", "decimal_comma": True},
    }
    assert mapping["pipeline"][0]["won"] == ["Vunnen"]
    assert contents.attribute_types["amount"] == "number"
    assert stored(contents)["leads"] == (25, 0)


def test_chinese_names_and_a_national_encoding(guessed):
    text = "商机编号,创建时间,负责人,阶段,成交日期\n" + rows(
        25,
        lambda n: (
            f"s{n},2026/01/{n % 28 + 1:02d} 09:00,王芳,{('赢单', '输单', '报价')[n % 3]},2026/03/01"
        ),
    )
    mapping, _, contents = guessed({"商机.csv": text.encode("gb18030")})

    assert mapping["read"][0]["encoding"] == "gb18030"
    assert mapping["read"][0]["columns"]["created_at"] == {
        "column": "创建时间",
        "format": "%Y/%m/%d %H:%M",
    }
    assert (mapping["pipeline"][0]["won"], mapping["pipeline"][0]["lost"]) == (["赢单"], ["输单"])
    assert stored(contents) == {"leads": (25, 0), "stage_changes": (25, 0)}


def test_a_flat_table_of_yes_and_no_without_times(guessed):
    mapping, text, contents = guessed(
        {"flat.csv": "age,job,y\n" + rows(30, lambda n: f"{n},clerk,{('yes', 'no')[n % 2]}")}
    )

    columns = mapping["read"][0]["columns"]
    assert columns["lead_id"] == {"row_number": True}
    assert columns["created_at"] == {"order": "file"}
    assert mapping["read"][0]["outcome"]["stage"]["map"] == {"yes": "Won", "no": "Lost"}
    assert "timezone" not in mapping
    assert stored(contents) == {"leads": (30, 0), "stage_changes": (30, 0)}
    assert "no column has a value of its own per row" in text


def test_a_list_of_wins_and_columns_that_only_wins_have(guessed):
    leads = "mql_id,first_contact_date,origin\n" + rows(
        40, lambda n: f"m{n},2026-01-{n % 28 + 1:02d},web"
    )
    wins = "mql_id,won_date,segment\n" + rows(8, lambda n: f"m{n * 5},2026-02-01 10:00:00,toys")
    mapping, _, contents = guessed({"qualified_leads.csv": leads, "closed_deals.csv": wins})

    changes = next(read for read in mapping["read"] if read["as"] == "stage_changes")
    assert changes["columns"]["stage"] == {"value": "Won"}
    assert changes["leave_out"] == {"segment": "exists only for wins"}
    assert stored(contents) == {"leads": (40, 0), "stage_changes": (8, 0)}


def test_a_log_of_changed_fields(guessed):
    changes = "deal_id,change_time,changed_field_key,new_value\n" + rows(
        25,
        lambda n: (
            f"1{n:04d},2026-01-01 08:00:00,add_time,2026-01-01T08:00:00\n"
            f"1{n:04d},2026-01-02 08:00:00,stage_id,{n % 3 + 1}\n"
            f"1{n:04d},2026-01-03 08:00:00,user_id,7\n"
            f"1{n:04d},2026-01-04 08:00:00,lost_reason,2"
        ),
    )
    mapping, _, contents = guessed({"deal_changes.csv": changes})

    assert stored(contents) == {
        "leads": (25, 0),
        "stage_changes": (50, 0),
        "attribute_changes": (25, 0),
    }
    assert mapping["pipeline"][0]["stages"] == ["1", "2", "3"]


def test_a_log_of_events_of_cases(guessed):
    log = "case id,timestamp,activity\n" + rows(
        30,
        lambda n: (
            f"case-{n},2026-01-01T08:{n:02d}:00Z,Received\n"
            f"case-{n},2026-01-02T08:{n:02d}:00Z,Checked\n"
            f"case-{n},2026-01-03T08:{n:02d}:00Z,{('Closed won', 'Declined')[n % 2]}"
        ),
    )
    mapping, _, contents = guessed({"log.csv": log})

    assert mapping["read"][0]["where"] == [{"column": "activity", "in": ["Received"]}]
    assert mapping["pipeline"][0]["lost"] == ["Declined"]
    assert stored(contents) == {"leads": (30, 0), "stage_changes": (90, 0)}


def test_dates_of_stages_in_wide_columns(guessed):
    deals = (
        "Record ID,Create Date,Deal Stage,Close Date,Date entered Qualified,Date entered Offer\n"
        + rows(
            25,
            lambda n: (
                f"9{n:05d},2026-01-01 08:00,{('Closed won', 'Closed lost', 'Offer')[n % 3]},"
                "2026-02-01 08:00,2026-01-05 08:00,2026-01-09 08:00"
            ),
        )
    )
    mapping, _, contents = guessed({"hubspot-deals.csv": deals})

    assert mapping["read"][0]["stage_entered"] == {
        "Qualified": "Date entered Qualified",
        "Offer": "Date entered Offer",
    }
    assert mapping["pipeline"][0]["stages"] == ["Offer", "Qualified"]
    # Two dates each, and the closings of two thirds.
    assert stored(contents)["stage_changes"] == (50 + 17, 0)


def test_planned_activities_are_left_out(guessed):
    deals = "id,add_time,status\n" + rows(
        30, lambda n: f"7{n:05d},2026-01-01 08:00:00,{('won', 'lost', 'open')[n % 3]}"
    )
    activities = "activity,deal_id,due_date,type,done\n" + rows(
        30, lambda n: f"x{n},7{n:05d},2026-01-02 08:00:00,call,{('True', 'False')[n % 2]}"
    )
    mapping, _, contents = guessed({"deals.csv": deals, "activities.csv": activities})

    where = next(r for r in mapping["read"] if r["as"] == "interactions")["where"]
    assert where == [{"column": "done", "in": ["True"], "because": "not done: it has not happened"}]
    assert stored(contents)["interactions"] == (15, 0)


def test_day_and_month_that_cannot_be_told_apart_are_to_be_checked(tmp_path):
    path = tmp_path / "deals.csv"
    path.write_text("id,created\n" + rows(10, lambda n: f"a{n},0{n % 9 + 1}/02/2026 10:00"))

    time = profile_of(path).columns["created"].time
    assert time is not None
    assert (time.format, time.ambiguous_day) == ("%d/%m/%Y %H:%M", True)


@pytest.mark.parametrize(
    ("levels", "outcomes"),
    [
        (["yes", "no"], ["won", "lost"]),
        (["1", "0"], ["won", "lost"]),
        # The ids of stages are not answers.
        (["1", "2", "3"], ["open", "open", "open"]),
        (["Won", "Loss"], ["won", "lost"]),
        (["A_DECLINED", "O_SENT"], ["lost", "open"]),
    ],
)
def test_what_stages_say(levels, outcomes):
    assert list(outcomes_of(levels).values()) == outcomes


def test_a_stage_is_not_an_answer():
    assert outcome_of("1") == "open"


GERMAN = "Deal No,Added on,Phase,Region,Done on\n" + rows(
    30,
    lambda n: (
        f"D-{n},2026-01-{n % 28 + 1:02d} 10:00,{('Neu', 'Gewonnen', 'Verloren')[n % 3]},"
        f"{('Nord', 'Süd')[n % 2]},{'2026-02-01 09:00' if n % 3 else ''}"
    ),
)


def test_stages_that_tell_who_was_won_and_lost_are_found_under_any_name(guessed, tmp_path):
    mapping, _, contents = guessed({"deals.csv": GERMAN})

    assert mapping["read"][0]["outcome"]["stage"] == "Phase"
    [pipeline] = mapping["pipeline"]
    assert (pipeline["won"], pipeline["lost"]) == (["Gewonnen"], ["Verloren"])
    assert guess_mapping(tmp_path / "export").missing == ()
    assert stored(contents)["stage_changes"] == (30, 0)


def test_an_outcome_that_is_not_found_is_said_first_with_the_columns_it_may_be_in(
    guessed, tmp_path
):
    unknown = GERMAN.replace("Gewonnen", "Ja bitte").replace("Verloren", "Geht nicht")
    mapping, text, _ = guessed({"deals.csv": unknown})

    assert text.startswith("# NO OUTCOME WAS FOUND: nothing says which leads were won or lost")
    assert '"Region" with "Nord", "Süd"; "Phase" with "Neu", ' in text.splitlines()[1]
    assert "Deal No" not in text.splitlines()[1]
    assert "outcome" not in mapping["read"][0]
    assert len(guess_mapping(tmp_path / "export").missing) == 2


def test_a_stage_without_a_loss_is_said_first(guessed):
    only_won = GERMAN.replace("Verloren", "Ruht").replace("Phase", "Stage")
    mapping, text, _ = guessed({"deals.csv": only_won})

    assert text.startswith("# NO STAGE IS RECOGNISED AS LOST: write yours as lost in [[pipeline]]")
    assert mapping["read"][0]["outcome"]["stage"] == "Stage"


def test_nothing_to_read_is_said(tmp_path):
    with pytest.raises(InvalidTableError, match="has no file that can be read"):
        guess_mapping(tmp_path)
    with pytest.raises(InvalidTableError, match="does not exist"):
        guess_mapping(tmp_path / "no")
