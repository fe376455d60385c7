"""Modbus TCP server: the PLC is the client, triggers by a coil and reads the result."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pymodbus.constants import ExcCodes
from pymodbus.simulator import DataType, SimData, SimDevice

from filo_core.errors import SourceError
from filo_core.line.plc.access import ModbusAccess, refuse_everywhere
from filo_core.line.plc.connections import BoundedServer
from filo_core.line.plc.panel import Panel
from filo_core.line.plc.register_map import HOLDING_COUNT, INPUT_COUNT, Input
from filo_core.loops import Loop

if TYPE_CHECKING:
    from filo_core.line.plc.handshake import Handshake
    from filo_core.line.triggers.base import Trigger

_READ_COILS, _READ_INPUTS, _READ_INPUT_REGISTERS = 1, 2, 4
_WRITE_COILS = (5, 15)
_HOLDING = (3, 6, 16, 22, 23)
_START_S = 10.0


class ModbusServer:
    """Serves one handshake, on a thread with an event loop of its own.

    Args:
        handshake: holds the state.
        host: anything but loopback belongs on the machine's own network.
        port: 0 is not taken here: a PLC has to know it.
        access: who may reach it, and write to it; None for anybody on this machine.

    Raises:
        SourceError: if every network of the machine would reach it and nobody has said that this is wanted; from
            :meth:`start`, if the port cannot be used.
    """

    def __init__(
        self, handshake: Handshake, host: str = "127.0.0.1", port: int = 5020, access: ModbusAccess | None = None
    ) -> None:
        access = access or ModbusAccess()
        if not access.everywhere:
            refuse_everywhere(host)
        self._handshake = handshake
        self._host, self._port = host, port
        self._access = access
        self._panel = Panel(handshake, self._ask, access.writers)
        self._asking = ThreadPoolExecutor(1, "filo-modbus-ask")
        self._started = threading.Event()
        self._problem = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: BoundedServer | None = None
        self._serving = Loop("filo-modbus", lambda: asyncio.run(self._serve()), "answers the PLC")

    @property
    def problem(self) -> str:
        """Why it does not answer now, as a sentence; empty when all is well."""
        return self._serving.problem

    def start(self) -> None:
        """Listen."""
        # It writes a traceback for every frame it cannot read, whoever sends it.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        self._serving.start()
        if not self._started.wait(_START_S) or self._problem:
            self.stop()
            raise SourceError(
                "Port {port} of {host} cannot be used for Modbus. Choose another.", port=self._port, host=self._host
            )

    def stop(self) -> None:
        """Close the port and every connection."""
        # Where it could not listen the loop ends by itself, and would leave the wish to shut down unheard.
        if self._loop is not None and self._server is not None and not self._problem and self._serving.is_running:
            asyncio.run_coroutine_threadsafe(_shut_down(self._server), self._loop)
        self._serving.stop(_START_S)
        self._asking.shutdown()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        # Of a life before this one.
        self._panel.leave(self._panel.holder)
        device = SimDevice(
            0,
            simdata=(
                [SimData(0, values=[False] * 16, datatype=DataType.BITS)],
                [SimData(0, values=[False] * 16, datatype=DataType.BITS, readonly=True)],
                [SimData(0, values=[0] * HOLDING_COUNT, datatype=DataType.REGISTERS)],
                [SimData(0, values=[0] * INPUT_COUNT, datatype=DataType.REGISTERS, readonly=True)],
            ),
            action=self._on_request,
        )
        self._server = BoundedServer(device, (self._host, self._port), self._panel, self._access.bounds)
        if not await self._server.listen():
            if self._started.is_set():
                raise SourceError(
                    "Port {port} of {host} cannot be used for Modbus any more.", port=self._port, host=self._host
                )
            self._problem = "taken"
            self._started.set()
            return
        self._started.set()
        await self._server.serving

    async def _on_request(
        self,
        function: int,
        _start: int,
        address: int,
        _count: int,
        registers: list[int],
        values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """Before every answer: what is read is brought up to date, what is written is looked at."""
        if function == _READ_INPUT_REGISTERS:
            registers[:] = self._handshake.words()
        elif function == _READ_INPUTS:
            registers[0] = self._handshake.words()[Input.STATUS]
        elif function in _HOLDING:
            if values:
                self._panel.write_holding(address, [int(value) for value in values])
            # What a trigger has used up is not there any more. The block itself holds what is written after this.
            registers[:] = self._panel.holding
        elif function == _READ_COILS:
            registers[0] = self._panel.coils
        elif function in _WRITE_COILS and values:
            self._panel.write_coils(address, [bool(value) for value in values])
        return None

    def _ask(self, trigger: Trigger, job: int) -> None:
        # Accepting is a commit to the disk: other requests are answered meanwhile.
        self._asking.submit(self._handshake.ask, trigger, job)


async def _shut_down(server: Any) -> None:
    await server.shutdown()
