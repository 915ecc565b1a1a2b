"""The signal plan of a model: which families, with what they learned, and the matrix they fill."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from features.attributes import ATTRIBUTES
from features.calendar import CALENDAR
from features.interactions import INTERACTIONS
from features.population import Population
from features.signal import Column, Family, FamilySettings
from features.stages import STAGES
from leads.arrays import Floats
from leads.errors import DamagedArtifactError
from leads.timeline import Timelines
from leads.view import View

FAMILIES: tuple[Family, ...] = (INTERACTIONS, STAGES, ATTRIBUTES, CALENDAR)


@dataclass(frozen=True)
class SignalPlan:
    """Families with their learned settings, in the order of their blocks."""

    parts: tuple[tuple[Family, FamilySettings], ...]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Every column of the matrix, in order."""
        return tuple(c for family, settings in self.parts for c in family.columns(settings))

    @cached_property
    def categorical(self) -> tuple[int, ...]:
        """The places of the categorical columns."""
        return tuple(place for place, column in enumerate(self.columns) if column.levels)

    def matrix(self, view: View, population: Population) -> Floats:
        """One row per snapshot, one column per signal; NaN is missing."""
        matrix = np.empty((len(view), len(self.columns)))
        at = 0
        for family, settings in self.parts:
            width = len(family.columns(settings))
            family.fill(settings, view, population, matrix[:, at : at + width])
            at += width
        return matrix

    def as_record(self) -> dict[str, Any]:
        """A plain record, to be stored with a model: a list, for a file may sort the keys."""
        return {
            "families": [
                {"family": family.name, "settings": dict(settings)}
                for family, settings in self.parts
            ]
        }


def learn_plan(timelines: Timelines, families: tuple[Family, ...] = FAMILIES) -> SignalPlan:
    """The plan learned from timelines as known at the training cut (`leads.view.known_by`)."""
    return SignalPlan(tuple((family, family.learn(timelines)) for family in families))


def plan_from_record(
    record: Mapping[str, Any], families: tuple[Family, ...] = FAMILIES
) -> SignalPlan:
    """The plan of a stored record; raises `DamagedArtifactError` for an unknown family."""
    by_name = {family.name: family for family in families}
    stored = record["families"]
    unknown = sorted({entry["family"] for entry in stored} - set(by_name))
    if unknown:
        raise DamagedArtifactError(
            f"the model uses the signal family {unknown[0]!r}, which this version does not have; "
            "install the version that trained it or train again"
        )
    return SignalPlan(tuple((by_name[entry["family"]], entry["settings"]) for entry in stored))
