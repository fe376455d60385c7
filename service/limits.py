"""How much one caller may ask, and how large a request may be."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from service.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_JSON_BYTES = 64 << 10
"""Of every request but a posted picture."""
USUAL_RATE = 50.0
"""Requests a second of one token."""


@dataclass(slots=True)
class _Bucket:
    left: float
    filled_at: float


class RateLimit:
    """A bucket of requests for each token, which fills at a rate and holds twice that. Safe from several threads.

    Args:
        per_s: requests a second in the long run.
        clock: in seconds.
    """

    def __init__(self, per_s: float = USUAL_RATE, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._most = max(1.0, 2.0 * per_s)
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def take(self, name: str) -> int:
        """Ask for one request: 0 where it may be, else after how many whole seconds it may."""
        now = self._clock()
        with self._lock:
            bucket = self._buckets.setdefault(name, _Bucket(self._most, now))
            bucket.left = min(self._most, bucket.left + (now - bucket.filled_at) * self._per_s)
            bucket.filled_at = now
            if bucket.left >= 1.0:
                bucket.left -= 1.0
                return 0
            return max(1, math.ceil((1.0 - bucket.left) / self._per_s))


class BodyLimit:
    """Refuses bodies that are too large before anything reads them; that of a picture is counted by who reads it.

    Args:
        app: what is asked.
        is_picture: whether a request is allowed more, by its method and path.
    """

    def __init__(self, app: ASGIApp, is_picture: Callable[[str, str], bool]) -> None:
        self._app = app
        self._is_picture = is_picture

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or self._is_picture(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or len(length) > 9 or int(length) > MOST_JSON_BYTES:
            answer = problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {MOST_JSON_BYTES} bytes are read.")
            await answer(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MOST_JSON_BYTES:
                # What follows is not read: the request ends here as one that is cut off.
                return {"type": "http.disconnect"}
            return message

        await self._app(scope, counted, send)
