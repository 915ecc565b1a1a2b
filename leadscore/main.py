"""The command line: a table of commands; only the one that is called is loaded."""

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import typer

from leads.errors import LeadscoreError
from leadscore.installation import check_openmp, check_packages, keep_compiled_code

FAILED = 1


class Command(NamedTuple):
    """Where a command's function is, and what it does in one line."""

    module: str
    function: str
    does: str


COMMANDS: dict[str, Command] = {
    "demo": Command("demo", "demo", "Simulate a CRM, train on it and serve it, ready to click."),
    "simulate": Command("simulate", "simulate", "Write a simulated CRM as a data folder."),
    "import": Command("importing", "import_records", "Import a data folder into the store."),
    "pipelines": Command("pipelines", "pipelines", "Ready-made pipelines; is yours a good length?"),
    "check": Command("check", "check", "Is this data ready to learn from, and what may it reach?"),
    "signals": Command("signals", "signals", "Try the laws of signals on your own ones."),
    "train": Command("train", "train", "Learn, judge forward in time, register, promote."),
    "backtest": Command("backtest", "backtest", "What each past month's model would have scored."),
    "score": Command("score", "score", "Score open leads, or given snapshots."),
    "explain": Command("explain", "explain", "One lead's score, its factors and its timeline."),
    "models": Command("models", "models", "List the registered models."),
    "promote": Command("promote", "promote", "Make a registered model the champion."),
    "rollback": Command("rollback", "rollback", "Bring the champion before back."),
    "serve": Command("serve", "serve", "Serve the HTTP interface and the pages."),
}


def command_line(called: str | None) -> typer.Typer:
    """The command line with the called command loaded, the others by name and help alone."""
    app = typer.Typer(
        name="leadscore",
        help="How likely each lead is to be won, why, and what to do about it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name, command in COMMANDS.items():
        function = _load(command) if name == called else _placeholder
        app.command(name, help=None if name == called else command.does)(function)
    return app


def main() -> None:
    """Run the command line: status 0 done, 1 could not be done, 2 wrong usage."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    called = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    try:
        check_packages()
        check_openmp()
        keep_compiled_code(os.environ, Path(os.environ.get("LEADSCORE_HOME", ".leadscore")))
        if os.environ.get("LEADSCORE_SIGNALS") and called in COMMANDS:
            importlib.import_module("leadscore.own_signals").use_own_signals(os.environ)
        command_line(called if called in COMMANDS else None)()
    except LeadscoreError as error:
        _fail(str(error))
    except PermissionError as error:
        _fail(f"{error.filename} cannot be written or read ({error.strerror}); check its rights")
    except (NotADirectoryError, FileExistsError, FileNotFoundError) as error:
        _fail(f"{error.filename}: {error.strerror}; check the path, and LEADSCORE_HOME")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)


def _fail(why: str) -> NoReturn:
    print(f"leadscore: {why}", file=sys.stderr)  # noqa: T201
    sys.exit(FAILED)


def _load(command: Command) -> Callable[..., Any]:
    module = importlib.import_module(f"leadscore.commands.{command.module}")
    function: Callable[..., Any] = getattr(module, command.function)
    return function


def _placeholder() -> None:
    """Stands for a command that was not called."""
