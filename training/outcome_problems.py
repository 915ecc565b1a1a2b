"""Problems of outcomes and stages: one class only, no history, windows that do not fit."""

from crm.ready_pipelines import length_remark
from leads.clock import DAY_US
from leads.counting import count_of
from leads.records import INTERACTION, STAGE_CHANGE
from training.problem import FEWEST_LEADS, Looked, Problem, listed
from training.rows import FEWEST_LEADS_EACH

_FEW_WINS = 100
_FEWEST_DECIDED, _DECIDED_SHARE = 100, 0.01


def too_few_outcomes(looked: Looked) -> list[Problem]:
    """Too few leads won, or too few decided otherwise, to learn from signals or to be sure."""
    won = sum(size.won_within_window for size in looked.inventory.pipelines)
    other = sum(size.decided for size in looked.inventory.pipelines) - won
    leads = count_of(won, "lead is", "leads are")
    counts = f"{leads} won within the window and {other:,} decided otherwise"
    if min(won, other) < FEWEST_LEADS_EACH:
        return [
            Problem(
                "too_few_outcomes",
                "stops",
                f"{counts}; {FEWEST_LEADS_EACH} of each are needed to learn from signals, until "
                "then scores lean on the win rates of stages and what is usual: import closed "
                "leads too, with the stage changes that closed them, and more history",
            )
        ]
    if min(won, other) < _FEW_WINS:
        return [
            Problem(
                "few_outcomes",
                "care",
                f"{counts}: enough to learn something, too few to be sure of it; with {_FEW_WINS} "
                "of each the figures begin to hold",
            )
        ]
    return []


def one_class(looked: Looked) -> list[Problem]:
    """Pipelines where everything decided was won, or nothing."""
    found = []
    for size in looked.inventory.pipelines:
        if size.leads >= FEWEST_LEADS and size.won_within_window in (0, size.decided):
            which = "none" if size.won_within_window == 0 else "every one"
            found.append(
                Problem(
                    "one_class",
                    "care",
                    f"pipeline {size.pipeline}: of {size.decided:,} decided leads {which} is won; "
                    "check that its won and lost stages are named in pipelines.toml, and that "
                    "leads of both kinds were exported",
                )
            )
    return found


def no_losses(looked: Looked) -> list[Problem]:
    """Pipelines where leads are won but none is ever lost."""
    return [
        Problem(
            "no_losses",
            "care",
            f"pipeline {size.pipeline}: no lead is lost: a lead counts as not won when "
            f"{size.window_days:g} days have passed (window_days). Export the lost ones, or set "
            "window_days to the time in which most wins come",
        )
        for size in looked.inventory.pipelines
        if size.leads >= FEWEST_LEADS and size.won and not size.lost
    ]


def no_stage_history(looked: Looked) -> list[Problem]:
    """Closed leads of which the closing is the only stage change."""
    stage_changes = looked.events_per_lead(STAGE_CHANGE)
    closed = looked.closed
    if closed.sum() < FEWEST_LEADS or (stage_changes[closed] > 1).mean() > 0.1:
        return []
    share = (stage_changes[closed] <= 1).mean()
    return [
        Problem(
            "no_stage_history",
            "care",
            f"{share:.0%} of the closed leads have no stage change but the closing: nothing can be "
            "learned from stages, and the funnel is empty; export the stage history (HubSpot: "
            "dealstage with history, Salesforce: OpportunityHistory, Pipedrive: the changelog, "
            "Bitrix24: crm.stagehistory.list, Odoo: mail.tracking.value)",
        )
    ]


def untouched_leads(looked: Looked) -> list[Problem]:
    """Leads of which nothing is known but that they came in and closed."""
    touched = looked.events_per_lead(INTERACTION) > 0
    moves = looked.events_per_lead(STAGE_CHANGE)
    bare = ~touched & (moves <= 1)
    share = bare.mean()
    if share < 0.25 or looked.times_are_made_up:
        return []
    return [
        Problem(
            "untouched_leads",
            "care" if share > 0.5 else "note",
            f"of {bare.sum():,} leads ({share:.0%}) one event at most is known: no interaction, "
            "one stage change; import calls, emails, meetings and visits, or see that they are "
            "linked to their leads",
        )
    ]


def closed_at_once(looked: Looked) -> list[Problem]:
    """Leads closed when they came in have no open life to learn from."""
    if looked.times_are_made_up:
        return []
    lived_us = (looked.closings.known_at - looked.known.created_at)[looked.closed]
    share = (lived_us <= 0).mean() if len(lived_us) else 0.0
    if share < 0.1:
        return []
    return [
        Problem(
            "closed_at_once",
            "care",
            f"{share:.0%} of the closed leads were closed when they came in, or before: there is "
            "no moment at which they were open and could be scored; check created_at, which must "
            "be when the lead came in and not when it was exported or won",
        )
    ]


def stages_never_reached(looked: Looked) -> list[Problem]:
    """Open and won stages that no lead came to; that none is lost is a problem of its own."""
    never: dict[str, list[str]] = {}
    sizes = {size.pipeline: size.leads for size in looked.inventory.pipelines}
    for stage in looked.inventory.stages:
        open_or_won = stage.outcome != "lost"
        if open_or_won and not stage.reached and sizes[stage.pipeline] >= FEWEST_LEADS:
            never.setdefault(stage.pipeline, []).append(stage.stage)
    return [
        Problem(
            "stages_never_reached",
            "note",
            f"pipeline {pipeline}: no lead ever came to {listed(stages)}; check how "
            "the stages are written in the records, or take them out of pipelines.toml",
        )
        for pipeline, stages in never.items()
    ]


def deciding_stages(looked: Looked) -> list[Problem]:
    """Open stages after which everything is decided: they may be a part of the closing."""
    found = []
    for stage in looked.inventory.stages:
        if stage.outcome != "open" or stage.decided < _FEWEST_DECIDED:
            continue
        share = stage.won / stage.decided
        if not _DECIDED_SHARE < share < 1 - _DECIDED_SHARE:
            found.append(
                Problem(
                    "deciding_stage",
                    "note",
                    f"pipeline {stage.pipeline}: of {stage.decided:,} decided leads that came to "
                    f"{stage.stage}, {stage.won:,} are won: it says how the lead ends. If it is a "
                    "part of the closing, name it among the won or lost stages, or late leads "
                    "make the figures look better than they are",
                )
            )
    return found


def length_of_pipelines(looked: Looked) -> list[Problem]:
    """Pipelines with fewer or more stages than usual."""
    sizes = {size.pipeline: size.leads for size in looked.inventory.pipelines}
    remarks = {
        pipeline.name: length_remark(pipeline)
        for pipeline in looked.known.pipelines.pipelines
        if sizes[pipeline.name]
    }
    return [
        Problem("pipeline_length", "note", f"pipeline {name} has {remark}")
        for name, remark in remarks.items()
        if remark is not None
    ]


def window(looked: Looked) -> list[Problem]:
    """Windows that the history cannot fill, and leads that outlived theirs."""
    found: list[Problem] = []
    if looked.times_are_made_up:
        return found
    for code, size in enumerate(looked.inventory.pipelines):
        if not size.leads:
            continue
        if size.window_days > looked.inventory.span_days:
            found.append(
                Problem(
                    "short_history",
                    "note",
                    f"pipeline {size.pipeline}: the records span "
                    f"{looked.inventory.span_days:,.0f} days and the window is "
                    f"{size.window_days:g}: whether a lead left open would be won within it is "
                    f"not seen yet{_usual_time(size.median_days)}",
                )
            )
        age_days = (looked.inventory.until - looked.known.created_at) / DAY_US
        own = (looked.closings.pipeline == code) & ~looked.closed
        outlived = int((own & (age_days > size.window_days)).sum())
        if outlived >= max(FEWEST_LEADS, 0.1 * size.leads):
            found.append(
                Problem(
                    "outlived_window",
                    "note",
                    f"pipeline {size.pipeline}: {outlived:,} open leads came in more than "
                    f"{size.window_days:g} days ago; at creation they count as not won. Close "
                    "what is dead, or set window_days if they may still be won",
                )
            )
    return found


def _usual_time(median_days: float | None) -> str:
    if median_days is None:
        return ""
    return (
        f"; half of the closed leads took {median_days:.1f} days, so a shorter window_days may "
        "say more"
    )
