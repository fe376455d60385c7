"""Trunks from a folder: prepared on another machine, as a published file, and what is neither."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from filo_core.errors import ProfileError
from filo_core.trunks.installing import install_from
from filo_core.trunks.preparing import prepare_from_file
from filo_core.trunks.specs import TrunkSpec
from filo_core.trunks.store import GRAPH, TrunkStore, folder_name


def test_what_another_machine_prepared_is_taken_over_without_torch_and_goes_before_set_up_s(
    tmp_path: Path, store: TrunkStore, lite0_spec: TrunkSpec, lite0_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other" / "trunks"
    prepare_from_file(TrunkStore(prepared=other), lite0_spec, lite0_file)
    monkeypatch.setitem(__import__("sys").modules, "filo_core.trunks.eager", None)
    assert install_from(store, [lite0_spec], other.parent) == [lite0_spec]
    assert store.user_folder is not None
    assert store.folder(lite0_spec) == store.user_folder / folder_name(lite0_spec)


def test_a_prepared_trunk_that_was_damaged_on_the_way_is_refused(
    tmp_path: Path, store: TrunkStore, lite0_spec: TrunkSpec, lite0_file: Path
) -> None:
    other = tmp_path / "other"
    folder = prepare_from_file(TrunkStore(prepared=other), lite0_spec, lite0_file)
    graph = folder / GRAPH
    graph.write_bytes(graph.read_bytes()[:-1])
    with pytest.raises(ProfileError, match="altered or cut short"):
        install_from(store, [lite0_spec], other)
    assert store.folder(lite0_spec) is None


def test_a_published_file_in_a_folder_is_prepared(
    tmp_path: Path, store: TrunkStore, lite0_spec: TrunkSpec, lite0_file: Path
) -> None:
    given = tmp_path / "given"
    given.mkdir()
    shutil.copy(lite0_file, given)
    assert install_from(store, [lite0_spec], given) == [lite0_spec]
    assert store.graph(lite0_spec)


def test_of_a_folder_without_a_trunk_nothing_is_installed(
    tmp_path: Path, store: TrunkStore, lite0_spec: TrunkSpec
) -> None:
    assert install_from(store, [lite0_spec], tmp_path) == []


def test_without_torch_preparing_says_how_to_do_without(
    store: TrunkStore, lite0_spec: TrunkSpec, lite0_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "filo_core.trunks.eager", None)
    with pytest.raises(ProfileError, match="needs torch, which is not installed here"):
        prepare_from_file(store, lite0_spec, lite0_file)
