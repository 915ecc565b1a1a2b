"""Bodies as they stream in: capped in size and time."""

import asyncio

from fastapi import Request
from starlette.exceptions import HTTPException

MAX_BODY_BYTES = 1024 * 1024
BODY_SECONDS = 20.0


async def read_body(request: Request) -> bytes:
    """The raw body; 413 as soon as it is longer than 1 MiB, 408 when it takes over 20 seconds."""
    chunks = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                chunks += chunk
                if len(chunks) > MAX_BODY_BYTES:
                    raise HTTPException(413, f"the body is longer than {MAX_BODY_BYTES:,} bytes")
    except TimeoutError:
        raise HTTPException(408, f"the body took over {BODY_SECONDS:.0f} seconds") from None
    return bytes(chunks)
