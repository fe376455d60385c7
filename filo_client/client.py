"""Calls the service, and says what it said as types."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx2 as httpx

from filo_client.shapes import Answer, Event, Inspection, Line, Page, Part, Product, ServiceError, made

_PREFIX = "/api/v1"
_NOBODY = Part()
_STREAM_S = 30.0
"""A stream says something every ten seconds."""


class Client:
    """One service. Safe to use from several threads.

    Args:
        address: such as ``http://127.0.0.1:8470``.
        token: of ``main.py service token make``.
        timeout_s: longest wait for an answer.
        ca_file: certificate authority of an ``https://`` address, where the system does not know it.
    """

    def __init__(self, address: str, token: str, timeout_s: float = 30.0, ca_file: str | Path | None = None) -> None:
        import ssl

        verify: ssl.SSLContext | bool = True if ca_file is None else ssl.create_default_context(cafile=str(ca_file))
        self._http = httpx.Client(
            base_url=address.rstrip("/"),
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout_s,
            verify=verify,
            # A proxy of the environment is not meant for a machine of the plant.
            trust_env=False,
        )

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def products(self) -> tuple[Product, ...]:
        """Every product."""
        return tuple(made(Product, one) for one in self._asked("GET", "/products").json()["products"])

    def lines(self) -> tuple[Line, ...]:
        """Every line, as it is now."""
        return tuple(made(Line, one) for one in self._asked("GET", "/lines").json()["lines"])

    def line(self, name: str) -> Line:
        """One line, as it is now."""
        return made(Line, self._asked("GET", f"/lines/{quote(name, safe='')}").json())

    def start(self, line: str) -> Line:
        """Have a line run; it is running once its state says so."""
        return made(Line, self._asked("POST", f"/lines/{quote(line, safe='')}/start").json())

    def stop(self, line: str) -> Line:
        """Have a line stand still."""
        return made(Line, self._asked("POST", f"/lines/{quote(line, safe='')}/stop").json())

    def change_product(self, line: str, product: str) -> Line:
        """Have a line inspect another product, or the same one under its newest recipe."""
        path = f"/lines/{quote(line, safe='')}/product"
        return made(Line, self._asked("PUT", path, json={"product": product}).json())

    def inspect(self, line: str, picture: bytes, part: Part = _NOBODY, *, id: str = "", name: str = "") -> Answer:  # noqa: A002
        """Have a picture judged.

        Args:
            line: that judges it.
            picture: the bytes of its file.
            part: which part it is.
            id: yours; asked again with the same, the service answers as before and judges nothing twice.
            name: what the picture is called in the record.
        """
        said = part.said | ({"id": id} if id else {}) | ({"name": name} if name else {})
        headers = {"Content-Type": "application/octet-stream"}
        path = f"/lines/{quote(line, safe='')}/inspections"
        return made(Answer, self._asked("POST", path, params=said, content=picture, headers=headers).json())

    def trigger(self, line: str, id: str, part: Part = _NOBODY) -> Answer:  # noqa: A002
        """Have the part judged that lies at the line's camera."""
        path = f"/lines/{quote(line, safe='')}/trigger"
        return made(Answer, self._asked("POST", path, json={"id": id} | part.said).json())

    def inspections(
        self,
        *,
        product: str = "",
        verdicts: Sequence[str] = (),
        line: str = "",
        part: Part = _NOBODY,
        since: datetime | None = None,
        until: datetime | None = None,
        cursor: int | None = None,
        limit: int = 50,
    ) -> Page:
        """A page of verdicts, the newest first; see :meth:`all_inspections` for every page."""
        asked = {"product": product, "line": line, "verdict": list(verdicts), "cursor": cursor}
        moments = {"since": since, "until": until}
        said: dict[str, Any] = dict(part.said) | {"limit": limit}
        said |= {key: value for key, value in asked.items() if value}
        said |= {key: moment.isoformat() for key, moment in moments.items() if moment is not None}
        content = self._asked("GET", "/inspections", params=said).json()
        found = tuple(made(Inspection, one) for one in content["inspections"])
        return Page(found, content["next_cursor"])

    def all_inspections(self, **wanted: Any) -> Iterator[Inspection]:
        """Every inspection that is wanted, page by page; arguments as of :meth:`inspections`."""
        cursor: int | None = None
        while True:
            page = self.inspections(**wanted, cursor=cursor)
            yield from page.inspections
            cursor = page.next_cursor
            if cursor is None:
                return

    def inspection(self, number: int) -> Inspection:
        """One inspection."""
        return made(Inspection, self._asked("GET", f"/inspections/{number}").json())

    def picture(self, number: int) -> bytes:
        """The file of its picture, as it came."""
        return self._asked("GET", f"/inspections/{number}/picture").content

    def heat_map(self, number: int) -> bytes:
        """Its heat map over the picture, as PNG."""
        return self._asked("GET", f"/inspections/{number}/heatmap").content

    def events(self, *, product: str = "", line: str = "", after: int | None = None) -> Iterator[Event]:
        """What happens, as it happens, until the service ends the stream, or the loop is left.

        Args:
            product: of this one alone.
            line: of this one alone.
            after: go on after this inspection; now when not given.

        Raises:
            ServiceError: if the service refuses, or the connection breaks.
        """
        said = {key: value for key, value in (("product", product), ("line", line)) if value}
        headers = {} if after is None else {"Last-Event-ID": str(after)}
        try:
            with self._http.stream(
                "GET", f"{_PREFIX}/events", params=said, headers=headers, timeout=_STREAM_S
            ) as response:
                if response.is_error:
                    response.read()
                    raise _error(response)
                yield from _events(response.iter_lines())
        except httpx.HTTPError as error:
            raise ServiceError(0, f"The service cannot be reached: {error}", 1.0) from error

    def is_ready(self) -> bool:
        """Whether every line that is to run would give a verdict now; False as well where the service is away."""
        try:
            return self._http.get("/health").status_code == 200
        except httpx.HTTPError:
            return False

    def _asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            response = self._http.request(method, f"{_PREFIX}{path}", **more)
        except httpx.HTTPError as error:
            raise ServiceError(0, f"The service cannot be reached: {error}", 1.0) from error
        if response.is_error:
            raise _error(response)
        return response


def _error(response: httpx.Response) -> ServiceError:
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = response.reason_phrase
    after = response.headers.get("Retry-After", "")
    return ServiceError(response.status_code, detail, float(after) if after.isdigit() else None)


def _events(lines: Iterator[str]) -> Iterator[Event]:
    kind, number, data = "", None, ""
    for line in lines:
        if not line:
            if kind in {"inspection", "line"} and data:
                content = json.loads(data)
                yield Event(kind, number, made(Inspection, content) if kind == "inspection" else made(Line, content))
            kind, number, data = "", None, ""
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "event":
                kind = value
            case "id":
                number = int(value)
            case "data":
                data += value
