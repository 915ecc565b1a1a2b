"""The levels of the column that says which stage a lead is in, as a plan of signals has them."""

from features.plan import SignalPlan
from features.stages import STAGES

STAGE_COLUMN = "stage"


def stage_place(plan: SignalPlan) -> int:
    """The place of the column in a row."""
    return [column.name for column in plan.columns].index(STAGE_COLUMN)


def pipelines_of_stages(plan: SignalPlan) -> tuple[str, ...]:
    """The pipeline of each stage, by the stage's code."""
    settings = next(settings for family, settings in plan.parts if family.name == STAGES.name)
    return tuple(str(pipeline) for pipeline, _ in settings["stages"])
