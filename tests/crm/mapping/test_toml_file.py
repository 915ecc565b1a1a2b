"""A mapping's file: every mistake is named with its place and what to do."""

import pytest

from crm.mapping.definition import Cells, Fallback, Filter, Order
from crm.mapping.toml_file import read_mapping
from leads.errors import InvalidTableError

PIPELINE = '[[pipeline]]\nname = "default"\nstages = ["New"]\nwon = ["Won"]\nlost = ["Lost"]\n'
READ = '[[read]]\nfile = "d.csv"\nas = "leads"\n'
COLUMNS = 'columns = { lead_id = "Id", created_at = "Created" }\n'


@pytest.fixture
def mapping_of(tmp_path):
    def of(text: str):
        path = tmp_path / "crm.toml"
        path.write_text(text, encoding="utf-8")
        return read_mapping(path)

    return of


def test_the_defaults(mapping_of):
    mapping = mapping_of(READ + COLUMNS)

    assert (mapping.name, mapping.timezone, mapping.pipelines) == ("crm", None, None)
    [read] = mapping.reads
    assert dict(read.columns) == {"lead_id": Cells(("Id",)), "created_at": Cells(("Created",))}
    assert (read.delimiter, read.encoding, read.keep_others) == (",", "utf-8-sig", False)


def test_closing_dates_end_their_day_unless_told(mapping_of):
    outcome = '[read.outcome]\nstage = "S"\nclosed_at = "C"\nfallback = { after_days = 30 }\n'
    [read] = mapping_of(PIPELINE + READ + COLUMNS + outcome).reads

    assert read.outcome.closed_at == Cells(("C",), end_of_day=True)
    assert read.outcome.fallback == Fallback(None, 30)
    told = outcome.replace('"C"', '{ column = "C", end_of_day = false }')
    assert mapping_of(PIPELINE + READ + COLUMNS + told).reads[0].outcome.closed_at == Cells(("C",))


def test_filters_have_names_for_the_summary(mapping_of):
    where = (
        'where = [{ column = "k", in = [1, "x"] }, '
        '{ column = "k", filled = true, because = "no k" }]\n'
    )
    [read] = mapping_of(READ + COLUMNS + where).reads

    assert read.where == (
        Filter("k", "in", ("1", "x"), True, "not: k is one of '1', 'x'"),
        Filter("k", "filled", (), True, "no k"),
    )


def test_an_order_stands_for_times(mapping_of):
    ordered = COLUMNS.replace('"Created"', '{ order = "n", descending = true }')
    assert mapping_of(READ + ordered).reads[0].order == Order("n", descending=True)


@pytest.mark.parametrize(
    "time_format",
    [
        "%d/%m/%Y %I:%M %p",
        "%Y年%m月%d日",
        "%G-W%V-%u",
        "%Y-%jT%H",
        "%a %d %b %Y %H:%M:%S %Z",
        "%y%%%z",
    ],
)
def test_a_format_that_reads_times_is_taken(mapping_of, time_format):
    column = f'{{ column = "Created", format = "{time_format}" }}'
    [read] = mapping_of(READ + COLUMNS.replace('"Created"', column)).reads
    assert read.columns["created_at"].time_format == time_format


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r'no \[\[read\]\] makes leads; add one with as = "leads"'),
        ("read = 3", "read is 3; write a list of tables"),
        ("[[read", "crm.toml is not TOML"),
        ('timezone = "Berlin"\n' + READ, "timezone 'Berlin' is not known; write a place"),
        ('timezon = "UTC"\n' + READ + COLUMNS, "'timezon' is not known .*mean 'timezone'"),
        ('exported_at = "2026-01-01T00:00"\n' + READ, "exported_at: .*has no time zone"),
        ('[[read]]\nas = "leads"\n', r"\[\[read\]\] number 1: file is missing"),
        ('[[read]]\nfile = "d.csv"\nas = "calls"\n', "as is 'calls'; write one of leads, inter"),
        (READ, "columns has no lead_id; add lead_id"),
        (READ + COLUMNS + 'delimiter = "tab"', "delimiter is 'tab'; write one character"),
        (READ + COLUMNS + 'encoding = "klingon"', "encoding 'klingon' is not known"),
        (READ + COLUMNS + "keep_others = 1", "keep_others is 1; write true or false"),
        (READ + COLUMNS + 'leave_out = { Id = "x" }', "'Id' is both used and in leave_out"),
        (READ + COLUMNS + "[read.outcome]\n", "outcome: stage is missing"),
        (READ + COLUMNS + 'where = [{ column = "k" }]', "where number 1: write exactly one of in"),
        (READ + COLUMNS + 'where = [{ in = ["k"] }]', "where number 1: column is missing"),
        (
            READ + 'columns = { lead_id = { column = "Id", value = "x" } }',
            "columns.lead_id: write exactly one of column, columns, value",
        ),
        (
            READ + 'columns = { lead_id = { column = "Id", unit = "days" } }',
            "unit is 'days'; write one of ms, seconds",
        ),
        (
            READ + 'columns = { lead_id = { column = "Id", format = "ISO" } }',
            "format is 'ISO'; write one such as",
        ),
        (
            READ + 'columns = { lead_id = { column = "Id", format = "%d.%m.%Q" } }',
            "format is '%d.%m.%Q', which reads no time: 'Q' is a bad directive",
        ),
        (
            READ + 'columns = { lead_id = { column = "Id", format = "%d.%m.%" } }',
            "format is '%d.%m.%', which reads no time: stray %",
        ),
        (
            READ + 'columns = { lead_id = { column = "Id", otherwise = "x" } }',
            "otherwise has no map beside it",
        ),
        (READ + "columns = { lead_id = 3 }", "columns.lead_id is 3; write the name of a column"),
        (
            READ + COLUMNS + '[read.link]\nkey = "a"\nlead_key = "b"\n',
            "link belongs to a .* of events",
        ),
        (
            READ
            + COLUMNS
            + '[[read]]\nfile = "s.csv"\nas = "stage_changes"\n'
            + 'columns = { lead_id = "a", ocurred_at = "b", stage = "c" }\n',
            "stage_changes has no such column .*did you mean 'occurred_at'",
        ),
        (
            PIPELINE + READ + COLUMNS + '[read.outcome]\nstage = "S"\nfallback = "never"\n',
            "outcome: fallback is 'never'; write one of export_end, .*, or { after_days = 30 }",
        ),
        (
            READ + COLUMNS + '[attribute_types]\n\n[attribute_types.amount]\nx = "number"\n',
            "attribute_types.amount is .*; write a text",
        ),
    ],
)
def test_mistakes(mapping_of, text, message):
    if "[attribute_types]" in text:
        text = '[attribute_types]\namount = { x = "number" }\n' + READ + COLUMNS
    with pytest.raises(InvalidTableError, match=message):
        mapping_of(text)


def test_a_mapping_that_is_not_there(tmp_path):
    with pytest.raises(InvalidTableError, match="does not exist; give a TOML file"):
        read_mapping(tmp_path / "no.toml")
