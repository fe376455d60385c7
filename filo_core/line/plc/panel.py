"""What PLCs write: two coils, a job id and which part it is, by one client at a time; without any network."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING

from filo_core.errors import IdentityError
from filo_core.line.plc.access import Network, is_within
from filo_core.line.plc.register_map import HOLDING_COUNT, Coil, Holding, identity_in, without_identity

if TYPE_CHECKING:
    from filo_core.identity import Identity
    from filo_core.line.plc.handshake import Handshake
    from filo_core.line.triggers.base import Trigger


class Panel:
    """The coils and the job id of one handshake, and who may write them.

    The first client that writes holds the right to until it leaves; others read. Its coils fall when it leaves, so
    that the next client's coil is a rising edge even where the one before went without lowering it.

    Args:
        handshake: told of every rising edge.
        ask: passes a trigger on to the station; never waits.
        writers: networks whose clients may write; every client may where there are none.
    """

    def __init__(
        self, handshake: Handshake, ask: Callable[[Trigger, int], None], writers: Iterable[Network] = ()
    ) -> None:
        self._handshake = handshake
        self._ask = ask
        self._writers = tuple(writers)
        self._holder: Hashable | None = None
        self.coils = 0
        """As bits."""
        self.holding = [0] * HOLDING_COUNT

    @property
    def holder(self) -> Hashable | None:
        """The client that holds the right to write."""
        return self._holder

    @property
    def job(self) -> int:
        """The job id in the holding registers."""
        return self.holding[Holding.JOB_HIGH] << 16 | self.holding[Holding.JOB_LOW]

    def is_listed(self, address: str) -> bool:
        """Whether a client at this address may write at all."""
        return not self._writers or is_within(address, self._writers)

    def may_write(self, client: Hashable, address: str) -> bool:
        """Whether ``client`` may write now; the first that may, holds the right from then on."""
        if not self.is_listed(address):
            return False
        if self._holder is None:
            self._holder = client
        return self._holder == client

    def leave(self, client: Hashable) -> None:
        """A client is gone."""
        if self._holder == client:
            self._holder = None
            self.coils = 0

    def write_holding(self, first: int, values: Iterable[int]) -> None:
        """Holding registers from ``first`` on were written: job id and part of the next trigger."""
        for number, value in enumerate(values, start=first):
            self.holding[number] = value
        self._handshake.name_job(self.job)

    def write_coils(self, first: int, values: Iterable[bool]) -> None:
        """Coils from ``first`` on were written; each counts at its rising edge, the acknowledgement first."""
        before = self.coils
        for number, value in enumerate(values, start=first):
            self.coils = self.coils | 1 << number if value else self.coils & ~(1 << number)
        risen = self.coils & ~before
        if risen & 1 << Coil.ACKNOWLEDGE:
            self._handshake.acknowledge()
        if risen & 1 << Coil.TRIGGER:
            identity = self._identity()
            trigger = self._handshake.begin(self.job, identity)
            if identity is not None:
                # Whatever came of it: the next part is another one. What cannot be read stays, or a repeated trigger
                # would be one of a part without a name: the PLC writes it anew, or clears it.
                without_identity(self.holding)
            if trigger is not None:
                self._ask(trigger, self.job)

    def _identity(self) -> Identity | None:
        try:
            return identity_in(self.holding)
        except IdentityError:
            return None
