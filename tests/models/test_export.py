"""An exported model is there whole under its version, or not there."""

import signal
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from leads.errors import DamagedArtifactError, InvalidInputError
from models.artifact import read_artifact, write_artifact
from models.export import copy_verified


@pytest.fixture
def source(tmp_path, trained_artifact):
    write_artifact(tmp_path / "run" / "model", trained_artifact)
    return tmp_path / "run" / "model"


@pytest.fixture
def models(tmp_path):
    return tmp_path / "home" / "models"


def test_export_is_the_same_artifact_under_its_version(source, models, trained_artifact):
    manifest_hash = copy_verified(source, models, "7")

    assert read_artifact(models / "7", manifest_hash) == trained_artifact
    assert [path.name for path in models.iterdir()] == ["7"]


def test_same_artifact_again_changes_nothing(source, models):
    manifest_hash = copy_verified(source, models, "7")
    before = (models / "7" / "manifest.json").stat()

    assert copy_verified(source, models, "7") == manifest_hash
    assert (models / "7" / "manifest.json").stat() == before


def test_another_artifact_under_the_same_version_is_refused(source, models, trained_artifact):
    manifest_hash = copy_verified(source, models, "7")
    write_artifact(source.with_name("other"), replace(trained_artifact, background_margin=1.0))

    with pytest.raises(InvalidInputError, match=r"models/7 holds another model .*register a new"):
        copy_verified(source.with_name("other"), models, "7")
    assert read_artifact(models / "7", manifest_hash)


def test_damaged_source_leaves_nothing(source, models):
    (source / "booster_0.txt").write_text("tree\n")
    with pytest.raises(DamagedArtifactError, match=r"booster_0\.txt does not match its hash"):
        copy_verified(source, models, "7")
    assert not models.exists()


def test_source_with_another_manifest_than_expected_is_refused(source, models):
    with pytest.raises(DamagedArtifactError, match=r"manifest\.json has the hash"):
        copy_verified(source, models, "7", "0" * 64)
    assert not models.exists()


def test_damaged_export_is_replaced_by_a_whole_one(source, models):
    manifest_hash = copy_verified(source, models, "7")
    (models / "7" / "about.json").write_text("{}")
    with pytest.raises(DamagedArtifactError, match=r"models/7/about\.json does not match"):
        read_artifact(models / "7", manifest_hash)

    assert copy_verified(source, models, "7") == manifest_hash

    read_artifact(models / "7", manifest_hash)


@pytest.mark.parametrize("version", ["", ".", "..", "../7", "a/b", ".7", "7\n", "x" * 65])
def test_version_that_leaves_the_folder_is_refused(source, models, version):
    with pytest.raises(InvalidInputError, match="cannot name a model version"):
        copy_verified(source, models, version)


def test_full_disk_leaves_nothing(source, models):
    """A file size limit stands for the full disk: the write fails half way."""
    program = """
import resource, signal, sys
from pathlib import Path
from models.export import copy_verified
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
copy_verified(Path(sys.argv[1]), Path(sys.argv[2]), "7")
"""
    command = [sys.executable, "-c", program, str(source), str(models)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "File too large" in answer.stderr
    assert list(models.iterdir()) == []


KILLED_AT_SYNC = """
import os, signal, sys
from pathlib import Path
from models.export import copy_verified

real_fsync = os.fsync
left = int(sys.argv[3])

def fsync_then_die(descriptor):
    global left
    real_fsync(descriptor)
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

os.fsync = fsync_then_die
copy_verified(Path(sys.argv[1]), Path(sys.argv[2]), "7")
"""


@pytest.mark.parametrize("syncs", [1, 5, 9, 11, 12])
def test_export_killed_at_any_step_is_whole_or_absent(source, models, trained_artifact, syncs):
    """9 files, the manifest and the folder are synced before the rename, its parent after it."""
    command = [sys.executable, "-c", KILLED_AT_SYNC, str(source), str(models), str(syncs)]
    answer = subprocess.run(command, check=False)

    assert answer.returncode == -signal.SIGKILL
    visible = [path.name for path in models.iterdir() if not path.name.startswith(".")]
    assert visible == (["7"] if syncs == 12 else [])
    assert read_artifact(models / "7", copy_verified(source, models, "7")) == trained_artifact


def test_exports_of_one_version_at_once_agree(source, models, trained_artifact):
    hashes = []
    threads = [
        threading.Thread(target=lambda: hashes.append(copy_verified(source, models, "7")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(hashes) == 8
    assert len(set(hashes)) == 1
    assert [path.name for path in models.iterdir()] == ["7"]
    assert read_artifact(models / "7", hashes[0]) == trained_artifact
