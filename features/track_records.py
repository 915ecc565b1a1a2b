"""Track records: how leads of the same source, owner or campaign ended, as known then.

Of leads closed and known before the snapshot, never the lead itself. A rate over few leads says
little, so each is shrunk to its pipeline's, and that to the rate of all.
"""

import numpy as np

from features.attributes import attribute_group
from features.closing_stream import EVERYBODY
from features.index import in_time
from features.index_kernel import chained_rate, fill_record
from features.known_values import known_levels
from features.lead_states import lead_states
from features.naming import in_words, snake_case
from features.population import (
    CLOSED_LEADS,
    FEW,
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
from features.signal import Column, Family, FamilySettings
from leads.arrays import MISSING, Floats, Int32s, Int64s
from leads.clock import DAY_US, SECOND_US
from leads.outcome import known_stage
from leads.pipelines import OPEN
from leads.timeline import Timelines
from leads.view import View

# Values that hardly two leads have, such as names, have no record.
AT_LEAST_LEADS, AT_LEAST_LEVELS, FEWEST_LEADS_A_LEVEL = 20, 3, 5
# With fewer the rates of a moment are much the same for all leads and tell when it is; the values
# themselves say as much (decision 0013).
FEWEST_CLOSED = 5_000
KNOWN_MEANINGS = ("owner", "source", "campaign", "country")
PERSON_FIELDS = ("contact", "account")
OWNER, SOURCE = "owner", "source"
_DAY_SECONDS = DAY_US // SECOND_US
_MEASURES = (WON_LEADS, CLOSED_LEADS, SECONDS_TO_WIN)

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


def learn_rates(timelines: Timelines) -> FamilySettings:
    """Rates and the workload alone.

    The number of closed leads and the days to a win tell when it is: both grow with the records,
    and of a young business only the quick wins are known.
    """
    return {**learn(timelines), "rates_alone": True}


def learn_default(timelines: Timelines) -> FamilySettings:
    """Rates and the workload alone, and nothing before enough leads are closed."""
    if _closed_leads(timelines) < FEWEST_CLOSED:
        return {"fields": [], "pairs": [], "workload": False, "rates_alone": True}
    return learn_rates(timelines)


def _closed_leads(timelines: Timelines) -> int:
    states = lead_states(timelines)
    last = np.append(states.lead[1:] != states.lead[:-1], np.ones(min(len(states.lead), 1), bool))
    return int(np.count_nonzero(states.status[last] != OPEN))


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
    kept = _kept(settings)
    declared = [_declared(fields)[one] for fields in _records(settings) for one in kept]
    if settings["workload"]:
        declared.append(
            Column(
                "owner_open_leads", attribute_group(OWNER), "count",
                "Other open leads that its owner has: {value}", "No owner is named.",
            )
        )  # fmt: skip
    return tuple(declared)


def _records(settings: FamilySettings) -> list[list[str]]:
    """The fields of each record: one category, or a pair."""
    return [[name] for name in settings["fields"]] + [list(pair) for pair in settings["pairs"]]


def _kept(settings: FamilySettings) -> list[int]:
    """Which of a record's columns there are; older models say `counts`, the oldest nothing."""
    if settings.get("rates_alone", False):
        return [0]
    return [0, 1, 2] if settings.get("counts", True) else [0, 2]


def _declared(fields: list[str]) -> tuple[Column, ...]:
    """The columns of a record.

    None is compared with what was typical: records of younger businesses, in which only the quick
    wins were known, are no yardstick for those of today.
    """
    suffix = "_and_".join(snake_case(name) or str(len(name)) for name in fields)
    words = [in_words(name) for name in fields]
    is_pair = len(fields) > 1
    shared = dict(zip(("same", "same_too"), words, strict=False))
    fields_named = dict(zip(("first", "second") if is_pair else ("field",), words, strict=True))
    named = {**fields_named, **shared}
    same = "{same} and {same_too}" if is_pair else "{same}"
    both = "{first} and {second}" if is_pair else "{field}"
    # One reason with the value itself, of a pair with its first one: effects cancel more with the
    # other (docs/benchmarks.md).
    group = attribute_group(fields[0])
    also_of = attribute_group(fields[1]).name if is_pair else None
    return (
        Column(
            f"win_rate_of_{suffix}", group, "share",
            f"Leads with {same} are won in about {{value}} of cases",
            _NOBODY_CLOSED, named, comparable=False, also_of=also_of,
        ),
        Column(
            f"closed_leads_of_{suffix}", group, "count",
            f"Closed leads with {same}: {{value}}", f"{both}: not known.", named,
            comparable=False, also_of=also_of,
        ),
        Column(
            f"days_to_win_of_{suffix}", group, "days",
            f"Leads with {same} were won after {{value}} on average",
            f"No lead with {same} was won before.", named,
            comparable=False, also_of=also_of,
        ),
    )  # fmt: skip


def fill(settings: FamilySettings, view: View, population: Population, block: Floats) -> None:
    """Fill the block from the population's indexes of values."""
    records = _records(settings)
    own = population.rows(view)
    prior = pipeline_rate(view, population)
    names = list(dict.fromkeys(name for fields in records for name in fields))
    levels = dict(zip(names, known_levels(view, names), strict=True))
    kept = _kept(settings)
    record = np.empty((len(view), 3))
    for number, fields in enumerate(records):
        codes = [levels[name] for name in fields]
        known = codes[0] if len(codes) == 1 else np.minimum(codes[0], codes[1])
        place = _places(view, population, fields, codes)
        fill_record(
            *population.index(_about(fields)).arrays, place, view.as_of, own,
            in_time(view), known, prior,
            _MEASURES, _DAY_SECONDS, record,
        )  # fmt: skip
        at = len(kept) * number
        for column, one in enumerate(kept):
            block[:, at + column] = record[:, one]
    if settings["workload"]:
        others = population.index(of_value(OWNER)).totals(
            _places(view, population, [OWNER], [levels[OWNER]]), view.as_of, own, in_time(view)
        )
        block[:, -1] = np.where(levels[OWNER] >= 0, others[:, OPEN_LEADS], np.nan)


def pipeline_rate(view: View, population: Population) -> Floats:
    """The share won in each snapshot's pipeline, shrunk to that of all; NaN before any closing."""
    index = population.index(PIPELINES)
    chain = np.empty((2, len(view)), np.int64)
    chain[0] = index.names.get(EVERYBODY, MISSING)
    chain[1] = population.places_of_pipelines(PIPELINES, view.timelines)[known_stage(view)]
    rate: Floats = chained_rate(
        *index.arrays,
        chain,
        view.as_of,
        population.rows(view),
        in_time(view),
        WON_LEADS,
        CLOSED_LEADS,
        True,
    )
    return rate


def _about(fields: list[str]) -> About:
    return of_value(fields[0]) if len(fields) == 1 else of_pair(fields[0], fields[1])


def _places(view: View, population: Population, fields: list[str], codes: list[Int32s]) -> Int64s:
    """Each snapshot's place in the index of one or two categories, by its level codes."""
    if len(fields) == 1:
        return population.places_of_levels(_about(fields), view.timelines)[codes[0]]
    names, levels = population.index(_about(fields)).names, view.timelines.levels
    first, second = (code.astype(np.int64) for code in codes)
    pairs = np.where((first >= 0) & (second >= 0), first * len(levels) + second, MISSING)
    distinct, which = (
        (pairs, np.arange(len(pairs)))
        if len(pairs) < FEW
        else np.unique(pairs, return_inverse=True)
    )
    places = [
        MISSING
        if pair < 0
        else names.get(pair_name(levels[pair // len(levels)], levels[pair % len(levels)]), MISSING)
        for pair in distinct.tolist()
    ]
    return np.array(places, np.int64)[which]


def asks(settings: FamilySettings) -> tuple[About, ...]:
    """The indexes of the categories, of the pairs and of the pipelines."""
    return (PIPELINES, *(_about(fields) for fields in _records(settings)))


TRACK_RECORDS = Family("track_records", learn, columns, fill, asks=asks)
RATES = Family("track_records", learn_rates, columns, fill, asks=asks)
DEFAULT_TRACK_RECORDS = Family("track_records", learn_default, columns, fill, asks=asks)
