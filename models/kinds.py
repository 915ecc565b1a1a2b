"""Kinds of interaction in words: usual ones in the reader's language, others in the CRM's.

Records and models keep the CRM's own code; what it is called is looked up when it is said.
"""

from collections.abc import Mapping

from models.languages import KIND, Language

# One and several of each usual kind, and how else CRMs write it; few, for what one CRM tells apart
# must not be called the same. Case, hyphens and underscores do not tell kinds apart.
USUAL_KINDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("call", "calls"): (
        "phone call", "samtal", "telefonsamtal", "电话", "通话", "電話", "通話",
    ),
    ("email", "emails"): (
        "e mail", "mejl", "e post", "邮件", "电子邮件", "郵件", "電子郵件",
    ),
    ("meeting", "meetings"): ("möte", "会议", "會議"),
    ("note", "notes"): ("anteckning", "备注", "備註"),
    ("task", "tasks"): ("uppgift", "任务", "任務"),
    ("form", "forms"): ("formulär", "表单", "表單"),
    ("visit", "visits"): ("besök", "拜访", "拜訪"),
    ("website visit", "website visits"): ("webbplatsbesök", "网站访问", "網站造訪"),
    ("page view", "page views"): ("pageview",),
    ("download", "downloads"): (),
    ("text message", "text messages"): ("sms", "短信", "簡訊"),
    ("chat", "chats"): ("chatt",),
    ("message", "messages"): ("meddelande", "消息", "訊息"),
    ("voicemail", "voicemails"): ("voice mail",),
    ("video call", "video calls"): (),
    ("demo", "demos"): (),
    ("webinar", "webinars"): (),
    ("event", "events"): (),
    ("lunch", "lunches"): (),
    ("letter", "letters"): ("brev",),
    ("comment", "comments"): (),
}  # fmt: skip


def _spelled(kind: str) -> str:
    return " ".join(kind.replace("_", " ").replace("-", " ").casefold().split())


_BY_SPELLING = {
    _spelled(spelling): words
    for words, others in USUAL_KINDS.items()
    for spelling in (*words, *others)
}


def kind_in_words(kind: str, language: Language) -> str:
    """One interaction of a kind: `call`, or one that is not usual in quotation marks."""
    return _in_words(kind, language, 1)


def kinds_in_words(kind: str, language: Language) -> str:
    """Interactions of a kind: `calls`, or of one that is not usual its name in quotation marks."""
    return _in_words(kind, language, 2)


def kind_label(kind: str, language: Language) -> str:
    """A kind where a sentence begins, or as a heading."""
    words = kind_in_words(kind, language)
    return words[:1].upper() + words[1:]


def _in_words(kind: str, language: Language, count: int) -> str:
    usual = _BY_SPELLING.get(_spelled(kind))
    if usual is None:
        return language.say("“{name}”", name=" ".join(kind.replace("_", " ").split()) or kind)
    return language.word(KIND, *usual, count)
