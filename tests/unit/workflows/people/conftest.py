from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from filo_core.types import Role
from storage.storage import Storage, open_storage
from workflows.people.access import Access
from workflows.people.users import Users

PIN = {"Ada": "740936", "Sue": "586203", "Olaf": "917264"}


@pytest.fixture
def storage(either_url: str, tmp_path: Path) -> Iterator[Storage]:
    with open_storage(either_url, tmp_path / "images") as opened:
        yield opened


@pytest.fixture
def crew(storage: Storage) -> Access:
    """Ada is admin, Sue supervisor, Olaf operator; nobody is signed in."""
    made = Access(storage, "line 3")
    users = Users(storage, made)
    users.add("Ada", Role.ADMIN, PIN["Ada"])
    made.sign_in("Ada", PIN["Ada"])
    users.add("Sue", Role.SUPERVISOR, PIN["Sue"])
    users.add("Olaf", Role.OPERATOR, PIN["Olaf"])
    made.sign_out()
    return made
