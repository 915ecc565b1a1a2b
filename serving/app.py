"""The application: endpoints and pages over what is served."""

from importlib.metadata import version

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from serving import actions_api, api, docs_page, pages
from serving.guard import Guard
from serving.head import HeadAsGet
from serving.openapi import describe
from serving.problems import install_problems
from serving.rendering import STATIC
from serving.served import Served

# Spans and logs of requests would carry people's data to wherever a provider sends them.
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(served: Served) -> FastAPI:
    """The HTTP service over an open store and its champion; it reads no environment."""
    app = FastAPI(
        title="leadscore",
        summary="How likely each sales lead is to be won, and why.",
        version=version("leadscore"),
        telemetry=NO_TELEMETRY,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.served = served
    app.include_router(api.router)
    app.include_router(actions_api.router)
    app.include_router(pages.router)
    app.include_router(docs_page.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_api_route("/favicon.ico", _favicon, include_in_schema=False)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    install_problems(app)
    app.add_middleware(Guard)
    # Outside of the guard: what it refuses has no body either.
    app.add_middleware(HeadAsGet)
    return app


def _favicon() -> FileResponse:
    return FileResponse(STATIC / "favicon.svg", media_type="image/svg+xml")
