"""Lending: what leads of other pipelines would look like in one that has few closed leads.

A pipeline's stages are signals of their own, so that what is learned of one pipeline's stages says
nothing of another's. Where stages have the same name, snapshots of other pipelines are learned from
once more as if they were of the small one; its own level is told apart afterwards, beside what is
said of its leads as if they were of a larger one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.naming import column_names
from features.plan import SignalPlan
from leads.arrays import Floats, Int32s, Int64s
from leads.pipelines import Pipelines
from training.evidence import Evidence
from training.folds import Fold

# So many leads are lent to a pipeline: on loan applications and simulated leads as good as all.
LENT_LEADS = 200
_CODES = ("stage", "previous_stage")
_OF_STAGES = ("visits", "days_at")


@dataclass(frozen=True)
class Learnable:
    """What a model is fitted on: rows of signals, whose and of when, their targets, their folds."""

    matrix: Floats
    lead: Int64s
    as_of: Int64s
    target: Floats
    folds: Sequence[Fold]


def with_lent(
    own: Learnable,
    plan: SignalPlan,
    stage: Int32s,
    pipelines: Pipelines,
    evidence: Mapping[str, Evidence],
) -> Learnable:
    """What is learned, and behind it what pipelines with more closed leads lend to thin ones.

    `stage` is the stage code of each own row. Lent rows are of leads of their own, and none is
    predicted in a fold.
    """
    whole = own
    for borrower, lenders in _borrowers(pipelines, evidence).items():
        same = np.where(
            np.isin(pipelines.stage_pipeline, lenders), _same_name(pipelines, borrower), -1
        )
        rows = _of_some_leads(own.lead, np.flatnonzero(same[stage] >= 0))
        if len(rows):
            made = _as_if_of(plan, own.matrix[rows], stage[rows], pipelines, same)
            whole = _joined(whole, own, made, rows)
    return whole


@dataclass(frozen=True)
class Elsewhere:
    """Rows of a thin pipeline as if they were of another, the `lender`, by its code."""

    lender: int
    rows: Int64s
    matrix: Floats


def as_if_elsewhere(
    plan: SignalPlan,
    matrix: Floats,
    stage: Int32s,
    pipelines: Pipelines,
    evidence: Mapping[str, Evidence],
) -> dict[int, Elsewhere]:
    """The rows of each thin pipeline as if of the one with the most evidence, by its code.

    Only of one that knows all stages in which they are by the same names.
    """
    found = {}
    for borrower, lenders in _borrowers(pipelines, evidence).items():
        rows = np.flatnonzero(pipelines.stage_pipeline[stage] == borrower)
        for lender in sorted(lenders, key=lambda code: -evidence[pipelines.names[code]].own):
            same = _same_name(pipelines, lender)
            if len(rows) and (same[stage[rows]] >= 0).all():
                target = np.where(pipelines.stage_pipeline == borrower, same, -1)
                made = _as_if_of(plan, matrix[rows], stage[rows], pipelines, target)
                found[borrower] = Elsewhere(lender, rows, made)
                break
    return found


def _borrowers(pipelines: Pipelines, evidence: Mapping[str, Evidence]) -> dict[int, list[int]]:
    """The thin pipelines with those that rest on more leads, by their codes."""
    own = [evidence[name].own for name in pipelines.names]
    return {
        borrower: [lender for lender in range(len(own)) if own[lender] > own[borrower]]
        for borrower, name in enumerate(pipelines.names)
        if evidence[name].support == "thin"
    }


def _of_some_leads(lead: Int64s, rows: Int64s) -> Int64s:
    """The rows of so many leads, evenly through their order."""
    leads = np.unique(lead[rows])
    places = np.unique(np.linspace(0, len(leads) - 1, LENT_LEADS).astype(np.int64))
    return rows[np.isin(lead[rows], leads[places])] if len(leads) else rows


def _joined(whole: Learnable, own: Learnable, made: Floats, rows: Int64s) -> Learnable:
    return Learnable(
        np.concatenate([whole.matrix, made]),
        np.concatenate([whole.lead, own.lead[rows] + int(whole.lead.max()) + 1]),
        np.concatenate([whole.as_of, own.as_of[rows]]),
        np.concatenate([whole.target, own.target[rows]]),
        [
            replace(fold, target=np.concatenate([fold.target, fold.target[rows]]))
            for fold in whole.folds
        ],
    )


def _as_if_of(
    plan: SignalPlan, matrix: Floats, stage: Int32s, pipelines: Pipelines, target: Int64s
) -> Floats:
    """Rows as if of the pipeline whose stage codes are `target`, by the code that they have."""
    rows = matrix.copy()
    places = {column.name: place for place, column in enumerate(plan.columns)}
    for name in _CODES:
        rows[:, places[name]] = _translated(rows[:, places[name]], target)
    swaps = _columns_of_stages(plan, pipelines, places)
    for lender in np.unique(pipelines.stage_pipeline[target >= 0]):
        of_lender = np.flatnonzero(pipelines.stage_pipeline[stage] == lender)
        for code in np.flatnonzero((target >= 0) & (pipelines.stage_pipeline == lender)):
            for by_stage in swaps:
                if code in by_stage and int(target[code]) in by_stage:
                    pair = [by_stage[int(code)], by_stage[int(target[code])]]
                    rows[of_lender[:, None], pair] = rows[of_lender[:, None], pair[::-1]]
    return rows


def _same_name(pipelines: Pipelines, borrower: int) -> Int64s:
    """For each stage code that of the borrower's stage with the same name; -1 for none or own."""
    own = {
        stage: code
        for code, (pipeline, stage) in enumerate(pipelines.stage_names)
        if pipelines.pipeline_code_of[pipeline] == borrower
    }
    codes = [
        -1 if pipelines.pipeline_code_of[pipeline] == borrower else own.get(stage, -1)
        for pipeline, stage in pipelines.stage_names
    ]
    return np.array(codes, np.int64)


def _translated(codes: Floats, target: Int64s) -> Floats:
    """Codes of stages in the borrower's; NaN for one that it does not have."""
    known = (codes >= 0) & (codes < len(target))
    new = np.where(known, target[np.where(known, codes, 0).astype(np.int64)], -1)
    return np.where(new >= 0, new, np.nan)


def _columns_of_stages(
    plan: SignalPlan, pipelines: Pipelines, places: Mapping[str, int]
) -> list[dict[int, int]]:
    """For each kind of column that there is one of per stage: its place by stage code."""
    labels = plan.columns[places["stage"]].levels
    return [
        {
            code: places[name]
            for code, name in enumerate(column_names(labels, prefix))
            if name in places
        }
        for prefix in _OF_STAGES
    ]
