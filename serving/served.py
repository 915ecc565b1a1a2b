"""What is served: a store, its champion's scorer and the population, kept up to date."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from crm.store import Champion, Store
from features.population import Population, population_of
from leads.arrays import MISSING
from leads.attributes import AttributeType
from leads.clock import now_us
from leads.errors import UnknownModelError
from leads.pipelines import Pipelines
from leads.records import ATTRIBUTE_CHANGE
from leads.timeline import Timelines
from models.artifact import read_artifact
from models.habits import Habits
from models.scorer import DEFAULT_GRADES, Scorer, grade_of
from models.similar import ResolvedLeads

NO_MODEL = "no model promoted yet; run leadscore train"
OWNER = "owner"
MOST_OWNERS = 500


@dataclass(frozen=True)
class ServedRecords:
    """What scoring needs of the store beside a lead, as of a commit.

    `pipelines` and `population` are None before the first import; `owners` are those a page
    offers to filter by.
    """

    sequence: int
    pipelines: Pipelines | None
    attribute_types: Mapping[str, AttributeType]
    population: Population | None
    owners: tuple[str, ...]


class Served:
    """An open store and the folder of promoted models; safe to use from several threads.

    The scorer is read again when another model was promoted, the population when records were
    committed. `grades` are those of scores with their lowest score, best first; `clock` gives the
    present in microseconds.
    """

    def __init__(
        self,
        store: Store,
        models_folder: Path,
        *,
        grades: Sequence[tuple[str, int]] = DEFAULT_GRADES,
        clock: Callable[[], int] = now_us,
    ) -> None:
        self.store = store
        self.grades = grades
        self.now = clock
        self.models_folder = models_folder
        self._model_lock = threading.Lock()
        self._records_lock = threading.Lock()
        self._loaded: tuple[Champion, Scorer] | None = None
        self._records: ServedRecords | None = None
        self._others_lock = threading.Lock()
        self._habits: Habits | None = None
        self._resolved: ResolvedLeads | None = None

    @classmethod
    def open(
        cls, store_at: str | Path, models_folder: Path, *, clock: Callable[[], int] = now_us
    ) -> Self:
        """Open the store; raises `StoreError`."""
        return cls(Store.open(store_at), models_folder, clock=clock)

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def grade(self, score: int | None) -> str | None:
        """The grade of a score, None for a lead that has none."""
        return None if score is None else grade_of(score, self.grades)

    def scorer(self) -> Scorer:
        """The champion's scorer.

        Raises `UnknownModelError` before the first promotion, `DamagedArtifactError` when its
        files are not those that were promoted.
        """
        champion = self.store.champion()
        if champion is None:
            raise UnknownModelError(NO_MODEL)
        with self._model_lock:
            if self._loaded is None or self._loaded[0] != champion:
                folder = self.models_folder / champion.version
                artifact = read_artifact(folder, champion.manifest_hash)
                self._loaded = champion, Scorer(artifact, champion.version)
            return self._loaded[1]

    def records(self) -> ServedRecords:
        """The store's records as of its latest commit of records."""
        sequence = self.store.records_sequence()
        with self._records_lock:
            if self._records is None or self._records.sequence < sequence:
                self._records = _read_records(self.store, sequence)
            return self._records

    def habits(self, timelines: Timelines) -> Habits:
        """What usually happens at the leads of a population, kept until it is another one."""
        with self._others_lock:
            if self._habits is None or self._habits.timelines is not timelines:
                self._habits = Habits(timelines)
            return self._habits

    def resolved_leads(self, scorer: Scorer, population: Population) -> ResolvedLeads:
        """The resolved leads as the champion sees them, kept until one of the two is another."""
        with self._others_lock:
            kept = self._resolved
            if kept is None or kept.scorer is not scorer or kept.population is not population:
                kept = self._resolved = ResolvedLeads(scorer, population)
            return kept


def _read_records(store: Store, sequence: int) -> ServedRecords:
    pipelines = store.pipelines()
    timelines = store.timelines()
    return ServedRecords(
        sequence=sequence,
        pipelines=pipelines,
        attribute_types=store.attribute_types(),
        population=None if pipelines is None else population_of(timelines),
        owners=_owners(timelines),
    )


def _owners(timelines: Timelines) -> tuple[str, ...]:
    """The owners of leads by name, at most 500."""
    if OWNER not in timelines.attributes:
        return ()
    levels = timelines.events.level
    is_owner = timelines.events.name == timelines.attributes.index(OWNER)
    rows = (timelines.events.type == ATTRIBUTE_CHANGE) & is_owner & (levels != MISSING)
    return tuple(sorted(timelines.levels[code] for code in np.unique(levels[rows]))[:MOST_OWNERS])
