"""What the HTTP trigger answers, and to whom: an ASGI application without any socket."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from filo_core.line.sinks.base import Seal
from filo_core.line.triggers.base import Trigger, TriggerKind
from filo_core.line.triggers.callers import Begun, Callers
from filo_core.line.triggers.token import Tokens, WrongTokens
from filo_core.line.triggers.wish import MOST_BYTES, REPEATS_S, TriggerWish, TriggerWishError, content_of, told, wish_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from filo_core.identity import Identity
    from filo_core.line.results import LineResult
    from filo_core.line.triggers.base import StationState, Ticket

logger = logging.getLogger(__name__)

_BODY_S = 1.0
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::[0-9]{1,5})?")
_JSON = "application/json"


class Entrance(Protocol):
    """The connection of a request."""

    def enter(self) -> bool:
        """The token was right: whether there is a place inside."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """Who is answered, and how.

    Attributes:
        station: answers the triggers.
        tokens: of the callers that are let in.
        hosts: names under which it may be addressed, in lower letters; any other is that of somebody else's web page.
        deadline_s: longest time from a trigger to its answer; a repetition of an older verdict reads as NG.
        longest_wait_s: for an answer, before the connection is cut.
        asking: runs what waits for the disk.
        callers: who began which id.
        wrong: what is known of wrong tokens.
        seal: goes out with every verdict and state, as it is now; asks the disk.
        own_fields: what the customer calls the fields of their own.
    """

    station: StationState
    tokens: Tokens
    hosts: frozenset[str]
    deadline_s: float
    longest_wait_s: float
    asking: Executor
    callers: Callers = field(default_factory=lambda: Callers(REPEATS_S))
    wrong: WrongTokens = field(default_factory=WrongTokens)
    seal: Callable[[], Seal] = Seal
    own_fields: tuple[str, ...] = ()


class _RefusedError(Exception):
    """A request is not answered with what it asked for; becomes a sentence that reads as NG."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


def make_app(rules: Rules) -> ASGIApp:
    """The application."""
    answers = _Answers(rules)
    routes = [
        Route("/state", answers.state, methods=["GET"]),
        Route("/trigger", answers.trigger, methods=["POST"]),
    ]
    handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = {
        HTTPException: _on_no_route,
        ClientDisconnect: _on_no_route,
        _RefusedError: _on_refusal,
        Exception: _on_failure,
    }
    return _Guard(Starlette(routes=routes, exception_handlers=handlers), rules)


class _Guard:
    """Lets in requests with the right token that no web page has sent."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            self._look_for_a_browser(request)
            scope["caller"] = await self._caller(request)
            entrance: Entrance | None = scope.get("state", {}).get("door")
            if entrance is not None and not entrance.enter():
                raise _RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "Too many requests at a time. Wait for an answer.")
        except _RefusedError as error:
            await _refusal(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _look_for_a_browser(self, request: Request) -> None:
        """A page in a browser on this machine reaches loopback as well: by its address, or by a name of its own."""
        matched = _HOST.fullmatch(request.headers.get("host", "").lower())
        if matched is None or matched[1] not in self._rules.hosts:
            raise _RefusedError(
                HTTPStatus.BAD_REQUEST, "Nothing is answered under this name. Add it to FILO_LINE_HOSTS if it is right."
            )
        if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") != "none":
            raise _RefusedError(HTTPStatus.FORBIDDEN, "Web pages are not answered.")

    async def _caller(self, request: Request) -> str:
        """Who asks: the token and the address together, as several may have been given the same token."""
        address = request.client.host if request.client else ""
        whose = self._rules.tokens.whose(request.headers.get("authorization", ""))
        if not whose:
            await asyncio.sleep(self._rules.wrong.note(address))
            raise _RefusedError(HTTPStatus.UNAUTHORIZED, "The token is missing or wrong.")
        return f"{whose} {address}"


class _Answers:
    """Answers those who were let in."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    async def state(self, _: Request) -> Response:
        station = self._rules.station
        state = {"ready": not station.problem, "busy": station.is_busy, "heartbeat": station.heartbeat}
        return _answer(HTTPStatus.OK, state | {"problem": station.problem} | await self._seal())

    async def trigger(self, request: Request) -> Response:
        asked_at = datetime.now(UTC)
        wish = _wish(await _body(request), self._rules.own_fields)
        trigger_id, identity = wish.trigger_id, wish.identity
        if wish.is_wanted_again and self._rules.callers.known(trigger_id) is None:
            # The trigger never came here. Whatever lies there now may be another part.
            raise _RefusedError(HTTPStatus.NOT_FOUND, f"No part was judged under the id {trigger_id} since the start.")
        begun, is_first = self._rules.callers.begin(trigger_id, request.scope["caller"])
        if begun.caller != request.scope["caller"]:
            raise _RefusedError(
                HTTPStatus.CONFLICT, f"The id {trigger_id} was begun by another caller. Use ids of your own."
            )
        ticket, result = await self._ask(trigger_id, begun, identity)
        if result is None:
            raise _RefusedError(HTTPStatus.GATEWAY_TIMEOUT, "The line did not answer.")
        if not result.identity.includes(identity):
            raise _RefusedError(
                HTTPStatus.CONFLICT,
                f"The id {trigger_id} was begun for another part. Ask with a new id for a new part.",
            )
        is_known = not is_first
        is_repeat = is_known or ticket.is_repeat or result.decided_at < asked_at
        said = told(
            result,
            age_s=max(self._rules.callers.age_s(begun), (datetime.now(UTC) - result.decided_at).total_seconds()),
            deadline_s=self._rules.deadline_s,
            is_repeat=is_repeat,
            is_known=is_known,
            is_wanted_again=wish.is_wanted_again,
        )
        return _answer(HTTPStatus.OK, said | await self._seal())

    async def _seal(self) -> dict[str, str]:
        """As in a message of an output; other requests are answered meanwhile."""
        loop = asyncio.get_running_loop()
        return (await loop.run_in_executor(self._rules.asking, self._rules.seal)).fields

    async def _ask(self, trigger_id: str, begun: Begun, identity: Identity) -> tuple[Ticket, LineResult | None]:
        loop = asyncio.get_running_loop()
        answered = asyncio.Event()

        def on_answer(_: LineResult) -> None:
            # On the station's thread, whether or not anybody still waits here.
            self._rules.callers.note_answer(begun)
            if not loop.is_closed():
                loop.call_soon_threadsafe(answered.set)

        trigger = Trigger(f"http-{trigger_id}", TriggerKind.HTTP, repeats_within_s=REPEATS_S, identity=identity)
        # Accepting is a commit to the disk: other requests are answered meanwhile.
        ticket = await loop.run_in_executor(self._rules.asking, self._rules.station.ask, trigger)
        ticket.on_answer(on_answer)
        try:
            await asyncio.wait_for(answered.wait(), self._rules.longest_wait_s)
        except TimeoutError:
            return ticket, None
        return ticket, ticket.result


async def _body(request: Request) -> bytes:
    """The body of a request that says it is JSON, read as far as it may go."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send {_JSON}.")
    too_long = _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {MOST_BYTES} bytes are read.")
    length = request.headers.get("content-length", "0")
    # More digits than that are not worth counting.
    if len(length) > 6 or int(length) > MOST_BYTES:
        raise too_long
    body = b""
    try:
        async with asyncio.timeout(_BODY_S):
            async for piece in request.stream():
                body += piece
                if len(body) > MOST_BYTES:
                    raise too_long
    except TimeoutError:
        raise _RefusedError(HTTPStatus.REQUEST_TIMEOUT, "The request did not come to its end.") from None
    return body


def _wish(body: bytes, own_fields: tuple[str, ...]) -> TriggerWish:
    """What a body wants."""
    try:
        return wish_of(content_of(body), own_fields)
    except TriggerWishError as error:
        raise _RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from None


def names_of(hosts: Iterable[str]) -> frozenset[str]:
    """Names as they stand in a ``Host`` header: in lower letters, an IPv6 address in brackets."""
    return frozenset(
        f"[{name}]" if ":" in name and not name.startswith("[") else name for name in map(str.lower, hosts)
    )


async def _on_no_route(_: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.BAD_REQUEST
    return _refusal(_RefusedError(status, "There is nothing here. Get /state, or post to /trigger."))


async def _on_refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, _RefusedError)
    return _refusal(error)


async def _on_failure(_: Request, error: Exception) -> Response:
    logger.error("the HTTP trigger failed", exc_info=error)
    return _refusal(_RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, "The HTTP trigger failed. The log says how."))


def _refusal(error: _RefusedError) -> Response:
    answer = _answer(error.status, {"error": error.sentence, "reads_as": "NG"})
    if error.status is HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _answer(status: HTTPStatus, content: dict[str, Any]) -> Response:
    headers = {"Connection": "close", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(json.dumps(content), status, headers, _JSON)
