"""Names that sound like the outcome or the close: a reason to look, no evidence."""

import re
from collections.abc import Iterator

from leads.pipelines import plain_name
from training.suspicion import Audited, Suspicion

# As parts of plain names: without case, accents, spaces and punctuation.
_TELLING = """reason, lost, won, closed, closing, close date, elapsed, duration, to close, result,
    outcome, payment, paid, invoice, contract signed, signed, converted, conversion, last activity,
    last notable, disqualified, churn, status, stage, quality, probability, total days, ratio days,
    contract number, next step, next activity, orsak, förlust, förlorad, vunnen, avslut, resultat,
    betal, faktura, varaktighet, 原因, 输单, 赢单, 输赢, 成交, 付款, 支付, 结果, 关闭, 签约, 状态,
    时长, 輸單, 贏單, 結果, 關閉, 簽約, 狀態, 時長, days, hours, minutes, seconds, ratio, sla,
    score, rating, final, actual, tage, dagar"""
_SHOWN = tuple(" ".join(part.split()) for part in _TELLING.split(","))
_TELLING_PARTS = tuple(plain_name(part) for part in _SHOWN)
# Short words that are parts of many others ("wonder", "colost") count as whole words only.
_WHOLE_WORDS = frozenset(
    {"won", "lost", "closed", "paid", "stage", "status", "signed", "result", "ratio", "sla"}
    | {"days", "hours", "minutes", "seconds", "tage", "dagar"}
    | {"score", "rating", "final", "actual"}
)
_KNOWN_AT_CREATION = (
    "expected",
    "forecast",
    "planned",
    "marital",
    "employment",
    "förvänta",
    "预计",
)


def telling_name(audited: Audited) -> Iterator[Suspicion]:
    """Fields whose name or unit sounds like the outcome, the close, or the time until it."""
    for column in audited.values:
        part = telling_part(column.attribute)
        if part is not None and column.filled.any():
            yield Suspicion(
                column.attribute,
                "name",
                f"its name says {part!r}: leave it out unless it is known when a lead comes in",
            )


def telling_part(attribute: str) -> str | None:
    """The part of a field's name that sounds like the outcome or the close; None without one."""
    plain = plain_name(attribute)
    words = {plain_name(word) for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", attribute)}
    if any(plain_name(known) in plain for known in _KNOWN_AT_CREATION):
        return None
    for part, shown in zip(_TELLING_PARTS, _SHOWN, strict=True):
        if part in words if part in _WHOLE_WORDS else part in plain:
            return shown
    return None
