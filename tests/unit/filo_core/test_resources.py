from __future__ import annotations

import pytest

from filo_core.errors import FiloError
from filo_core.resources import resource_path


def test_a_shipped_file_is_found() -> None:
    assert resource_path("anomaly_library.json").is_file()


def test_a_missing_file_is_named_with_what_to_do() -> None:
    with pytest.raises(FiloError, match=r"nowhere.*nothing\.json is missing from this installation\. Install"):
        resource_path("nowhere", "nothing.json")
