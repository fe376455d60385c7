from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.engine import sqlite_url
from storage.storage import Storage, open_storage
from tests.unit.workflows.products.packing import write_exported
from workflows.products.catalogue import Catalogue


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with open_storage(sqlite_url(tmp_path / "filo.sqlite"), tmp_path / "images") as opened:
        yield opened


@pytest.fixture
def catalogue(storage: Storage) -> Catalogue:
    return Catalogue(storage)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    return write_exported(tmp_path / "nut.filo")


@pytest.fixture
def wait_until() -> Callable[..., None]:
    """Wait until a condition holds."""

    def wait(condition: Callable[[], bool], seconds: float = 30.0) -> None:
        pause, deadline = threading.Event(), time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"the condition did not come true within {seconds} s"
            pause.wait(0.02)

    return wait
