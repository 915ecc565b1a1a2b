"""An artifact comes back as it was written, or not at all."""

import json
import math
import os
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.errors import DamagedArtifactError
from models.artifact import Artifact, _json_bytes, read_artifact, sha256, write_artifact

TEXTS = ("tree\nfirst\n", "tree\nsecond é\n")
FILES = (
    "about.json",
    "attribute_types.json",
    "booster_0.txt",
    "booster_1.txt",
    "calibration.json",
    "directions.json",
    "linear.json",
    "pipelines.json",
    "signals.json",
    "typical.json",
)


@pytest.fixture
def artifact():
    return Artifact(
        signals={"columns": ["meetings_30d"], "levels": {"source": ["mässa", "展会"]}},
        pipelines=[{"name": "b2b", "stages": ["New", "Proposal"], "window_days": 365.0}],
        attribute_types={"amount": "number", "source": "category"},
        calibration={"slope": 0.1 + 0.2, "intercept": -1e-300},
        background_margin=-1.2345678901234567,
        typical={"b2b/New": {"meetings_30d": 5e-324, "amount": None}},
        boosters=TEXTS,
        linear={"slope": [0.1 + 0.2], "share": 0.5},
        directions={"edges": [[0.1 + 0.2]]},
        about={"trained_at": 1_700_000_000_000_001, "version": "7"},
    )


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "model"


@pytest.fixture
def manifest_hash(folder, artifact):
    return write_artifact(folder, artifact)


def test_artifact_comes_back_as_it_was_written(folder, artifact, manifest_hash):
    assert read_artifact(folder, manifest_hash) == artifact
    assert read_artifact(folder) == artifact


def test_model_without_trees_comes_back(folder, artifact):
    """The base rate alone, where the records showed no signal."""
    without = replace(artifact, boosters=())
    assert read_artifact(folder, write_artifact(folder, without)) == without


def test_model_without_win_rates_has_no_file_of_them_and_comes_back(folder, artifact):
    without = replace(artifact, directions={})

    write_artifact(folder, without)

    assert not (folder / "directions.json").exists()
    assert read_artifact(folder) == without


def test_folder_holds_plain_files_under_a_manifest(folder, manifest_hash):
    manifest = json.loads((folder / "manifest.json").read_text())

    assert sorted(path.name for path in folder.iterdir()) == sorted([*FILES, "manifest.json"])
    assert manifest["schema"] == 4
    assert manifest["libraries"].keys() == {"lightgbm", "numba", "numpy", "python"}
    for name in FILES:
        content = (folder / name).read_bytes()
        assert manifest["files"][name] == {"sha256": sha256(content), "size": len(content)}
    assert manifest_hash == sha256((folder / "manifest.json").read_bytes())


def test_equal_artifacts_have_one_hash_whatever_the_order_of_their_keys(tmp_path, artifact):
    turned = replace(artifact, about=dict(reversed(artifact.about.items())))
    assert write_artifact(tmp_path / "a", artifact) == write_artifact(tmp_path / "b", turned)


def test_nan_is_written_as_null(folder, artifact):
    write_artifact(folder, replace(artifact, typical={"amount": math.nan, "days": [math.nan, 1.5]}))
    assert read_artifact(folder).typical == {"amount": None, "days": [None, 1.5]}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_come_back_to_the_last_bit(number):
    back = json.loads(_json_bytes({"number": number}))["number"]
    assert struct.pack("d", back) == struct.pack("d", number)


def test_infinity_is_refused(folder, artifact):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_artifact(folder, replace(artifact, background_margin=math.inf))


def test_keys_that_json_would_rename_are_refused(folder, artifact):
    with pytest.raises(TypeError, match="keys of an artifact are text, not \\[7\\]"):
        write_artifact(folder, replace(artifact, typical={7: 1.0}))


def test_folder_with_other_files_is_not_written_into(folder, artifact):
    folder.mkdir()
    (folder / "notes.txt").touch()
    with pytest.raises(FileExistsError, match="is not empty"):
        write_artifact(folder, artifact)


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_every_flipped_byte_is_noticed(folder, manifest_hash, name):
    path = folder / name
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(DamagedArtifactError, match=name):
            read_artifact(folder, manifest_hash)


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
@pytest.mark.parametrize("cut", [0, 10, -2])
def test_truncated_file_is_noticed_without_the_manifests_hash(folder, manifest_hash, name, cut):
    path = folder / name
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DamagedArtifactError, match=name):
        read_artifact(folder)


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_missing_file_is_named(folder, manifest_hash, name):
    (folder / name).unlink()
    with pytest.raises(DamagedArtifactError, match=f"{name} is missing.*promote the version again"):
        read_artifact(folder, manifest_hash)


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_link_in_place_of_a_file_is_refused(folder, manifest_hash, name):
    (folder / name).rename(folder.parent / name)
    (folder / name).symlink_to(folder.parent / name)
    with pytest.raises(DamagedArtifactError, match=f"{name} is missing or not a file"):
        read_artifact(folder, manifest_hash)


def test_grown_file_is_refused_before_it_is_read(folder, manifest_hash):
    os.truncate(folder / "booster_0.txt", 10**12)
    with pytest.raises(DamagedArtifactError, match=r"booster_0\.txt is larger than \d+ bytes"):
        read_artifact(folder, manifest_hash)


def test_added_file_is_named(folder, manifest_hash):
    (folder / "booster_2.txt").write_text("tree\n")
    with pytest.raises(
        DamagedArtifactError, match=r"booster_2\.txt is not listed in manifest\.json"
    ):
        read_artifact(folder, manifest_hash)


def test_folder_that_does_not_exist_is_named(folder):
    with pytest.raises(DamagedArtifactError, match=r"model/manifest\.json is missing"):
        read_artifact(folder)


def test_manifest_of_another_model_is_refused(folder, artifact, manifest_hash, tmp_path):
    other_hash = write_artifact(tmp_path / "other", replace(artifact, background_margin=0.5))
    with pytest.raises(
        DamagedArtifactError, match=f"{manifest_hash[:12]}… instead of {other_hash[:12]}"
    ):
        read_artifact(folder, other_hash)


def _listing(**changes):
    """The files of a manifest whose hashes fit, changed."""

    def change(manifest):
        manifest["files"].update(changes)
        for name in [name for name, entry in changes.items() if entry is None]:
            del manifest["files"][name]

    return change


ENTRY = {"sha256": sha256(b""), "size": 0}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda manifest: manifest.update(schema=2), "has schema 2, this leadscore reads 4"),
        (lambda manifest: manifest.pop("schema"), "has schema None"),
        (lambda manifest: manifest.update(files=None), "lists no files with hashes"),
        (lambda manifest: manifest.update(files={}), "lists other files"),
        (_listing(**{"../secret.txt": ENTRY}), r"lists other files .*'\.\./secret\.txt'"),
        (_listing(**{"/etc/passwd": ENTRY}), "lists other files .*'/etc/passwd'"),
        (_listing(**{"booster_00.txt": ENTRY}), r"lists other files .*'booster_00\.txt'"),
        (_listing(**{"booster_3.txt": ENTRY}), r"lists other files .*'booster_3\.txt'"),
        (_listing(**{"model.pkl": ENTRY}), "lists other files .*'model.pkl'"),
        (_listing(**{"typical.json": None}), "lists other files .*'typical.json'"),
        (_listing(**{"typical.json": {"sha256": "0", "size": 0}}), "lists no files with hashes"),
        (_listing(**{"typical.json": {**ENTRY, "size": "1"}}), "lists no files with hashes"),
        (_listing(**{"typical.json": {**ENTRY, "size": True}}), "lists no files with hashes"),
    ],
)
def test_manifest_that_is_not_of_an_artifact_is_refused(folder, manifest_hash, change, message):
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    with pytest.raises(DamagedArtifactError, match=message):
        read_artifact(folder)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, "\udc80", '"files"'])
def test_manifest_that_is_no_object_is_refused(folder, manifest_hash, text):
    (folder / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DamagedArtifactError, match=r"manifest\.json (is not JSON|has schema None)"):
        read_artifact(folder)
