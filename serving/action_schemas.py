"""The bodies of answers on what could be done about a lead."""

from typing import Literal

from serving.schemas import Answer, ScoreAnswer, TimelineEvent


class HypotheticalPart(Answer):
    """A hypothetical event, what it adds to those before it, and the probability then."""

    event: TimelineEvent
    effect: float
    win_probability: float


class WhatIfAnswer(Answer):
    """Scores without and with hypothetical events; the effects of `events` add up to `difference`.

    Both are of `as_of`; `events` are in order of time.
    """

    lead_id: str
    as_of: str
    before: ScoreAnswer
    after: ScoreAnswer
    difference: float
    events: list[HypotheticalPart]
    note: str


class ActionResult(Answer):
    """A usual result: its share of the times, and the probability then."""

    result: str | None
    share: float
    win_probability: float


class ActionAnswer(Answer):
    """Something that could happen next; `effect` is the mean over its usual results.

    `name` is a kind of interaction or a stage; `by` is null where records do not say who acts;
    `times` is how often it happened at leads of that stage.
    """

    type: Literal["interaction", "stage_change"]
    name: str
    by: Literal["us", "lead"] | None
    effect: float
    win_probability: float
    sentence: str
    times: int
    results: list[ActionResult]


class NextActionsAnswer(Answer):
    """Actions, the one first that adds most; none for a won or lost lead.

    `considered` counts all candidates, those left out too.
    """

    lead_id: str
    as_of: str
    status: Literal["open", "won", "lost"]
    pipeline: str
    stage: str
    model_version: str
    win_probability: float | None
    actions: list[ActionAnswer]
    considered: int
    note: str


class SharedReasonAnswer(Answer):
    """A group of signals and what it does to the log-odds of this lead and of the other one."""

    name: str
    label: str
    here: float
    there: float


class SimilarLeadAnswer(Answer):
    """A resolved lead; `compared_at` is when it was like this one, `days_taken` from its creation.

    `win_probability` is what the model says of it at `compared_at`. `likeness` is 1 for equal
    reasons, 0.5 where they differ by a factor of two in the odds.
    """

    lead_id: str
    status: Literal["won", "lost"]
    created_at: str
    compared_at: str
    closed_at: str
    days_taken: float
    win_probability: float
    likeness: float
    alike_in: list[SharedReasonAnswer]
    differs_in: list[SharedReasonAnswer]


class SimilarAnswer(Answer):
    """Resolved leads, the most similar first; none for a won or lost lead.

    `won` and `lost` count those listed, `compared` all that had been in the stage.
    """

    lead_id: str
    as_of: str
    status: Literal["open", "won", "lost"]
    pipeline: str
    stage: str
    model_version: str
    leads: list[SimilarLeadAnswer]
    won: int
    lost: int
    compared: int
    note: str
