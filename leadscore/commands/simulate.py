"""`leadscore simulate`: a simulated CRM as a data folder, with the true probabilities."""

from pathlib import Path
from typing import Annotated

import typer

from crm.simulator import DEFAULT_END_US, SIMULATOR_VERSION, write_folder
from crm.simulator import simulate as simulate_crm
from leads.clock import format_time
from leads.counting import count_of
from leads.errors import InvalidInputError
from leadscore.options import AsJson, Seed, read_moment
from leadscore.terminal import progress, say, show_json

Leads = Annotated[int, typer.Option("--leads", help="How many leads.", min=1)]


def simulate(
    out: Annotated[Path, typer.Argument(help="The folder to write; made if it is not there.")],
    leads: Leads = 4_000,
    seed: Seed = 0,
    end: Annotated[
        str | None, typer.Option(help="When the two simulated years end: an ISO 8601 time.")
    ] = None,
    leaky: Annotated[
        bool, typer.Option("--leaky", help="Add columns of leads that were filled at the close.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a simulated CRM as a data folder, and `truth.parquet` with true probabilities.

    Example: leadscore simulate simulated --leads 20000 --seed 1
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InvalidInputError(f"{out} is there already and not empty; give a new folder")
    end_us = read_moment(end, "--end") or DEFAULT_END_US
    with progress("simulating") as step:
        simulated = simulate_crm(leads, seed, end_us)
        step("true probabilities")
        write_folder(simulated, out, leaky=leaky)
    record = {
        "folder": str(out),
        "leads": leads,
        "seed": seed,
        "end": format_time(end_us),
        "simulator_version": SIMULATOR_VERSION,
    }
    if as_json:
        show_json(record)
    else:
        counted = count_of(leads, "lead", "leads")
        say(f"{counted} up to {format_time(end_us)} in {out}; leadscore import {out}")
