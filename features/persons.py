"""Person signals: earlier leads of the same contact or account, and how they ended."""

import numpy as np

from features.index import in_time
from features.known_values import known_levels
from features.naming import in_words
from features.population import CLOSED_LEADS, OPEN_LEADS, WON_LEADS, About, Population, of_value
from features.signal import Column, Family, FamilySettings, Group
from features.track_records import PERSON_FIELDS, is_shared
from leads.arrays import Floats
from leads.timeline import Timelines
from leads.view import View


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
    """Other leads of the same person: won, not won, open."""
    return tuple(column for name in settings["fields"] for column in _declared(name))


def _declared(field: str) -> tuple[Column, ...]:
    named = {"person": in_words(field)}
    group = Group(f"same_{field}", "Other leads of the same {person}", named)
    missing = "No {person} is named."
    return tuple(
        Column(f"{field}_{which}_leads", group, "count", sentence, missing, named)
        for which, sentence in (
            ("won", "Other leads of the same {person} that were won: {value}"),
            ("lost", "Other leads of the same {person} that were lost: {value}"),
            ("open", "Other leads of the same {person} that are open: {value}"),
        )
    )


def fill(settings: FamilySettings, view: View, population: Population, block: Floats) -> None:
    """Fill the block from the population's indexes of persons."""
    own = population.rows(view)
    levels = known_levels(view, settings["fields"])
    for number, (field, code) in enumerate(zip(settings["fields"], levels, strict=True)):
        place = population.places_of_levels(of_value(field), view.timelines)[code]
        totals = population.index(of_value(field)).totals(place, view.as_of, own, in_time(view))
        won = totals[:, WON_LEADS]
        for column, count in enumerate((won, totals[:, CLOSED_LEADS] - won, totals[:, OPEN_LEADS])):
            block[:, 3 * number + column] = np.where(code >= 0, count, np.nan)


def asks(settings: FamilySettings) -> tuple[About, ...]:
    """The indexes of persons."""
    return tuple(of_value(field) for field in settings["fields"])


PERSONS = Family("persons", learn, columns, fill, asks=asks)
