"""Person signals: earlier leads of the same contact or account, and how they ended."""

import numpy as np

from features.index import in_time
from features.known_values import known_levels
from features.naming import in_words
from features.population import (
    CLOSED_LEADS,
    OPEN_LEADS,
    PIPELINES,
    WON_LEADS,
    About,
    Population,
    of_value,
)
from features.signal import Column, Family, FamilySettings, Group
from features.track_records import PERSON_FIELDS, is_shared, pipeline_rate
from leads.arrays import Floats
from leads.timeline import Timelines
from leads.view import View

# A person's leads are drawn to the pipeline's rate as if by so many.
USUAL_LEADS = 3.0


def learn(timelines: Timelines) -> FamilySettings:
    """Which of contact and account the leads have, where several leads share one."""
    quarantined = {one.attribute for one in timelines.quarantined}
    return {
        "fields": [
            name
            for name in PERSON_FIELDS
            if name in timelines.attributes
            and name not in quarantined
            and is_shared(timelines, name, 2)
        ]
    }


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """Other leads of the same person: how they ended, and whether one is open.

    No numbers of leads: they grow with the history that is known, and tell when it is.
    """
    return tuple(column for name in settings["fields"] for column in _declared(name))


def _declared(field: str) -> tuple[Column, ...]:
    named = {"person": in_words(field)}
    group = Group(f"same_{field}", "Other leads of the same {person}", named)
    return (
        Column(
            f"{field}_win_rate", group, "share",
            "Other leads of the same {person} are won in about {value} of cases",
            "No other lead of the same {person} was closed before.", named, comparable=False,
        ),
        Column(
            f"{field}_has_open_lead", group, "flag",
            "Another lead of the same {person} is open: {value}",
            "No {person} is named.", named,
        ),
    )  # fmt: skip


def fill(settings: FamilySettings, view: View, population: Population, block: Floats) -> None:
    """Fill the block from the population's indexes of persons."""
    own = population.rows(view)
    levels = known_levels(view, settings["fields"])
    usual = pipeline_rate(view, population)
    for number, (field, code) in enumerate(zip(settings["fields"], levels, strict=True)):
        place = population.places_of_levels(of_value(field), view.timelines)[code]
        totals = population.index(of_value(field)).totals(place, view.as_of, own, in_time(view))
        won, closed = totals[:, WON_LEADS], totals[:, CLOSED_LEADS]
        rate = (won + USUAL_LEADS * usual) / (closed + USUAL_LEADS)
        block[:, 2 * number] = np.where((code >= 0) & (closed > 0), rate, np.nan)
        block[:, 2 * number + 1] = np.where(code >= 0, totals[:, OPEN_LEADS] > 0, np.nan)


def asks(settings: FamilySettings) -> tuple[About, ...]:
    """The indexes of persons and of the pipelines."""
    return (PIPELINES, *(of_value(field) for field in settings["fields"]))


PERSONS = Family("persons", learn, columns, fill, asks=asks)
