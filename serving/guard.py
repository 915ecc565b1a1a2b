"""The outermost layer: who is answered, what browsers are told, and what nobody expected."""

import logging
from ipaddress import AddressValueError, IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import Problem, problem_response

logger = logging.getLogger(__name__)

# Starlette's test client has this for its address, and asks for this host.
TEST_CLIENT, TEST_HOST = "testclient", "testserver"
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Serves callers of this machine alone, and answers an unexpected error with a plain 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        refused = refusal_of(scope)
        if refused is not None:
            await problem_response(refused)(scope, receive, send_guarded)
            return
        try:
            await self.app(scope, receive, send_guarded)
        except ClientDisconnect:
            logger.info("the caller went away during %s %s", scope["method"], scope["path"])
        except Exception:
            logger.exception("unexpected error in %s %s", scope["method"], scope["path"])
            if not started:
                unexpected = Problem(500, "something unexpected happened; the log has the details")
                await problem_response(unexpected)(scope, receive, send_guarded)


def refusal_of(scope: Scope) -> Problem | None:
    """Why a caller is refused: an address or a name of another machine, or a foreign page."""
    client = scope.get("client")
    headers = Headers(scope=scope)
    if client is not None and not _is_local_address(client[0]):
        return Problem(403, "only callers on this machine are served")
    names = LOCAL_NAMES | ({TEST_HOST} if client and client[0] == TEST_CLIENT else set())
    # A page whose name was pointed at this machine (DNS rebinding) asks for its own name.
    if _host_name(f"//{headers.get('host', '')}") not in names:
        return Problem(403, "ask for this service as localhost or 127.0.0.1")
    origin = headers.get("origin")
    if (
        origin is not None
        and scope["method"] not in SAFE_METHODS
        and _host_name(origin) not in names
    ):
        return Problem(403, "pages of other sites may not send to this service")
    return None


def _is_local_address(host: str) -> bool:
    if host == TEST_CLIENT:
        return True
    try:
        address = ip_address(host)
    except (ValueError, AddressValueError):
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _host_name(url: str) -> str | None:
    """The host of a URL in lower case, without its port; None where there is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return None if parts.username is not None or parts.path else parts.hostname
