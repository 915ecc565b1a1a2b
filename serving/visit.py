"""A visit: in which language a caller is answered, and the links that keep to it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from leads.contract import is_missing
from models.languages import ENGLISH, LANGUAGES, Language, language_of

LANG = "lang"
# More than any browser sends; what is longer is read so far.
LONGEST_HEADER = 500
_WEIGHT = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


@dataclass(frozen=True)
class Switch:
    """A link to the same page in a language."""

    language: Language
    href: str
    current: bool


@dataclass(frozen=True)
class Visit:
    """A request as its answer's language goes.

    `chosen`: `?lang=` named the language, so that links of a page carry it on. `parameters` are the
    others of the query.
    """

    language: Language
    chosen: bool = False
    parameters: tuple[tuple[str, str], ...] = ()

    def link(self, path: str, parameters: Mapping[str, object | None] | None = None) -> str:
        """A link with those parameters that have a value, in the language that was chosen."""
        given = {k: str(value) for k, value in (parameters or {}).items() if value is not None}
        kept = given | ({LANG: self.language.tag} if self.chosen else {})
        return f"{path}?{urlencode(kept)}" if kept else path

    @property
    def switches(self) -> Iterator[Switch]:
        """This page in each language."""
        for language in LANGUAGES:
            query = urlencode([*self.parameters, (LANG, language.tag)])
            yield Switch(language, f"?{query}", language == self.language)


def visit_of(request: Request) -> Visit:
    """The visit of a request: `?lang=` before `Accept-Language`, what is not spoken is English."""
    asked = request.query_params.get(LANG)
    chosen = not is_missing(asked)
    header = request.headers.get("accept-language", "")[:LONGEST_HEADER]
    others = tuple(pair for pair in request.query_params.multi_items() if pair[0] != LANG)
    language = (language_of(asked or "") or ENGLISH) if chosen else preferred_language(header)
    return Visit(language, chosen, others)


@lru_cache(maxsize=256)
def preferred_language(accept_language: str) -> Language:
    """The language that an `Accept-Language` header (RFC 9110) weighs most; English for none.

    Of equal weights the first counts; an entry that cannot be read is passed over.
    """
    best, heaviest = ENGLISH, 0.0
    for entry in accept_language.split(","):
        tag, _, parameter = entry.strip().partition(";")
        weight = _WEIGHT.fullmatch(parameter.strip().lower() or "q=1")
        language = language_of(tag)
        if weight and language and float(weight[1]) > heaviest:
            best, heaviest = language, float(weight[1])
    return best


def say_language(response: Response, language: Language) -> Response:
    """The response with the headers that say which language it is in, and why."""
    response.headers["Content-Language"] = language.tag
    response.headers["Vary"] = "Accept-Language"
    return response
