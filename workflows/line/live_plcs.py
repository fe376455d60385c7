"""The PLCs that read along with continuous live inspection in the window."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from filo_core.line.results import result_of
from filo_core.line.sources.base import SourceState
from workflows.line.triggered import DEADLINE_S
from workflows.line.triggers import plc_server

if TYPE_CHECKING:
    from filo_core.line.announcer import Reader
    from filo_core.line.live import LiveInspection
    from filo_core.types import Inspection
    from workflows.line.doors import Doors
    from workflows.settings.output_address import Output

_BEATS_PER_S = 50


class LivePlcs:
    """Shows every kept verdict to the PLCs of the outputs. None of them may ask: the camera's pace decides.

    Args:
        live: what is inspected.
        servers: among the outputs.
        doors: how they may be reached.
    """

    def __init__(self, live: LiveInspection[Any], servers: Sequence[Output], doors: Doors) -> None:
        self._live = live
        self._outputs = servers
        self._doors = doors
        self._readers: list[Reader] = []
        self._servers = ExitStack()
        self._has_judged = False

    @property
    def heartbeat(self) -> int:
        """Goes on while live inspection runs. Where that hangs, what was published is taken back by its age."""
        return int(time.monotonic() * _BEATS_PER_S) if self._live.is_running else 0

    @property
    def problem(self) -> str:
        """Why a part would get no verdict now, as a sentence; empty when it would."""
        source = self._live.source
        if source.state is SourceState.LOST:
            return source.problem
        return self._live.problem or ("" if self._has_judged else "Nothing has been judged since the start.")

    def start(self) -> None:
        """Listen.

        Raises:
            SourceError: if a port is wrong or taken; none is listened on then.
        """
        self._has_judged = False
        self._readers.clear()
        with ExitStack() as undo:
            for output in self._outputs:
                reader, server = plc_server(output, self, self._live.recipe_version.recipe, self._doors)
                server.start()
                undo.callback(server.stop)
                self._readers.append(reader)
            self._servers = undo.pop_all()

    def stop(self) -> None:
        """Close the ports: a PLC whose connection is gone has no verdict."""
        self._readers.clear()
        self._servers.close()

    def publish(self, inspection: Inspection, age_s: float) -> None:
        """Show a verdict that was kept; an OK for a picture that is older than a line's deadline is counted only.

        Args:
            inspection: with its verdict.
            age_s: of its picture now, in seconds.
        """
        result = result_of(inspection, inspection.name, self._live.recipe_version.recipe.product, age_s * 1000.0)
        self._has_judged = True
        for reader in tuple(self._readers):
            reader.publish(result, is_current=not result.passes or age_s <= DEADLINE_S)

    def withdraw(self) -> None:
        """A picture was judged or kept in vain: the verdict before says nothing of it."""
        for reader in tuple(self._readers):
            reader.withdraw()
