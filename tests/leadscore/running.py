"""Calling the command line as a person would: in a process of its own, with a home of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


def command_environment(home: Path) -> dict[str, str]:
    """The environment of a command whose home this is, with nothing else of ours in it."""
    ours = ("LEADSCORE_", "MLFLOW_", "PYTHONPATH")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    return {**environment, "LEADSCORE_HOME": str(home)}


def run_leadscore(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command from the folder that holds the home."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "leadscore", *map(str, arguments)],
        cwd=home.parent,
        env=command_environment(home),
        capture_output=True,
        text=True,
        check=False,
    )


def run_json(home: Path, *arguments: object) -> dict[str, Any]:
    """Run a command that is to succeed with `--json`; its one object."""
    ended = run_leadscore(home, *arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def run_refused(home: Path, *arguments: object) -> str:
    """Run a command that is to fail with status 1; its last line, which says why."""
    ended = run_leadscore(home, *arguments)
    assert ended.returncode == 1, (ended.returncode, ended.stdout, ended.stderr)
    said = ended.stderr.splitlines()[-1]
    assert said.startswith("leadscore: ")
    assert "Traceback" not in ended.stderr
    return said


@contextmanager
def running_service(home: Path) -> Iterator[str]:
    """The service of a home on a free port of this machine; its URL once it is ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "LEADSCORE_HOME": str(home)}
    command = [sys.executable, "-P", "-m", "leadscore", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(url, process)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


def _wait_until_ready(url: str, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        assert process.poll() is None, process.communicate()[1]
        try:
            answer_of(f"{url}/readyz")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    pytest.fail("the service was not ready within a minute")


def answer_of(url: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The JSON that a GET, or a POST of a body, answers."""
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)
