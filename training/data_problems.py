"""What is wrong with records, or to be taken with care: each in a sentence with what to do."""

from collections.abc import Callable

from leads.outcome import closings
from leads.timeline import Timelines
from leads.view import known_by
from training.creation_values import values_at_creation
from training.field_problems import attributes, duplicates
from training.inventory import Inventory
from training.outcome_problems import (
    closed_at_once,
    deciding_stages,
    length_of_pipelines,
    no_losses,
    no_stage_history,
    one_class,
    stages_never_reached,
    too_few_outcomes,
    untouched_leads,
    window,
)
from training.problem import Looked, Problem
from training.time_problems import (
    closings_without_time,
    days_only,
    made_up_times,
    recorded_late,
    stale,
)

TESTS: tuple[Callable[[Looked], list[Problem]], ...] = (
    too_few_outcomes,
    one_class,
    no_losses,
    made_up_times,
    no_stage_history,
    untouched_leads,
    closings_without_time,
    closed_at_once,
    days_only,
    recorded_late,
    duplicates,
    stages_never_reached,
    deciding_stages,
    length_of_pipelines,
    window,
    attributes,
    stale,
)
_ORDER = ("stops", "care", "note")


def problems(timelines: Timelines, counted: Inventory) -> tuple[Problem, ...]:
    """Every problem found, the gravest first; `counted` is the inventory of these timelines."""
    known = known_by(timelines, counted.until)
    looked = Looked(known, counted, closings(known, counted.until), values_at_creation(known))
    found = [problem for test in TESTS for problem in test(looked)]
    return tuple(sorted(found, key=lambda problem: _ORDER.index(problem.weight)))
