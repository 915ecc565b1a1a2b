"""HEAD wherever GET is served: load balancers and link checkers ask so.

A request by HEAD is answered as one by GET, so that status and headers are the same, and what would
be its body is left out. Nothing below knows of it.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Answers a HEAD request as the GET request without its body; names HEAD where GET is named."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                _name_head(MutableHeaders(scope=message))
            if is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app({**scope, "method": "GET"} if is_head else scope, receive, send_head)


def _name_head(headers: MutableHeaders) -> None:
    """The methods that are allowed, where a 405 names them, with HEAD beside GET."""
    allowed = [method.strip() for method in headers.get("allow", "").split(",")]
    if "GET" in allowed and "HEAD" not in allowed:
        headers["allow"] = ", ".join([*allowed, "HEAD"])
