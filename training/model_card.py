"""The model card: what a model predicts, from what, how well, and what it must not be used for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_METRICS = {
    "auc": "AUC",
    "log_loss": "log loss",
    "brier": "Brier",
    "ece": "calibration error",
    "lift_at_10": "lift in the best 10 %",
}
_PARTS = {"by_age": "age", "by_stage": "stage", "by_pipeline": "pipeline"}
_NOT_FOR = (
    "deciding about people (whom to hire, lend to, insure or refuse): it ranks a sales team's work",
    "leads of another business, market or CRM than the one it learned from",
    "the effect of an action: factors say what went with winning, not what would cause it",
    "judging sales people: leads are not handed out by lot, and owners differ in what they get",
    "a promise for one lead: of ten leads at 30 % about three are won, and nobody knows which",
)


def model_card(about: Mapping[str, Any], top_groups: Sequence[str] = ()) -> str:
    """The card in Markdown of what an artifact says of itself; `top_groups` move the scores most.

    Figures are those of leads created after the ones that the judged model learned from.
    """
    parts = (
        _head(about),
        _data(about),
        _figures(about),
        *(_part(about["holdout"][part], heading) for part, heading in _PARTS.items()),
        _signals(about, top_groups),
        _limits(about),
    )
    return "\n".join(line for part in parts for line in part)


def _head(about: Mapping[str, Any]) -> Iterator[str]:
    yield f"# Model card: {about['name']}, trained {about['trained_at']}"
    yield ""
    if about.get("worth"):
        yield f"**{about['worth']['sentence']}**"
        yield ""
    if about.get("evidence", {}).get("sentence"):
        yield about["evidence"]["sentence"]
        yield ""
    if about.get("recalibrated"):
        yield _recalibrated(about["recalibrated"], about["newest_window"])
        yield ""
    yield (
        "It predicts the probability that an open lead is won within its pipeline's window "
        f"({_windows(about)}) after the moment it is asked about, from what was known of the lead "
        "at that moment. The probability comes with the factors that add up to it."
    )
    yield ""


def _recalibrated(made: Mapping[str, Any], window: Mapping[str, Any]) -> str:
    return (
        f"Recalibrated from version {made['from_version']} at {made['at']}: its signals, trees and "
        f"line, learned until {made['learned_until']}, as they were; every log-odds moved by "
        f"{made['moved_by']:+.3f}. Of {window['n_leads']:,} leads looked at from "
        f"{window['begins_at'][:10]} to {window['ends_at'][:10]} {window['won']:.1%} were won, "
        f"where {made['expected']:.1%} were expected. The figures below are those of that version."
    )


def _windows(about: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {days} days" for name, days in about["window_days"].items())


def _data(about: Mapping[str, Any]) -> Iterator[str]:
    yield "## What it learned from"
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| source | {_cell(about['source'])} |"
    yield f"| hash of the content | `{about['data_hash']}` |"
    yield f"| first lead created | {about['first_created_at']} |"
    yield f"| newest event | {about['newest_event_at']} |"
    yield f"| learned what was known until | {about['until']} |"
    yield f"| decided leads | {about['n_leads']:,}, at {about['n_snapshots']:,} moments |"
    yield f"| of which won | {about['base_rate']:.1%} |"
    yield f"| signals | {about['columns']} |"
    yield f"| trees in each of the bag's models | {about['trees']} |"
    if about.get("history"):
        yield f"| history | {about['history']['sentence']} |"
    for choice in about.get("signals", ()):
        yield f"| signals that were tried | {_cell(choice['sentence'])} |"
    if about.get("tuned"):
        yield f"| recipe | {about['tuned']['sentence']} |"
    if about.get("base_rate_shift"):
        yield f"| a moved base rate | {_cell(about['base_rate_shift']['sentence'])} |"
    yield ""


def _figures(about: Mapping[str, Any]) -> Iterator[str]:
    holdout = about["holdout"]
    yield "## How well, beside four simple rules"
    yield ""
    yield (
        f"Judged on {holdout['n_leads']:,} leads that were created later than those it had learned "
        f"from, at {holdout['n_snapshots']:,} moments while they were open; each lead counts the "
        "same. In brackets 95 % intervals over leads. The registered model has then learned from "
        "all leads."
    )
    yield ""
    yield "| | " + " | ".join(_METRICS.values()) + " |"
    yield "|---" * (len(_METRICS) + 1) + "|"
    for name, figures in {"this model": holdout, **about["baselines"]}.items():
        shown = " | ".join(_estimate(figures[metric]) for metric in _METRICS)
        yield f"| {name.replace('_', ' ')} | {shown} |"
    yield ""


def _part(figures: Mapping[str, Any], heading: str) -> Iterator[str]:
    yield f"### By {heading}"
    yield ""
    yield f"| {heading} | moments | won | AUC | log loss |"
    yield "|---|---|---|---|---|"
    for name, one in figures.items():
        won = one["base_rate"]["value"]
        yield (
            f"| {_cell(name)} | {one['n_snapshots']:,} | {'–' if won is None else f'{won:.1%}'} | "
            f"{_estimate(one['auc'])} | {_estimate(one['log_loss'])} |"
        )
    yield ""


def _signals(about: Mapping[str, Any], top_groups: Sequence[str]) -> Iterator[str]:
    yield "## What moves the scores"
    yield ""
    if top_groups:
        yield "Most, in this order: " + ", ".join(map(_cell, top_groups)) + "."
    elif about.get("recalibrated"):
        yield f"The same as in version {about['recalibrated']['from_version']}."
    else:
        yield "Nothing: it says the same of every lead."
    yield ""
    if about["quarantined"]:
        yield "Not learned from, for they would tell the future, or because somebody said so:"
        yield ""
        for field in about["quarantined"]:
            yield f"- `{_cell(field['field'])}`: {_cell(field['evidence'])}"
    else:
        yield "No field was found that would tell the future; none was left out."
    if about["suspicious"]:
        yield ""
        yield "Learned from, and to be looked at: were they known by then?"
        yield ""
        for field in about["suspicious"]:
            yield f"- `{_cell(field['field'])}`: {_cell(field['evidence'])}"
    overruled = {"allowed": "Learned from", "denied": "Not learned from"}
    for name, said in overruled.items():
        if about[name]:
            yield ""
            yield f"{said} because somebody said so: {', '.join(map(_cell, about[name]))}."
    yield ""


def _limits(about: Mapping[str, Any]) -> Iterator[str]:
    yield "## What it must not be used for"
    yield ""
    for use in _NOT_FOR:
        yield f"- {use}"
    yield ""
    yield (
        f"It knows nothing of what happened after {about['until']}. Train again when the way of "
        "selling, the pipelines or the mix of leads change."
    )
    yield ""


def _estimate(estimate: Mapping[str, float | None]) -> str:
    if estimate["value"] is None:
        return "–"
    if estimate["low"] is None or estimate["high"] is None:
        return f"{estimate['value']:.3f}"
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


def _cell(text: str) -> str:
    """Text of somebody's records within a table: no line breaks, no bars, no markup."""
    joined = " ".join(str(text).split())
    return joined.replace("|", "\\|").replace("<", "&lt;").replace("`", "'")
