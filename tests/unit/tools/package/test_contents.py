"""What goes into the installed program, and what stays out."""

from __future__ import annotations

from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest

from filo_core.trunks.store import CPU_GRAPH, GRAPH, PROBE, RECORD, TrunkStore, folder_name
from tools.package.contents import (
    OWN,
    ROOT,
    PackageError,
    codec_modules,
    data_files,
    excluded_modules,
    packed_weights,
    trunk_files,
)
from tools.pins import STATION, pins_of, plain_name


def test_what_a_station_does_without_stays_out_and_what_it_needs_does_not() -> None:
    excluded = excluded_modules()
    assert {"torch", "timm", "pytest", "PyInstaller", "tkinter"} <= set(excluded)
    assert not {"numpy", "PySide6", "cv2", "onnxruntime", "scipy", *OWN} & set(excluded)
    station = pins_of((ROOT / STATION).read_text(encoding="utf-8"))
    brought = metadata.packages_distributions()
    assert [module for module in excluded if any(plain_name(one) in station for one in brought.get(module, ()))] == []


def test_the_codecs_that_are_loaded_by_name_are_there() -> None:
    assert [module for module in codec_modules() if find_spec(module) is None] == []


def test_every_migration_goes_along_as_a_file() -> None:
    files = {Path(source).relative_to(ROOT).as_posix() for source, _ in data_files() if source.endswith(".py")}
    assert "storage/migrations/env.py" in files
    assert sum(name.startswith("storage/migrations/versions/") for name in files) > 20


def test_of_a_trunk_only_what_a_processor_reads_is_packed(tmp_path: Path) -> None:
    store = TrunkStore(prepared=tmp_path)
    with pytest.raises(PackageError, match=r"not prepared: lite0-.*Run: make setup"):
        packed_weights(store)
    for spec in packed_weights(TrunkStore()):
        folder = tmp_path / folder_name(spec)
        folder.mkdir()
        for name in (GRAPH, PROBE, RECORD, *([] if spec.name.startswith("minilm") else [CPU_GRAPH])):
            (folder / name).touch()
    packed = {(path.parent.name.partition("-")[0], path.name) for path in trunk_files(store)}
    assert {name for trunk, name in packed if trunk == "lite0"} == {CPU_GRAPH, PROBE, RECORD}
    assert {name for trunk, name in packed if trunk == "minilm"} == {GRAPH, PROBE, RECORD}
