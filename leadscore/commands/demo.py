"""`leadscore demo`: a simulated CRM, imported, learned from, promoted and served."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from crm.importing import import_folder
from crm.simulator import simulate as simulate_crm
from crm.simulator import write_folder
from crm.store import Store
from leads.clock import HOUR_US, now_us
from leads.errors import SettingsError
from leads.view import Snapshots
from leadscore.commands.promote import promote_and_rescore
from leadscore.commands.serve import Host, Port, serve_home
from leadscore.commands.simulate import Leads
from leadscore.commands.train import train_on
from leadscore.options import Seed
from leadscore.settings import Settings, read_settings
from leadscore.sources import moment_of, read_records
from leadscore.terminal import Progress, progress, say
from serving.run import check_address

DEMO = "demo"


def demo(
    leads: Leads = 4_000,
    seed: Seed = 0,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve it at the end.")] = True,
    host: Host = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Simulate a CRM up to now, import it, train, promote and serve it with its pages.

    Everything is kept in a folder of its own, `demo` in LEADSCORE_HOME, made anew each time.
    Example: leadscore demo --leads 2000
    """
    if serve:
        check_address(host, port)
    settings = read_settings(os.environ)
    settings = settings.model_copy(
        update={"home": settings.home / DEMO, "database_url": None, "mlflow_tracking_uri": None}
    )
    _clear(settings)
    with progress("demo") as step:
        auc = _build(settings, leads, seed, step)
    say(
        f"{leads:,} simulated leads are in {settings.home}; on later leads the model's AUC is "
        f"{auc:.2f}.",
        f"Use it with: LEADSCORE_HOME={settings.home} leadscore models",
    )
    if serve:
        serve_home(settings, host, port)


def _clear(settings: Settings) -> None:
    """Remove an earlier demo; a folder that holds no store of leadscore is left alone."""
    if settings.home.exists():
        if not (settings.home / "leadscore.db").exists() and any(settings.home.iterdir()):
            raise SettingsError(
                f"{settings.home} is not a demo of leadscore; move it away or set LEADSCORE_HOME"
            )
        shutil.rmtree(settings.home)


def _build(settings: Settings, leads: int, seed: int, step: Progress) -> float:
    """Simulate, import, train and promote; the answer is the AUC on later leads."""
    step("simulating a CRM")
    end_us = now_us() // HOUR_US * HOUR_US
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(settings.store) as store,
    ):
        nothing = Snapshots(np.zeros(0, np.int64), np.zeros(0, np.int64))
        write_folder(simulate_crm(leads, seed, end_us), Path(folder), snapshots=nothing)
        step("importing")
        import_folder(store, Path(folder), home=settings.home)
        records = read_records(store, settings, None, None, None, None, step)
        trained = train_on(records, moment_of(records, None, "--as-of"), seed, settings, step)
        promote_and_rescore(trained.version, store, settings, step)
    return float(trained.report["holdout"]["auc"]["value"])
