"""Pages from templates: every value is escaped, nothing comes from elsewhere."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

TEMPLATES = Path(__file__).with_name("templates")
STATIC = Path(__file__).with_name("static")


def page_response(template: str, status: int = 200, /, **values: object) -> HTMLResponse:
    """A page; it is not kept by browsers, for it shows people's data."""
    content = _environment().get_template(template).render(values)
    return HTMLResponse(content, status, {"Cache-Control": "no-store"})


def query_link(path: str, parameters: Mapping[str, object | None]) -> str:
    """A link with those parameters that have a value."""
    given = {name: str(value) for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
