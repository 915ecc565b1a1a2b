"""Running the service: uvicorn on the loopback address, until it is asked to stop."""

import logging
import os
import socket
from collections.abc import Callable
from ipaddress import ip_address

import uvicorn

from leads.errors import LeadscoreError, SettingsError
from serving.app import create_app
from serving.scoring import warm_up
from serving.served import Served

logger = logging.getLogger(__name__)

GRACE_SECONDS = 10
KEEP_ALIVE_SECONDS = 15
MOST_CONNECTIONS = 500
BACKLOG = 512
MAX_HEADER_BYTES = 32 * 1024


def serve(
    served: Served, host: str, port: int, *, started: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGINT or SIGTERM; `started` is called with the URL once it answers.

    Port 0 takes any free one. Raises `SettingsError` for an address that is not this machine's
    own, or that cannot be listened on.
    """
    listening = _listen(host, port)
    _warm_up(served)
    with listening:
        config = uvicorn.Config(
            create_app(served),
            access_log=False,
            log_config=None,
            server_header=False,
            workers=1,
            forwarded_allow_ips="127.0.0.1",
            ws="none",
            lifespan="off",
            limit_concurrency=MOST_CONNECTIONS,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        )
        server = _Server(config, lambda: started and started(_url(listening)))
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            return


def check_address(host: str, port: int) -> None:
    """Raises `SettingsError`, as `serve` would, for an address that cannot be listened on."""
    _listen(host, port).close()


def _warm_up(served: Served) -> None:
    """What cannot be warmed up is served all the same: its callers are told what to do."""
    try:
        warm_up(served)
    except LeadscoreError as error:
        logger.warning("no leads can be scored yet: %s", error)


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it answers."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], object]) -> None:
        super().__init__(config)
        self._says_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        self._says_started()


def _listen(host: str, port: int) -> socket.socket:
    address = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        ip = ip_address(address)
    except ValueError:
        raise SettingsError(f"--host {host!r} is not an address; give 127.0.0.1") from None
    if not ip.is_loopback:
        raise SettingsError(
            f"--host {host} could be reached from other machines, and there are no API keys yet; "
            "give 127.0.0.1"
        )
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    try:
        return socket.create_server((address, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise SettingsError(
            f"cannot listen on {host}, port {port}: {reason}; give another --port"
        ) from None


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
