from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.engine import sqlite_url
from storage.storage import Storage, open_storage


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "record" / "filo.sqlite"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return tmp_path / "record" / "images"


@pytest.fixture
def storage(database: Path, images: Path) -> Iterator[Storage]:
    with open_storage(sqlite_url(database), images) as opened:
        yield opened
