"""Pages from templates: every value is escaped, nothing comes from elsewhere."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from models.languages import Language
from serving.visit import Visit, say_language

TEMPLATES = Path(__file__).with_name("templates")
STATIC = Path(__file__).with_name("static")


def page_response(template: str, visit: Visit, status: int = 200, /, **values: object) -> Response:
    """A page in the visit's language; browsers do not keep it, for it shows people's data."""
    say = _Said(visit.language)
    content = (
        _environment().get_template(template).render(values, visit=visit, say=say, count=say.count)
    )
    return say_language(
        HTMLResponse(content, status, {"Cache-Control": "no-store"}), visit.language
    )


class _Said:
    """What templates call for their texts: messages are markup, what fills them is escaped."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def __call__(self, message: str, **values: object) -> Markup:
        """A message, filled in."""
        return Markup(self._language.translated(message)).format(**values)

    def count(self, one: str, many: str, number: int) -> Markup:
        """The message for a number of things, which fills `{count}`."""
        shown = self._language.figure(f"{number:,}")
        return Markup(self._language.plural(one, many, shown)).format(count=shown)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
