"""What the page of a lead shows: its score, the reasons, and what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from leads.clock import format_time, parse_time
from leads.errors import InvalidInputError
from leads.records import ATTRIBUTE_CHANGE, Event, Lead
from models.languages import Language
from models.scorer import NO_SUPPORT, THIN_SUPPORT, Factor, Score
from serving.scoring import ScoredLead
from serving.served import Served, ServedRecords
from serving.timeline_items import TimelineItem, known_at, stage_at, timeline_item
from serving.visit import Visit
from serving.wording import (
    exact_points,
    field_label,
    lead_name,
    percent,
    points,
    readable_time,
    shown_value,
    status_word,
    tenths_of_percent,
    tenths_of_points,
)

EVENTS_PER_PAGE = 100


@dataclass(frozen=True)
class ShownFactor:
    """A reason: its bar is `width` percent of the longest one; `evidence` links to an event."""

    label: str
    sentence: str
    points: str
    width: float
    evidence: str | None


@dataclass(frozen=True)
class ShownScore:
    """The number, where it starts from and what moved it; `horizons` are days and percents."""

    score: int
    grade: str
    probability: str
    base: str
    helps: tuple[ShownFactor, ...]
    hurts: tuple[ShownFactor, ...]
    helps_sum: str
    hurts_sum: str
    other: str
    no_signal: bool
    much_borrowed: bool
    low: str | None
    high: str | None
    horizons: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ShownAttribute:
    """An attribute's value at the score's moment and at creation."""

    name: str
    value: str
    at_creation: str


@dataclass(frozen=True)
class LeadPage:
    """The page; `score` is None for a won or lost lead and before the first model."""

    lead_id: str
    name: str
    pipeline: str
    stage: str
    status: str
    status_word: str
    owner: str | None
    created_at: str
    created_at_iso: str
    as_of: str
    as_of_iso: str
    stale: bool
    model_version: str | None
    trained_at: str | None
    score: ShownScore | None
    attributes: tuple[ShownAttribute, ...]
    events: tuple[TimelineItem, ...]
    total_events: int
    newer_link: str | None
    older_link: str | None


def lead_page(
    served: Served, lead_id: str, scored: ScoredLead | None, page: int, visit: Visit
) -> LeadPage:
    """The page of a lead; raises `UnknownLeadError`."""
    lead, events = served.store.lead(lead_id), served.store.events(lead_id)
    records = served.records()
    as_of = served.now() if scored is None else scored.score.as_of
    values = _values(lead, events, as_of)
    stage, status = stage_at(lead, known_at(events, as_of), records.pipelines)
    language = visit.language
    pages = _Pages(lead_id, as_of, page, events, visit)
    return LeadPage(
        lead_id=lead_id,
        name=lead_name(values, lead_id),
        pipeline=lead.pipeline,
        stage=stage,
        status=status,
        status_word=status_word(status, language),
        owner=values.get("owner"),
        created_at=readable_time(lead.created_at, language),
        created_at_iso=format_time(lead.created_at),
        as_of=readable_time(as_of, language),
        as_of_iso=format_time(as_of),
        stale=scored is not None and scored.stale,
        model_version=None if scored is None else scored.scorer.version,
        trained_at=None if scored is None else _trained_at(scored, language),
        score=None if scored is None else _shown_score(scored.score, pages),
        attributes=_attributes(values, _values(lead, events, lead.created_at), records, language),
        events=pages.items(records),
        total_events=len(events),
        newer_link=pages.link(-1),
        older_link=pages.link(1),
    )


def _trained_at(scored: ScoredLead, language: Language) -> str | None:
    """When the model was trained, in words where it is a time."""
    if scored.scorer.trained_at is None:
        return None
    try:
        return readable_time(parse_time(scored.scorer.trained_at), language)
    except InvalidInputError:
        return scored.scorer.trained_at


@dataclass(frozen=True)
class _Pages:
    """The pages of a lead's events, newest first, from page 1 on."""

    lead_id: str
    as_of: int
    page: int
    events: Sequence[Event]
    visit: Visit

    @property
    def shown(self) -> Sequence[Event]:
        """The events on this page."""
        first = (self.page - 1) * EVENTS_PER_PAGE
        return self.events[::-1][first : first + EVENTS_PER_PAGE]

    def items(self, records: ServedRecords) -> tuple[TimelineItem, ...]:
        """The events on this page, in words."""
        types = records.attribute_types
        return tuple(
            timeline_item(event, place, self.as_of, types, self.visit.language)
            for place, event in enumerate(self.shown)
        )

    def anchor(self, event_id: str) -> str | None:
        """The link to an event on this page."""
        ids = [event.event_id for event in self.shown]
        return f"#event-{ids.index(event_id)}" if event_id in ids else None

    def link(self, step: int) -> str | None:
        """The link to another page of events, None where there is none."""
        page = self.page + step
        if not 1 <= page <= -(-len(self.events) // EVENTS_PER_PAGE):
            return None
        parameters = {"as_of": format_time(self.as_of), "page": page}
        return self.visit.link(f"/leads/{quote(self.lead_id)}", parameters) + "#timeline"


def _shown_score(score: Score, pages: _Pages) -> ShownScore | None:
    if (
        score.win_probability is None
        or score.score is None
        or score.grade is None
        or score.base_probability is None
    ):
        return None
    language = pages.visit.language
    longest = max((abs(factor.effect) for factor in score.factors), default=1.0)
    shown = [(f.effect, _shown_factor(f, longest, pages)) for f in score.factors]
    helps = tenths_of_points(sum(effect for effect, _ in shown if effect > 0))
    hurts = tenths_of_points(sum(effect for effect, _ in shown if effect < 0))
    # The rest takes up what rounding leaves over, so that the numbers shown add up.
    known = tenths_of_percent(score.base_probability) + helps + hurts
    other = tenths_of_percent(score.win_probability) - known
    return ShownScore(
        score=score.score,
        grade=score.grade,
        probability=percent(score.win_probability, language),
        base=percent(score.base_probability, language),
        helps=tuple(factor for effect, factor in shown if effect > 0),
        hurts=tuple(factor for effect, factor in shown if effect < 0),
        helps_sum=exact_points(helps, language),
        hurts_sum=exact_points(hurts, language),
        other=exact_points(other, language),
        no_signal=score.support == NO_SUPPORT,
        much_borrowed=score.support == THIN_SUPPORT,
        low=None if score.interval is None else percent(score.interval[0], language),
        high=None if score.interval is None else percent(score.interval[1], language),
        horizons=_shown_horizons(score.horizons or {}, language),
    )


def _shown_horizons(
    horizons: Mapping[int, float], language: Language
) -> tuple[tuple[str, str], ...]:
    """Days and percents, the nearest first."""
    return tuple(
        (language.count("{count} day", "{count} days", str(day)), percent(by_then, language))
        for day, by_then in horizons.items()
    )


def _shown_factor(factor: Factor, longest: float, pages: _Pages) -> ShownFactor:
    linked = (pages.anchor(event_id) for event_id in factor.events)
    return ShownFactor(
        label=factor.label,
        sentence=factor.sentence,
        points=points(factor.effect, pages.visit.language),
        width=round(100 * abs(factor.effect) / longest, 1),
        evidence=next((link for link in linked if link is not None), None),
    )


def _values(lead: Lead, events: Sequence[Event], as_of: int) -> dict[str, str | None]:
    """The lead's values as known at a moment."""
    changes = {e.name: e.value for e in known_at(events, as_of) if e.type == ATTRIBUTE_CHANGE}
    return {**lead.attributes, **changes}


def _attributes(
    values: Mapping[str, str | None],
    first: Mapping[str, str | None],
    records: ServedRecords,
    language: Language,
) -> tuple[ShownAttribute, ...]:
    types = records.attribute_types
    return tuple(
        ShownAttribute(
            name=field_label(name, language),
            value=shown_value(values[name], types.get(name), language),
            at_creation=shown_value(first.get(name), types.get(name), language),
        )
        for name in sorted(values)
        if values[name] is not None or first.get(name) is not None
    )
