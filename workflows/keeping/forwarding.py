"""A station's record forwarded to its plant's database, whenever that can be reached.

The station's audit chain is the outbox, and how far it was forwarded stands in the plant's database, written in the
transaction that takes the rows in. So nothing comes twice and nothing is left out, whatever dies at whatever moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from filo_core.errors import FiloError, ProductError, StorageError
from filo_core.loops import Loop
from storage.columns import LONGEST_NAME
from storage.engine import BrokenRuleError, parse_url
from storage.repositories.arrivals import ChainHead
from storage.repositories.outbox import OutgoingBatch
from storage.storage import Storage, Transaction, open_storage
from workflows.keeping.allowed import untold_plant
from workflows.people.rights import free
from workflows.settings.secret_store import PLANT, SecretStore

if TYPE_CHECKING:
    from workflows.settings.settings import Settings

BATCH = 200
LOOK_EVERY_S = 5.0
LONGEST_WAIT_S = 60.0
_ATTEMPTS = 5
"""Tries of a batch that a station working on the plant's database itself got in the way of."""

logger = structlog.get_logger("forwarding")


class ForwardingError(StorageError):
    """What is in the plant's database under this station's name does not come from this record."""


@dataclass(frozen=True, slots=True)
class ForwardingState:
    """How forwarding is doing. ``problem`` is empty while the plant answers."""

    forwarded: int = 0
    problem: str = ""


class Forwarder:
    """Forwards one station's record.

    Args:
        storage: the station's.
        station: its name, which no other station of the plant has.
        plant_url: SQLAlchemy URL of the plant's database.
        images: the plant's image folder, where images are copied before their rows; None keeps them on the station.
        scratch: a folder of this station's own; used in place of ``images``.
        batch: rows a transaction.
        on_batch: told how many rows were forwarded, after each transaction.
        refusal: why nothing may be forwarded, asked before each attempt; empty where it may.

    Raises:
        ForwardingError: if the station has no name of use.
        StorageError: if the plant's address is none.
    """

    def __init__(
        self,
        storage: Storage,
        station: str,
        plant_url: str,
        *,
        scratch: Path,
        images: Path | None = None,
        batch: int = BATCH,
        on_batch: Callable[[int], None] | None = None,
        refusal: Callable[[], str] = str,
    ) -> None:
        if not 0 < len(station) <= LONGEST_NAME:
            raise ForwardingError(
                "This station needs a name of at most {longest_name} characters to forward. Set FILO_STATION.",
                longest_name=LONGEST_NAME,
            )
        parse_url(plant_url)
        self._storage = storage
        self._station = station
        self._plant_url = plant_url
        self._with_images = images is not None
        self._folder = images or scratch
        self._batch = batch
        self._on_batch = on_batch
        self._refusal = refusal
        self._state = ForwardingState()
        self._loop = Loop("filo-forwarder", self._run, "forwards the record")

    @property
    def plant_url(self) -> str:
        """Where it forwards to."""
        return self._plant_url

    @property
    def state(self) -> ForwardingState:
        """How it is doing since the start."""
        return self._state

    @free("goes only where somebody who may has said, whom allow_plant asks")
    def forward(self) -> int:
        """Forward everything that is not in the plant's database yet; back comes how many rows.

        Raises:
            ForwardingError: if another record has forwarded under this station's name, or nobody who may has named
                the plant.
            StorageError: if either database cannot be used; what was forwarded until then stays so.
        """
        if refused := self._refusal():
            raise ForwardingError(refused)
        count = 0
        with open_storage(self._plant_url, self._folder) as plant:
            after = 0
            while not self._loop.must_stop():
                done, after = self._one_batch(plant, after)
                if not after:
                    break
                count += done
                self._state = ForwardingState(self._state.forwarded + done)
                if self._on_batch is not None:
                    self._on_batch(done)
        return count

    def start(self) -> None:
        """Forward from now on, on a thread of its own; no effect while it runs."""
        self._loop.start()

    def stop(self) -> None:
        """Stop after the batch in work; no effect when it does not run."""
        self._loop.stop()

    def _run(self) -> None:
        wait = LOOK_EVERY_S
        while not self._loop.must_stop():
            try:
                self.forward()
                wait = LOOK_EVERY_S
            except FiloError as error:
                if self._state.problem != str(error):
                    logger.warning("not forwarded", reason=str(error))
                self._state = replace(self._state, problem=str(error))
                wait = min(LONGEST_WAIT_S, 2 * wait)
            else:
                self._state = replace(self._state, problem="")
            self._loop.pause(wait)

    def _one_batch(self, plant: Storage, after: int) -> tuple[int, int]:
        """Rows forwarded, and the entry to go on behind; 0 at the end of the chain."""
        for attempt in range(_ATTEMPTS):
            try:
                if self._with_images:
                    # Not in the transaction: a shared folder is slow, and every other station would wait for it.
                    with plant.reading() as transaction:
                        ahead = self._next(transaction, after)
                    self._copy_images(plant, ahead)
                with plant.transaction() as transaction:
                    batch = self._next(transaction, after)
                    if self._with_images:
                        # Another program of this station may have come further meanwhile; mostly all is there.
                        self._copy_images(plant, batch)
                    transaction.arrivals.take(self._station, batch.rows)
                return len(batch.rows), batch.last
            except (BrokenRuleError, ProductError):
                # The same image was judged, or the same product made, on the plant's database itself at this moment.
                if attempt + 1 == _ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _next(self, transaction: Transaction, after: int) -> OutgoingBatch:
        mark = transaction.arrivals.mark(self._station)
        with self._storage.reading() as own:
            if mark is not None and own.outbox.entry_hash(mark.sequence) != mark.entry_hash:
                raise self._foreign(mark)
            return own.outbox.after(max(after, mark.sequence if mark else 0), self._batch)

    def _copy_images(self, plant: Storage, batch: OutgoingBatch) -> None:
        for row in batch.rows:
            for content_hash in (row.values.get("image_hash"), row.values.get("map_hash")):
                if content_hash and not plant.artefacts.path_of(content_hash).exists():
                    # Removed by the retention rules here; the row goes on without it.
                    with suppress(StorageError):
                        plant.artefacts.put_bytes(self._storage.artefacts.get_bytes(content_hash), content_hash)

    def _foreign(self, mark: ChainHead) -> ForwardingError:
        return ForwardingError(
            "The plant's database has rows of a station {station} up to entry {sequence} that are not "
            "from this record. Give this station another name, or restore its newest backup.",
            station=self._station,
            sequence=mark.sequence,
        )


@contextmanager
def forwarding(settings: Settings, storage: Storage) -> Iterator[None]:
    """Forward on a thread of its own while the block runs, where the settings name a plant.

    Raises:
        ForwardingError: as :func:`forwarder_of`.
    """
    forwarder = forwarder_of(settings, storage)
    if forwarder is not None:
        forwarder.start()
    try:
        yield
    finally:
        if forwarder is not None:
            forwarder.stop()


def forwarder_of(settings: Settings, storage: Storage, plant_url: str = "") -> Forwarder | None:
    """The forwarder that the settings ask for; None where they name no plant.

    Raises:
        ForwardingError: if the station has no name, or the plant's database is its own.
        StorageError: if the plant's address is none.
    """
    url = SecretStore(settings.home).filled(plant_url, PLANT) if plant_url else settings.plant_url
    if not url:
        return None
    if parse_url(url) == parse_url(settings.database_url):
        raise ForwardingError("The plant's database is this station's own. Give the address of another one.")
    return Forwarder(
        storage,
        settings.station,
        url,
        images=settings.plant_images,
        scratch=settings.home / "forwarding",
        refusal=partial(untold_plant, storage, url),
    )
