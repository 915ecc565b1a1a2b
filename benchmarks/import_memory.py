"""How much memory an import takes, whatever the size of its tables.

Writes interactions of about 400 bytes, one of them with text in `duration_seconds`, imports them
in a process of its own, and prints its largest resident set, as JSON:

    python benchmarks/import_memory.py --megabytes 3000
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from crm.importing import import_folder
from crm.store import Store
from leads.clock import MINUTE_US, format_time

PIPELINES = '[[pipeline]]\nname = "default"\nstages = ["New"]\nwon = ["Won"]\nlost = ["Lost"]\n'
LEADS = 10_000
START_US = 1_700_000_000_000_000
NOTE = (
    "Asked about delivery; price and the terms of the contract; wants to hear from us again. " * 3
)


def write_folder(folder: Path, megabytes: float) -> int:
    """Write a data folder of a given size; returns the number of interactions."""
    folder.mkdir()
    (folder / "pipelines.toml").write_text(PIPELINES)
    with (folder / "leads.csv").open("w") as file:
        file.write("lead_id,created_at\n")
        file.writelines(f"{n},{format_time(START_US)}\n" for n in range(LEADS))
    rows, written = 0, 0
    bad_from = megabytes * 900_000
    bad = True
    with (folder / "interactions.csv").open("w") as file:
        file.write("lead_id,occurred_at,kind,direction,actor,duration_seconds,text,campaign\n")
        while written < megabytes * 1_000_000:
            duration = "soon" if bad and written > bad_from else rows % 1000
            bad = bad and duration != "soon"
            moment = format_time(START_US + rows * MINUTE_US)
            written += file.write(
                f"{rows % LEADS},{moment},call,outbound,rep-{rows % 50},{duration},"
                f"{rows} {NOTE},campaign-{rows % 300}\n"
            )
            rows += 1
    return rows


def import_here(folder: Path, home: Path) -> None:
    """Import a folder into a new store and print what it took."""
    started = time.monotonic()
    with Store.open(home / "store.db") as store:
        summary = import_folder(store, folder, home=home)
    print(
        json.dumps(
            {
                "max_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                "seconds": round(time.monotonic() - started, 1),
                "tables": {name: vars(counts) for name, counts in summary.tables.items()},
                "rejected_files": [str(path) for path in summary.rejected_files],
            }
        )
    )


def main() -> None:
    """Write a folder, and import it in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=300)
    parser.add_argument("--import-folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.import_folder is not None:
        import_here(options.import_folder, options.import_folder.parent / "home")
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        write_folder(folder, options.megabytes)
        command = [sys.executable, __file__, "--import-folder", str(folder)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
