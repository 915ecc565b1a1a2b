"""What the page of ranked leads shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from crm.current_scores import CurrentScore
from crm.store import Store
from leads.errors import UnknownLeadError
from models.languages import Language
from models.score_body import stored_factor_body
from serving.dependencies import FilterQuestion
from serving.served import Served
from serving.visit import Visit
from serving.wording import lead_name, points, readable_time, status_word

ROWS = 50


@dataclass(frozen=True)
class Reason:
    """A factor in short."""

    sentence: str
    points: str


@dataclass(frozen=True)
class ListedLead:
    """A row of the list; `score` and `grade` are None for a won or lost lead."""

    lead_id: str
    name: str
    link: str
    pipeline: str
    stage: str
    owner: str | None
    status: str
    status_word: str
    score: int | None
    grade: str | None
    helps: Reason | None
    hurts: Reason | None


@dataclass(frozen=True)
class Choice:
    """An entry of a filter."""

    value: str
    chosen: bool


@dataclass(frozen=True)
class ListPage:
    """The page: its rows, filters and links; `advice` says what to do when there is no row."""

    leads: tuple[ListedLead, ...]
    total: int
    filtered: bool
    pipelines: tuple[Choice, ...]
    stages: tuple[Choice, ...]
    owners: tuple[Choice, ...]
    first_link: str | None
    next_link: str | None
    as_of: str | None
    model_version: str | None
    advice: str | None


def list_page(served: Served, asked: FilterQuestion, visit: Visit) -> ListPage:
    """The page of what was asked for; raises `InvalidInputError` for a cursor that is none."""
    filters = {"pipeline": asked.pipeline, "stage": asked.stage, "owner": asked.owner}
    found = served.store.ranked_leads(
        pipeline=asked.pipeline,
        stage=asked.stage,
        owner=asked.owner,
        limit=ROWS,
        cursor=asked.cursor,
    )
    records = served.records()
    pipelines = () if records.pipelines is None else records.pipelines.pipelines
    stages = dict.fromkeys(
        stage for p in pipelines if asked.pipeline in (None, p.name) for stage in p.all_stages
    )
    newest = found.items[0] if found.items else None
    following = None if found.next_cursor is None else {**filters, "cursor": found.next_cursor}
    return ListPage(
        leads=tuple(_listed(served, current, visit) for current in found.items),
        total=found.total,
        filtered=any(filters.values()),
        pipelines=_choices([p.name for p in pipelines], asked.pipeline),
        stages=_choices(list(stages), asked.stage),
        owners=_choices(list(records.owners), asked.owner),
        first_link=None if asked.cursor is None else visit.link("/", filters),
        next_link=None if following is None else visit.link("/", following),
        as_of=None if newest is None else readable_time(newest.as_of, visit.language),
        model_version=None if newest is None else newest.model_version,
        advice=None if found.items else _advice(served, any(filters.values()), visit.language),
    )


def _listed(served: Served, current: CurrentScore, visit: Visit) -> ListedLead:
    return ListedLead(
        lead_id=current.lead_id,
        name=_name(served.store, current.lead_id),
        link=visit.link(f"/leads/{quote(current.lead_id)}"),
        pipeline=current.pipeline,
        stage=current.stage,
        owner=current.owner,
        status=current.status,
        status_word=status_word(current.status, visit.language),
        score=current.score,
        grade=served.grade(current.score),
        helps=next(_reasons(current, 1, visit.language), None),
        hurts=next(_reasons(current, -1, visit.language), None),
    )


def _name(store: Store, lead_id: str) -> str:
    try:
        return lead_name(store.lead(lead_id).attributes, lead_id)
    except UnknownLeadError:
        return lead_id


def _reasons(current: CurrentScore, sign: int, language: Language) -> Iterator[Reason]:
    """The factors in one direction, strongest first."""
    strongest = sorted(current.factors, key=lambda factor: -abs(factor["effect"]))
    for factor in strongest:
        if sign * factor["effect"] > 0:
            said = stored_factor_body(factor, language)["sentence"]
            yield Reason(said, points(factor["effect"], language))


def _choices(values: list[str], chosen: str | None) -> tuple[Choice, ...]:
    """The entries of a filter, what was asked for among them even if nothing has it."""
    listed = values if chosen is None or chosen in values else [*values, chosen]
    return tuple(Choice(value, value == chosen) for value in listed)


def _advice(served: Served, filtered: bool, language: Language) -> str:
    if filtered:
        return language.say("No lead matches these filters.")
    if not served.store.counts()["leads"]:
        return language.say("There are no leads yet. Import some: leadscore import FOLDER")
    if served.store.champion() is None:
        return language.say("There is no model yet. Learn from your closed leads: leadscore train")
    return language.say("No lead has a score yet. Score the open leads: leadscore score")
