"""The running service: it answers on the loopback address, and stops when asked to."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from http.client import HTTPConnection

import pytest

from leads.errors import SettingsError
from serving.run import serve

SCRIPT = """
import sys
from pathlib import Path
from serving.run import serve
from serving.served import Served
served = Served.open(sys.argv[1], Path(sys.argv[2]))
serve(served, "127.0.0.1", 0, started=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@pytest.fixture
def running(home):
    """A process that serves, and its URL."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    arguments = [sys.executable, "-c", SCRIPT, str(home.store_path), str(home.models)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield process, process.stdout.readline().strip()
        process.kill()


def read(url, headers=None):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {})) as answer:
        return answer.status, answer.read(), dict(answer.headers)


def statuses_on_one_connection(url, *methods):
    """What `/` answers; a body after HEAD would be read as the head of the next answer."""
    with closing(HTTPConnection(url.removeprefix("http://"), timeout=10)) as connection:
        statuses = []
        for method in methods:
            connection.request(method, "/")
            answer = connection.getresponse()
            assert bool(answer.read()) == (method == "GET")
            statuses.append(answer.status)
        return statuses


def test_service_answers_and_stops_on_sigint(running):
    process, url = running
    assert url.startswith("http://127.0.0.1:")
    status, content, headers = read(f"{url}/readyz")
    assert (status, content) == (200, b'{"status":"ready","model_version":"7"}')
    assert "server" not in headers
    assert statuses_on_one_connection(url, "HEAD", "GET", "HEAD") == [200, 200, 200]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        read(f"{url}/healthz", {"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        read(f"{url}/healthz", {"X-Forwarded-For": "8.8.8.8"})
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline().strip() == "stopped"
    assert process.wait(10) == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2"])
def test_other_addresses_are_refused_without_keys(served, host):
    with pytest.raises(SettingsError, match=r"could be reached from other machines.*127\.0\.0\.1"):
        serve(served, host, 0)


def test_a_name_is_refused(served):
    with pytest.raises(SettingsError, match="is not an address"):
        serve(served, "leads.example", 0)


def test_port_in_use_is_named(served):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            SettingsError, match=f"port {port}: Address already in use; give another"
        ):
            serve(served, "127.0.0.1", port)
