"""Export: a verified copy of an artifact that appears under its version at once or not at all."""

import os
import re
import secrets
import shutil
from pathlib import Path

from leads.errors import DamagedArtifactError, InvalidInputError
from models.artifact import MANIFEST, sha256, verified_contents

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PARTIAL_SUFFIX = ".partial"


def copy_verified(
    folder: Path, target_parent: Path, version: str, manifest_hash: str | None = None
) -> str:
    """Copy an artifact to `target_parent/version`; the answer is the hash of its manifest.

    The copy is written beside its place, made durable and then renamed, so that a killed export
    leaves at most a hidden `.partial` folder. The same artifact again changes nothing, but a
    damaged copy is replaced. Raises `DamagedArtifactError` for a damaged source and
    `InvalidInputError` when that version is another artifact.
    """
    if not _VERSION.fullmatch(version):
        raise InvalidInputError(
            f"{version!r} cannot name a model version; use letters, digits, dot, dash, underscore"
        )
    contents = verified_contents(folder, manifest_hash)
    _remove_damaged(target_parent / version)
    _export(contents, target_parent / version)
    return sha256(contents[MANIFEST])


def _is_there(target: Path, manifest_hash: str) -> bool:
    """Whether the same artifact is there and whole; `InvalidInputError` if it is another one."""
    if not target.is_dir():
        return False
    present_hash = sha256(verified_contents(target)[MANIFEST])
    if present_hash != manifest_hash:
        raise InvalidInputError(
            f"{target} holds another model ({present_hash[:12]}… instead of "
            f"{manifest_hash[:12]}…); move that folder away or register a new version"
        )
    return True


def _remove_damaged(target: Path) -> None:
    """Make way for a whole copy: what is damaged cannot be served anyway."""
    if target.is_dir():
        try:
            verified_contents(target)
        except DamagedArtifactError:
            shutil.rmtree(target)


def _export(contents: dict[str, bytes], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}{PARTIAL_SUFFIX}")
    partial.mkdir()
    try:
        for name, content in contents.items():
            _write_durably(partial / name, content)
        _sync_folder(partial)
        _move(partial, target, sha256(contents[MANIFEST]))
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    _sync_folder(target.parent)


def _move(partial: Path, target: Path, manifest_hash: str) -> None:
    """Rename into place; a model that is there already stays, and must be the same one."""
    try:
        partial.rename(target)
    except OSError:
        if not _is_there(target, manifest_hash):
            raise


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
