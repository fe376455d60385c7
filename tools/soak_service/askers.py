"""Who asks for parts: a cell by HTTP, an OPC UA client and an MQTT program of others. Each asks until it is answered.

A part keeps its id however often it is asked for, which is what makes asking again safe.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
from asyncua import ua
from asyncua.client.client import Client as UaClient
from asyncua.ua.uaerrors import UaError
from paho.mqtt.enums import CallbackAPIVersion

from filo_client import Client, Part, ServiceError
from tools.service_rig import picture
from tools.soak_line.findings import wait_for
from tools.soak_service.site import CALLED, PATIENCE_S, POSTED, TOLD

if TYPE_CHECKING:
    from tools.soak_service.site import Site

_AGAIN_S = 0.05
_AT_ONCE = 4
_LOT = "L1"
_CALL_S = 20.0
_HEARD_S = 2.0
"""So long an answer over MQTT is waited for before the part is told again."""


@dataclass(frozen=True, slots=True)
class Said:
    """The answer to one part."""

    line: str
    asked_for: str
    """The serial that was asked for."""
    serial: str
    """Of the answer."""
    verdict: str
    reads_as: str
    repeated: bool
    inspection_id: int | None = None
    """Where the way of asking tells it."""


Take = Callable[[Said], None]


def serial_of(line: str, number: int) -> str:
    """Of the part that is asked for as this number, from 1."""
    return f"{line}-{number}"


def _said(line: str, number: int, content: dict[str, Any]) -> Said:
    return Said(
        line,
        serial_of(line, number),
        str(content.get("serial", "")),
        str(content["verdict"]),
        str(content["reads_as"]),
        repeated=bool(content["repeated"]),
    )


def post_all(site: Site, parts: int, take: Take) -> None:
    """The cell posts a picture of each part, four at a time."""
    with Client(site.address, site.cell, timeout_s=PATIENCE_S) as client, ThreadPoolExecutor(_AT_ONCE) as pool:
        for one in [pool.submit(_post, site, client, number, take) for number in range(1, parts + 1)]:
            one.result()


def _post(site: Site, client: Client, number: int, take: Take) -> None:
    until, serial = time.monotonic() + PATIENCE_S, serial_of(POSTED, number)
    while True:
        try:
            told = client.inspect(POSTED, picture(number), Part(serial=serial, lot=_LOT), id=f"{number}")
            break
        except ServiceError as error:
            if error.retry_after_s is None or site.over.is_set() or time.monotonic() > until:
                raise
            threading.Event().wait(_AGAIN_S)
    take(Said(POSTED, serial, told.part.serial, told.verdict, told.reads_as, told.repeated, told.inspection_id))


def call_all(site: Site, parts: int, take: Take) -> None:
    """An OPC UA client calls ``Inspect`` for one part after the other, and connects anew whenever it must."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    asyncio.run(_call_all(site, parts, take))


async def _call_all(site: Site, parts: int, take: Take) -> None:
    client: _UaCaller | None = None
    url = f"opc.tcp://127.0.0.1:{site.called_port}/filo"
    for number in range(1, parts + 1):
        until = time.monotonic() + PATIENCE_S
        while True:
            if site.over.is_set() or time.monotonic() > until:
                raise AssertionError(f"{serial_of(CALLED, number)} gets no answer")
            try:
                if client is None:
                    client = await _UaCaller.connected(url)
                content = await client.inspect(number)
            except (UaError, OSError, TimeoutError):
                # The service is gone, or not there yet.
                if client is not None:
                    await client.leave()
                client = None
                await asyncio.sleep(_AGAIN_S)
                continue
            if "verdict" in content:
                take(_said(CALLED, number, content))
                break
            await asyncio.sleep(_AGAIN_S)
    if client is not None:
        await client.leave()


class _UaCaller:
    def __init__(self, client: UaClient, system: Any, index: int) -> None:
        self._client, self._system, self._index = client, system, index

    @classmethod
    async def connected(cls, url: str) -> _UaCaller:
        client = UaClient(url, timeout=_CALL_S)
        try:
            await asyncio.wait_for(client.connect(auto_reconnect=False), _CALL_S)
            index = await client.get_namespace_index("urn:filo-inspector:line")
            return cls(client, await client.nodes.objects.get_child(f"{index}:VisionSystem"), index)
        except ValueError as error:
            # Its address space is not whole yet.
            await _left(client)
            raise ConnectionError(str(error)) from error
        except BaseException:
            await _left(client)
            raise

    async def inspect(self, number: int) -> dict[str, Any]:
        said = (f"{number}", serial_of(CALLED, number), _LOT, "", "", "", "")
        given = [ua.Variant(one, ua.VariantType.String) for one in said]
        told = await asyncio.wait_for(self._system.call_method(f"{self._index}:Inspect", *given), _CALL_S)
        content: dict[str, Any] = json.loads(told[5])
        return content

    async def leave(self) -> None:
        await _left(self._client)


async def _left(client: UaClient) -> None:
    with suppress(Exception):
        await asyncio.wait_for(client.disconnect(), 2.0)


class Teller:
    """A program of others that tells a line of its parts by MQTT, and hears the answers.

    Attributes:
        again: messages that the broker handed on a second time, as QoS 1 may: the same, letter by letter.
    """

    def __init__(self, site: Site) -> None:
        self.again = 0
        self._firsts: defaultdict[str, set[bytes]] = defaultdict(set)
        self._verdicts: defaultdict[str, set[str]] = defaultdict(set)
        self._heard: dict[str, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self._over = site.over
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="teller", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("ask/answer", qos=1)
        self._client.on_message = lambda _client, _data, message: self._hear(bytes(message.payload))
        wait_for(lambda: self._connects(site.broker.port), PATIENCE_S)
        self._client.loop_start()

    def close(self) -> None:
        """Listen no more."""
        self._client.disconnect()
        self._client.loop_stop()

    def tell_all(self, parts: int, take: Take) -> None:
        """One part after the other, each until it is answered."""
        for number in range(1, parts + 1):
            until, name = time.monotonic() + PATIENCE_S, f"{number}"
            body = json.dumps({"id": name, "serial": serial_of(TOLD, number), "lot": _LOT})
            while True:
                if self._over.is_set() or time.monotonic() > until:
                    raise AssertionError(f"{serial_of(TOLD, number)} gets no answer")
                self._client.publish("ask", body, qos=1)
                with self._changed:
                    if self._changed.wait_for(lambda name=name: name in self._heard, _HEARD_S):  # type: ignore[misc]
                        content = self._heard[name]
                        break
            take(_said(TOLD, number, content))

    @property
    def faults(self) -> list[str]:
        """Parts that were answered anew for a second time, or otherwise than before."""
        odd = [name for name, bodies in self._firsts.items() if len(bodies) > 1]
        odd += [name for name, verdicts in self._verdicts.items() if len(verdicts) > 1]
        return [f"{serial_of(TOLD, int(name))} was answered by MQTT as two parts" for name in odd]

    def _hear(self, body: bytes) -> None:
        content: dict[str, Any] = json.loads(body)
        if "verdict" not in content:
            # Refused: the line is starting or stopping. It is asked again.
            return
        with self._changed:
            if not content["repeated"]:
                self.again += body in self._firsts[content["id"]]
                self._firsts[content["id"]].add(body)
            self._verdicts[content["id"]].add(content["verdict"])
            self._heard.setdefault(content["id"], content)
            self._changed.notify_all()

    def _connects(self, port: int) -> bool:
        try:
            self._client.connect("127.0.0.1", port)
        except OSError:
            return False
        return True
