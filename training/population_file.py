"""The population of a model as a file: sums over leads as of any moment, without their ids.

A registered model that MLflow serves has no store to ask, so it takes with it what was known of
other leads when it was trained. Who was a contact or an account stays out of the file.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from features.closing_stream import ClosingStream
from features.index import Index, places_of
from features.population import Population
from features.track_records import PERSON_FIELDS
from leads.arrays import MISSING, Int64s
from leads.pipelines import Pipelines

_INDEX = ("start", "known_at", "sums")
_STREAM = ("start", "closed_at", "known_at", "until", "won")
_ABOUT = "about"
_NOBODY = np.zeros(1, np.int64)


def write_population(path: Path, population: Population) -> None:
    """Write what was asked of a population so far as numpy arrays and the names of places."""
    kept = {
        about: index
        for about, index in population.indexes.items()
        if not set(about) & set(PERSON_FIELDS)
    }
    about = {
        "indexes": [[list(key), list(index.names)] for key, index in kept.items()],
        "stream": list(population.stream.names),
    }
    arrays: dict[str, Any] = {_ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8)}
    for number, index in enumerate(kept.values()):
        arrays |= {f"{number}.{name}": getattr(index, name) for name in _INDEX}
    arrays |= {f"stream.{name}": getattr(population.stream, name) for name in _STREAM}
    with path.open("xb") as file:
        np.savez_compressed(file, **arrays)


def read_population(path: Path, pipelines: Pipelines) -> Population:
    """The population of a file; it knows no lead by its id, so none is left out of its own."""
    with np.load(path, allow_pickle=False) as arrays:
        about = json.loads(arrays[_ABOUT].tobytes())
        indexes = {
            tuple(key): _index(names, *(arrays[f"{number}.{name}"] for name in _INDEX))
            for number, (key, names) in enumerate(about["indexes"])
        }
        columns = {name: arrays[f"stream.{name}"] for name in _STREAM}
        nobodys = np.full(len(columns["won"]), MISSING)
        stream = ClosingStream(places_of(about["stream"]), **columns, lead=nobodys)
    return Population(pipelines, {}, None, indexes, stream)


def nobody(pipelines: Pipelines) -> Population:
    """A population without leads."""
    return Population(pipelines, {}, None)


def _index(names: list[str], start: Int64s, known_at: Int64s, sums: Int64s) -> Index:
    return Index(
        names=places_of(names),
        start=start,
        known_at=known_at,
        sums=sums,
        own_start=_NOBODY,
        own_place=_NOBODY[:0],
        own_known_at=_NOBODY[:0],
        own_changes=np.zeros((0, sums.shape[1]), np.int64),
    )
