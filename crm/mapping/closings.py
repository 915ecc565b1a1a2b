"""Stage changes from the leads themselves: the stage each is in at the export, and when it closed.

A closing whose time is missing is never known before the end of the export, whatever the fallback
says of when it happened: see docs/decisions/0004-missing-closing-times.md.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median

from crm.mapping.cells import make_cells
from crm.mapping.definition import Fallback, Outcome
from crm.mapping.parts import (
    FirstRows,
    Part,
    RowsPart,
    StageChanges,
    StageEnteredPart,
    stage_columns,
)
from crm.mapping.reading import Reading, single
from crm.tables import Block
from leads.clock import DAY_US, format_time, now_us
from leads.contract import INTERACTIONS, is_missing
from leads.pipelines import OPEN, Pipelines

NOT_GIVEN = "closing time not given: "
AT_THE_EXPORT = "the stage at the export; when it was entered is not given"
NO_TIMES = "the table has no times: closed right after it came in"


@dataclass(frozen=True)
class LeadState:
    """A lead as the export shows it: `code` is its stage's, -1 if unknown, None if empty.

    `created_at` and `closed_at` are None where they are missing or cannot be read.
    """

    place: int
    lead_id: str | None
    stage: str | None
    code: int | None
    created_at: int | None
    closed_at: int | None
    closed_text: str | None


@dataclass
class _Seen:
    """The times of an export up to a moment."""

    by: int
    newest: int = 0
    last_event: dict[str, int] = field(default_factory=dict)

    def note(self, times: Sequence[int | None]) -> None:
        """Note some times."""
        self.newest = max([self.newest, *(at for at in times if at is not None and at <= self.by)])

    def note_events(self, lead_ids: Sequence[str | None], times: Sequence[int | None]) -> None:
        """Note when events of some leads happened."""
        for lead_id, at in zip(lead_ids, times, strict=True):
            if lead_id is not None and at is not None and at <= self.by:
                self.last_event[lead_id] = max(at, self.last_event.get(lead_id, at))


@dataclass(frozen=True)
class ExportTimes:
    """The moments of an export that fallbacks need; looked for once, when the first is missing."""

    rows: Sequence[RowsPart]
    entered: Sequence[StageEnteredPart]
    outcomes: Sequence["OutcomePart"]
    exported_at: int | None

    @property
    def end(self) -> int:
        """When the export was made: as given, else its newest time up to now."""
        return self._seen.newest if self.exported_at is None else self.exported_at

    @property
    def last_event(self) -> Mapping[str, int]:
        """The last interaction of each lead by the end of the export."""
        return self._seen.last_event

    @cached_property
    def _seen(self) -> "_Seen":
        """One pass over all files: the newest time, and each lead's last interaction."""
        by = now_us() if self.exported_at is None else self.exported_at
        seen = _Seen(by)
        parts: list[Part] = [*self.rows, *self.entered]
        for part in parts:
            for block in part.blocks():
                cells = block.columns.get("occurred_at") or block.columns.get("created_at", ())
                times = part.reading.times(cells)
                seen.note(times)
                if part.reading.read.table is INTERACTIONS:
                    seen.note_events(block.columns["lead_id"], times)
        for outcome in self.outcomes:
            seen.note([state.closed_at for state in outcome.closed_leads()])
        return seen

    @cached_property
    def median_days(self) -> Mapping[int, float]:
        """The median age at the closing of dated ones, in days, by the stage's code."""
        ages: dict[int, list[int]] = {}
        for outcome in self.outcomes:
            for state in outcome.closed_leads():
                if state.closed_at is not None and state.created_at is not None and state.code:
                    ages.setdefault(state.code, []).append(state.closed_at - state.created_at)
        return {code: median(values) / DAY_US for code, values in ages.items()}


@dataclass(frozen=True)
class OutcomePart:
    """A stage change for each lead with a stage: its closing, or where it stands at the export."""

    reading: Reading
    outcome: Outcome
    pipelines: Pipelines
    times: Callable[[], ExportTimes]
    codes: dict[tuple[str, str | None], int] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of a stage change, and the lead's pipeline where it is given."""
        return stage_columns(self.reading)

    def blocks(self) -> Iterator[Block]:
        """The stage changes of each block of leads; notes how many times were not given."""
        counts: Counter[str] = Counter()
        first = FirstRows()
        for raw in self.reading.raw_blocks():
            problems: dict[int, str] = {}
            cells = self.reading.lead_cells(raw, {})
            changes = StageChanges(raw, cells)
            for state in self._states(raw, problems):
                said = f"{state.stage} {state.closed_text}"
                if first.adds(state.lead_id, None, said, state.place, problems):
                    self._add(changes, state, raw, counts)
            yield changes.block(self.reading, problems)
        self.reading.account.note_closings(self.reading.number, counts)

    def closed_leads(self) -> Iterator[LeadState]:
        """The leads that are won or lost at the export."""
        for raw in self.reading.raw_blocks():
            for state in self._states(raw, {}):
                if self._is_closed(state):
                    yield state

    def _states(self, raw: Block, problems: dict[int, str]) -> Iterator[LeadState]:
        cells = self.reading.lead_cells(raw, {})
        stages = make_cells(self.outcome.stage, "stage", raw, problems)
        closed = single(self.outcome.closed_at, "closed_at", raw, problems)
        pipelines = cells.get("pipeline") or [None] * len(raw)
        created_at = self.reading.times(cells["created_at"])
        closed_at = self.reading.times(closed)
        for place, (stage, pipeline) in enumerate(zip(stages, pipelines, strict=True)):
            yield LeadState(
                place,
                cells["lead_id"][place],
                stage,
                self._code(stage, pipeline),
                created_at[place],
                closed_at[place],
                None if is_missing(closed[place]) else closed[place],
            )

    def _code(self, stage: str | None, pipeline: str | None) -> int | None:
        if stage is None or is_missing(stage):
            return None
        if (stage, pipeline) not in self.codes:
            code = self.pipelines.stage_code(stage.strip(), None, pipeline)
            self.codes[stage, pipeline] = code
        return self.codes[stage, pipeline]

    def _is_closed(self, state: LeadState) -> bool:
        code = state.code
        return code is not None and code >= 0 and self.pipelines.stage_outcome[code] != OPEN

    def _add(
        self, changes: StageChanges, state: LeadState, raw: Block, counts: Counter[str]
    ) -> None:
        """Add the stage change of a lead, if it has one."""
        if state.code is None:
            counts["leads have no stage: they count as in the first one"] += 1
        elif not self._is_closed(state):
            self._add_open(changes, state, counts)
        elif state.closed_text is not None:
            if None not in (state.closed_at, state.created_at) and _is_before(state):
                counts["closings are dated before their lead came in: closed from the start"] += 1
            changes.add(state.place, state.stage, state.closed_text)
        elif self.reading.ordered_times is not None:
            closed_at = self.reading.ordered_times.closed_at([raw.rows[state.place]])[0]
            changes.add(state.place, state.stage, closed_at, reason=NO_TIMES)
        else:
            label = self.outcome.fallback.label
            counts[_fallback_word(self.outcome.fallback, self.times().end)] += 1
            end = format_time(self.times().end)
            happened = format_time(self._fallen_back(state))
            changes.add(state.place, state.stage, happened, end, NOT_GIVEN + label)

    def _add_open(self, changes: StageChanges, state: LeadState, counts: Counter[str]) -> None:
        if state.code in self.pipelines.first_code.tolist():
            return
        if self.outcome.open_stages or state.code == -1:
            end = format_time(self.times().end)
            changes.add(state.place, state.stage, end, reason=AT_THE_EXPORT)
        if self.outcome.open_stages and state.code != -1:
            counts[
                "open leads are in a later stage, with no time of entering it: known from the "
                f"export's end, {format_time(self.times().end)}"
            ] += 1

    def _fallen_back(self, state: LeadState) -> int:
        """When a closing without a time is said to have happened."""
        times, fallback = self.times(), self.outcome.fallback
        created_at = times.end if state.created_at is None else state.created_at
        if fallback.point == "export_end":
            return times.end
        if fallback.point == "last_event":
            at = max(created_at, times.last_event.get(state.lead_id or "", created_at))
        else:
            days = fallback.days
            if fallback.point == "median":
                days = times.median_days.get(state.code or 0)
            at = times.end if days is None else created_at + round(days * DAY_US)
        return min(at, times.end)


def _is_before(state: LeadState) -> bool:
    return (state.closed_at or 0) < (state.created_at or 0)


def _fallback_word(fallback: Fallback, end: int) -> str:
    known = f"known from the export's end, {format_time(end)}"
    if fallback.point == "export_end":
        return f"closings have no time: taken as the export's end, {format_time(end)} (export_end)"
    words = {
        "last_event": "the lead's last interaction",
        "median": "the median age of dated closings of the stage",
        None: fallback.label,
    }
    return f"closings have no time: taken as {words[fallback.point]} and {known}"
