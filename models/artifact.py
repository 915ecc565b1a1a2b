"""The artifact: a trained model as a folder of plain files under a manifest of their hashes.

JSON and LightGBM's text, never a pickle: reading one runs no code. The hash of the manifest names
the model; whoever holds it can tell whether a single byte of the folder has changed.
"""

import hashlib
import json
import math
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as library_version
from pathlib import Path
from typing import Any

from leads.errors import DamagedArtifactError

SCHEMA = 4
MANIFEST = "manifest.json"

_JSON_FILES = (
    "signals",
    "pipelines",
    "attribute_types",
    "linear",
    "calibration",
    "typical",
    "about",
)
# Files that a model may lack: scoring does without what they hold.
_OPTIONAL_FILES = ("directions", "horizons", "interval")
_NUMBERED = re.compile(r"booster_[0-9]+\.txt")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_MANIFEST_BYTES = 1_000_000
_REMEDY = "promote the version again, or train a new one"


@dataclass(frozen=True)
class Artifact:
    """Everything that scoring needs of a trained model; all of it JSON but the boosters' texts.

    `background_margin` is the mean margin of the background snapshots, the base of all effects.
    `linear` is the line beside the trees and its share of the margin, empty without one;
    `directions` are the plain win rates that factors are held against, `horizons` when wins come,
    `interval` how sure the log-odds are; each empty if unknown. A missing
    number is None: NaN becomes None when written. Without boosters and line it says the same of
    every lead.
    """

    signals: Mapping[str, Any]
    pipelines: Sequence[Mapping[str, Any]]
    attribute_types: Mapping[str, str]
    calibration: Mapping[str, float]
    background_margin: float
    typical: Mapping[str, Any]
    boosters: tuple[str, ...]
    about: Mapping[str, Any]
    linear: Mapping[str, Any] = field(default_factory=dict)
    directions: Mapping[str, Any] = field(default_factory=dict)
    horizons: Mapping[str, Any] = field(default_factory=dict)
    interval: Mapping[str, Any] = field(default_factory=dict)


def write_artifact(folder: Path, artifact: Artifact) -> str:
    """Write an artifact into a new or empty folder; the answer is the hash of its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty; write an artifact into a new folder")
    contents = _contents(artifact)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    manifest = _json_bytes(
        {
            "schema": SCHEMA,
            "files": {name: _entry(content) for name, content in contents.items()},
            "libraries": _library_versions(),
        }
    )
    (folder / MANIFEST).write_bytes(manifest)
    return sha256(manifest)


def read_artifact(folder: Path, manifest_hash: str | None = None) -> Artifact:
    """The artifact of a folder, every byte checked against the manifest, and that by its hash.

    Raises `DamagedArtifactError` naming the file: changed, missing, not listed, or of another
    schema. Without `manifest_hash` the folder is only checked to be whole.
    """
    contents = verified_contents(folder, manifest_hash)
    names = (*_JSON_FILES, *(n for n in _OPTIONAL_FILES if f"{n}.json" in contents))
    parsed = {name: _parsed(folder, name, contents) for name in names}
    try:
        return Artifact(
            signals=parsed["signals"],
            pipelines=parsed["pipelines"],
            attribute_types=parsed["attribute_types"],
            calibration=parsed["calibration"]["parameters"],
            background_margin=parsed["calibration"]["background_margin"],
            typical=parsed["typical"],
            boosters=tuple(contents[name].decode() for name in _booster_names(contents)),
            about=parsed["about"],
            linear=parsed["linear"],
            directions=parsed.get("directions", {}),
            horizons=parsed.get("horizons", {}),
            interval=parsed.get("interval", {}),
        )
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        raise DamagedArtifactError(f"{folder}: not an artifact ({error}); {_REMEDY}") from error


def verified_contents(folder: Path, manifest_hash: str | None = None) -> dict[str, bytes]:
    """The files of an artifact by name, the manifest among them, checked as they are read."""
    manifest = _read_file(folder / MANIFEST, _MAX_MANIFEST_BYTES)
    if manifest_hash is not None and sha256(manifest) != manifest_hash:
        raise DamagedArtifactError(
            f"{folder / MANIFEST} has the hash {sha256(manifest)[:12]}… instead of "
            f"{manifest_hash[:12]}…; {_REMEDY}"
        )
    entries = _entries(folder, manifest)
    strangers = sorted({path.name for path in folder.iterdir()} - {MANIFEST, *entries})
    if strangers:
        raise DamagedArtifactError(
            f"{folder / strangers[0]} is not listed in {MANIFEST}; remove it, or {_REMEDY}"
        )
    contents = {name: _checked_file(folder / name, entry) for name, entry in entries.items()}
    return {**contents, MANIFEST: manifest}


def sha256(content: bytes) -> str:
    """64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def _contents(artifact: Artifact) -> dict[str, bytes]:
    boosters = {f"booster_{i}.txt": text.encode() for i, text in enumerate(artifact.boosters)}
    calibration = {
        "parameters": artifact.calibration,
        "background_margin": artifact.background_margin,
    }
    optional = [name for name in _OPTIONAL_FILES if getattr(artifact, name)]
    whole = {name: getattr(artifact, name) for name in (*_JSON_FILES, *optional)}
    whole |= {"calibration": calibration}
    return {f"{name}.json": _json_bytes(value) for name, value in whole.items()} | boosters


def _entry(content: bytes) -> dict[str, Any]:
    return {"sha256": sha256(content), "size": len(content)}


def _library_versions() -> dict[str, str]:
    versions = {name: library_version(name) for name in ("lightgbm", "numba", "numpy")}
    return versions | {"python": platform.python_version()}


def _json_bytes(value: object) -> bytes:
    """JSON with sorted keys, the same bytes for equal values; floats come back to the last bit."""
    text = json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)
    return text.encode() + b"\n"


def _plain(value: object) -> object:
    """Dicts and lists all the way, None for NaN; `TypeError` for keys that JSON would rename."""
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError(f"keys of an artifact are text, not {list(value)[:3]}")
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _read_file(path: Path, largest: int) -> bytes:
    """A plain file's bytes; a link is refused, so that nothing outside the folder is read."""
    if path.is_symlink() or not path.is_file():
        raise DamagedArtifactError(f"{path} is missing or not a file; {_REMEDY}")
    if path.stat().st_size > largest:
        raise DamagedArtifactError(f"{path} is larger than {largest:,} bytes; {_REMEDY}")
    return path.read_bytes()


def _checked_file(path: Path, entry: Mapping[str, Any]) -> bytes:
    content = _read_file(path, entry["size"])
    if _entry(content) != entry:
        raise DamagedArtifactError(
            f"{path} does not match its hash in {MANIFEST}: it was changed or cut off; {_REMEDY}"
        )
    return content


def _entries(folder: Path, manifest: bytes) -> dict[str, dict[str, Any]]:
    """The manifest's files, which are exactly those of an artifact of this schema."""
    stated = _parsed(folder, "manifest", {MANIFEST: manifest})
    schema = stated.get("schema") if isinstance(stated, dict) else None
    if schema != SCHEMA:
        raise DamagedArtifactError(
            f"{folder / MANIFEST} has schema {schema!r}, this leadscore reads {SCHEMA}; "
            "train a new version with this leadscore: leadscore train --promote always"
        )
    entries = stated.get("files")
    if not isinstance(entries, dict) or not all(map(_is_entry, entries.values())):
        raise DamagedArtifactError(f"{folder / MANIFEST} lists no files with hashes; {_REMEDY}")
    boosters = _booster_names(entries)
    wanted = {f"{name}.json" for name in _JSON_FILES} | set(boosters)
    optional = {f"{name}.json" for name in _OPTIONAL_FILES}
    odd = sorted((set(entries) - optional) ^ wanted)
    if odd:
        raise DamagedArtifactError(
            f"{folder / MANIFEST} lists other files than an artifact has: {odd[0]!r}; {_REMEDY}"
        )
    return entries


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and set(entry) == {"sha256", "size"}
        and isinstance(entry["sha256"], str)
        and _SHA256.fullmatch(entry["sha256"]) is not None
        and type(entry["size"]) is int
    )


def _booster_names(names: Mapping[str, object]) -> list[str]:
    """`booster_0.txt` to the last one of the unbroken sequence."""
    found = {name for name in names if _NUMBERED.fullmatch(name)}
    return [name for i in range(len(found)) if (name := f"booster_{i}.txt") in found]


def _parsed(folder: Path, name: str, contents: Mapping[str, bytes]) -> Any:
    try:
        return json.loads(contents[f"{name}.json"])
    except (ValueError, RecursionError) as error:
        raise DamagedArtifactError(
            f"{folder / name}.json is not JSON: {error}; {_REMEDY}"
        ) from error
