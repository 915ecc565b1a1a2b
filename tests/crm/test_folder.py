"""A data folder as timelines, without a store."""

from crm.folder import read_folder

ROWS = """lead_id,occurred_at,kind,event_id
a,2026-01-03T10:00:00Z,call,e1
a,2026-01-03T10:00:00Z,call,e1
a,2026-01-04T10:00:00Z,mail,e1
a,2026-01-04T10:00:00Z,mail,e2
"""


def test_same_event_id_is_one_event_and_other_content_is_refused(make_folder):
    contents = read_folder(make_folder({"interactions.csv": ROWS}))
    counts = contents.tables["interactions"]

    assert (counts.read, counts.stored, counts.already_known, counts.rejected) == (4, 2, 1, 1)
    assert contents.first_rejections["interactions"] == (
        "interactions.csv, row 3: event_id: 'e1' is known with other content; "
        "give the row another id, or remove it"
    )
    assert contents.timelines.event_id[:2] == ["e1", "e2"]


def test_hash_tells_two_states_of_a_folder_apart(make_folder, usual):
    same = [read_folder(make_folder(name=name)).data_hash for name in ("one", "two")]
    other = make_folder({"leads.csv": usual["leads.csv"].replace("100", "101")}, name="other")

    assert same[0] == same[1] != read_folder(other).data_hash


def test_unused_files_do_not_count_in_the_hash(make_folder):
    plain = read_folder(make_folder(name="plain")).data_hash
    beside = read_folder(make_folder({"notes.txt": "x"}, name="beside")).data_hash

    assert plain == beside
