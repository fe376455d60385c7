from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.engine import sqlite_url
from storage.storage import Storage, open_storage
from tests.unit.workflows.packing import write_exported
from workflows.catalogue import Catalogue


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
