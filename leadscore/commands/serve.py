"""`leadscore serve`: the HTTP interface and the pages."""

import os
from typing import Annotated

import typer

from crm.store import Store
from leadscore.scoring import load_scorer, refresh_scores
from leadscore.settings import Settings, read_settings
from leadscore.terminal import progress, warn
from serving.run import check_address
from serving.run import serve as serve_http
from serving.served import Served

Host = Annotated[str, typer.Option(help="The address to listen on; loopback only for now.")]
Port = Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)]


def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the HTTP interface and the pages.

    Example: leadscore serve --port 8080
    """
    serve_home(read_settings(os.environ), host, port)


def serve_home(settings: Settings, host: str, port: int) -> None:
    """Serve the store and the champion of a home; current scores are refreshed first."""
    check_address(host, port)
    with Store.open(settings.store) as store:
        if store.champion() is None:
            warn("note: no model was promoted yet; run `leadscore train`")
        elif store.pipelines() is not None:
            with progress("scoring open leads") as step:
                scorer = load_scorer(store, settings.models)
                refresh_scores(store, scorer, settings.grades, step)
        served = Served(store, settings.models, grades=settings.grades)
        serve_http(served, host, port, started=_say_started)


def _say_started(url: str) -> None:
    warn(f"leadscore is ready at {url} (stop it with Ctrl-C)")
