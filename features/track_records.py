"""Track records: how leads of the same source, owner or campaign ended, as known then.

Of leads closed and known before the snapshot, never the lead itself. A rate over few leads says
little, so each is shrunk to its pipeline's, and that to the rate of all.
"""

import numpy as np

from features.closing_stream import EVERYBODY
from features.known_values import known_levels
from features.lead_states import lead_states
from features.naming import in_words, snake_case
from features.population import (
    CLOSED_LEADS,
    OPEN_LEADS,
    PIPELINES,
    SECONDS_TO_WIN,
    WON_LEADS,
    About,
    Population,
    of_pair,
    of_value,
    pair_name,
)
from features.signal import Column, Family, FamilySettings, Group
from leads.arrays import MISSING, Floats, Int32s, Int64s
from leads.clock import DAY_US, SECOND_US
from leads.outcome import known_stage
from leads.pipelines import OPEN
from leads.timeline import Timelines
from leads.view import View

# A value's rate borrows as much as this many closed leads from its pipeline's, and that from all.
SHRINKAGE_LEADS = 20.0
# Values that hardly two leads have, such as names, have no record.
AT_LEAST_LEADS, AT_LEAST_LEVELS, FEWEST_LEADS_A_LEVEL = 20, 3, 5
KNOWN_MEANINGS = ("owner", "source", "campaign", "country")
PERSON_FIELDS = ("contact", "account")
OWNER, SOURCE = "owner", "source"
_DAY_SECONDS = DAY_US // SECOND_US

WORKLOAD = Group("workload", "How much its owner has to do")
_NOBODY_CLOSED = "No lead was closed before."


def learn(timelines: Timelines) -> FamilySettings:
    """The categories of three levels or more that leads share, and owner with source.

    Those that name a person are left to the signals about persons.
    """
    quarantined = {one.attribute for one in timelines.quarantined}
    fields = [
        name
        for name in timelines.attributes
        if name not in quarantined
        and name not in PERSON_FIELDS
        and is_shared(timelines, name, FEWEST_LEADS_A_LEVEL)
    ]
    fields.sort(key=lambda name: (name not in KNOWN_MEANINGS, name))
    pairs = [[OWNER, SOURCE]] if OWNER in fields and SOURCE in fields else []
    return {"fields": fields, "pairs": pairs, "workload": OWNER in fields}


def is_shared(timelines: Timelines, attribute: str, leads_a_level: int) -> bool:
    """Whether open leads have a category's values in common: so many leads or more a value.

    At least 20 leads and a tenth of those that have a value, and three values or more.
    """
    if timelines.attribute_types.get(attribute, "category") != "category":
        return False
    states = lead_states(timelines, attribute)
    known = (states.status == OPEN) & (states.first_level >= 0)
    had = np.stack([states.first_level[known].astype(np.int64), states.lead[known]], axis=1)
    _, leads = np.unique(np.unique(had, axis=0)[:, 0], return_counts=True)
    shared = leads[leads >= leads_a_level].sum()
    return bool(shared >= max(AT_LEAST_LEADS, 0.1 * leads.sum()) and len(leads) >= AT_LEAST_LEVELS)


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """Rate, number of leads and days to the win by each category and pair, then the workload."""
    declared = [column for fields in _records(settings) for column in _declared(fields)]
    if settings["workload"]:
        declared.append(
            Column(
                "owner_open_leads", WORKLOAD, "count",
                "Other open leads that its owner has: {value}", "No owner is named.",
            )
        )  # fmt: skip
    return tuple(declared)


def _records(settings: FamilySettings) -> list[list[str]]:
    """The fields of each record: one category, or a pair."""
    return [[name] for name in settings["fields"]] + [list(pair) for pair in settings["pairs"]]


def _declared(fields: list[str]) -> tuple[Column, ...]:
    suffix = "_and_".join(snake_case(name) or str(len(name)) for name in fields)
    named = {"fields": " and ".join(in_words(name) for name in fields)}
    group = Group(f"record_of_{suffix}", "How leads of the same {fields} did", named)
    missing = "{fields}: not known."
    return (
        Column(
            f"win_rate_of_{suffix}", group, "share",
            "Of closed leads with the same {fields}, {value} were won, few counted with care",
            _NOBODY_CLOSED, named,
        ),
        Column(
            f"closed_leads_of_{suffix}", group, "count",
            "Closed leads with the same {fields}: {value}", missing, named, comparable=False,
        ),
        Column(
            f"days_to_win_of_{suffix}", group, "days",
            "Leads with the same {fields} were won after {value} on average",
            "No lead with the same {fields} was won before.", named,
        ),
    )  # fmt: skip


def fill(settings: FamilySettings, view: View, population: Population, block: Floats) -> None:
    """Fill the block from the population's indexes of values."""
    records = _records(settings)
    own = population.rows(view)
    prior = pipeline_rate(view, population, own)
    names = list(dict.fromkeys(name for fields in records for name in fields))
    levels = known_levels(view, names)
    for number, fields in enumerate(records):
        codes = [levels[:, names.index(name)] for name in fields]
        totals = _totals(view, population, fields, codes, own)
        at = 3 * number
        won, closed = totals[:, WON_LEADS], totals[:, CLOSED_LEADS]
        known = np.logical_and.reduce([code >= 0 for code in codes])
        block[:, at] = shrunk(won, closed, prior)
        block[:, at + 1] = np.where(known, closed, np.nan)
        seconds = totals[:, SECONDS_TO_WIN]
        block[:, at + 2] = np.where(won > 0, seconds / _DAY_SECONDS / np.maximum(won, 1), np.nan)
    if settings["workload"]:
        owner = levels[:, names.index(OWNER)]
        others = _totals(view, population, [OWNER], [owner], own)[:, OPEN_LEADS]
        block[:, -1] = np.where(owner >= 0, others, np.nan)


def shrunk(won: Int64s, closed: Int64s, prior: Floats) -> Floats:
    """The share won, as if of 20 more leads at the prior; NaN where there is neither.

    Without a prior one win and one loss are added (Laplace's rule).
    """
    alone = np.where(closed > 0, (won + 1.0) / (closed + 2.0), np.nan)
    together = (won + SHRINKAGE_LEADS * prior) / (closed + SHRINKAGE_LEADS)
    return np.where(np.isnan(prior), alone, together)


def pipeline_rate(view: View, population: Population, own: Int64s) -> Floats:
    """The share won in each snapshot's pipeline, shrunk to that of all; NaN before any closing."""
    index = population.index(PIPELINES)
    pipelines = view.timelines.pipelines
    now = pipelines.stage_pipeline[known_stage(view)]
    rate = np.full(len(view), np.nan)
    for place in (
        np.repeat(index.places([EVERYBODY]), len(view)),
        index.places(list(pipelines.names))[now],
    ):
        totals = index.totals(place, view.as_of, own)
        rate = shrunk(totals[:, WON_LEADS], totals[:, CLOSED_LEADS], rate)
    return rate


def _totals(
    view: View, population: Population, fields: list[str], codes: list[Int32s], own: Int64s
) -> Int64s:
    about, place = value_places(view, population, fields, codes)
    return population.index(about).totals(place, view.as_of, own)


def value_places(
    view: View, population: Population, fields: list[str], codes: list[Int32s]
) -> tuple[About, Int64s]:
    """The index of one or two categories, and each snapshot's place in it by its level codes."""
    about = of_value(fields[0]) if len(fields) == 1 else of_pair(fields[0], fields[1])
    index, levels = population.index(about), view.timelines.levels
    distinct, which = np.unique(np.stack(codes, axis=1), axis=0, return_inverse=True)
    names = [
        None if (row < 0).any() else pair_name(*(levels[code] for code in row))
        if len(row) > 1 else levels[row[0]]
        for row in distinct
    ]  # fmt: skip
    places = [MISSING if name is None else index.names.get(name, MISSING) for name in names]
    return about, np.array(places, np.int64)[which.ravel()]


TRACK_RECORDS = Family("track_records", learn, columns, fill)
