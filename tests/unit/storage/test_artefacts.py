from __future__ import annotations

import dataclasses
import errno
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from filo_core.errors import ShapeMismatchError, StorageError
from storage.artefacts import MAP_LEVELS, ArtefactStore
from tests.unit.storage.making import make_image


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ArtefactStore]:
    opened = ArtefactStore(tmp_path / "images")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def lasting_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArtefactStore]:
    opened = ArtefactStore(tmp_path_factory.mktemp("lasting"))
    yield opened
    opened.close()


def temporary_files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*.tmp") if path.is_file()]


def test_an_image_comes_back_byte_for_byte(store: ArtefactStore) -> None:
    image = make_image(7)
    assert store.put_image(image) == image.image_hash
    assert store.get_bytes(image.image_hash) == image.encoded


def test_the_same_content_is_kept_once(store: ArtefactStore) -> None:
    store.put_image(make_image(7, "one.png"))
    store.put_image(make_image(7, "other.png"))
    assert len([path for path in store.root.glob("*/*") if path.parent.name != ".runs"]) == 1


def test_an_image_whose_hash_is_not_its_own_is_refused_by_name(store: ArtefactStore) -> None:
    image = dataclasses.replace(make_image(7, "swapped.png"), image_hash="d" * 64)
    with pytest.raises(StorageError, match=r"swapped\.png changed while it was in use"):
        store.put_image(image)
    assert not list(store.root.glob("*/" + "?" * 64))


@given(st_numpy.arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.floats(0, 1, width=32)))
def test_a_map_comes_back_within_half_a_level(lasting_store: ArtefactStore, anomaly_map: np.ndarray) -> None:
    stored = lasting_store.get_map(lasting_store.put_map(anomaly_map))
    assert stored.dtype == np.float32
    assert stored.shape == anomaly_map.shape
    assert np.abs(stored.astype(np.float64) - anomaly_map).max() <= 0.5 / MAP_LEVELS + 1e-7


def test_map_values_outside_the_range_are_clipped(store: ArtefactStore) -> None:
    stored = store.get_map(store.put_map(np.array([[-0.5, 1.5]], dtype=np.float32)))
    assert stored.tolist() == [[0.0, 1.0]]


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 2, 3), np.float32), np.zeros((0, 4), np.float32), np.full((2, 2), np.nan, np.float32)]
)
def test_what_is_no_anomaly_map_is_refused(store: ArtefactStore, wrong: np.ndarray) -> None:
    with pytest.raises(ShapeMismatchError, match="anomaly map"):
        store.put_map(wrong)


def test_an_image_is_not_taken_for_a_map(store: ArtefactStore) -> None:
    key = store.put_image(make_image(7))
    with pytest.raises(StorageError, match="is not an anomaly map"):
        store.get_map(key)


def test_an_altered_file_is_refused_by_name(store: ArtefactStore) -> None:
    key = store.put_image(make_image(7))
    path = store.path_of(key)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(StorageError, match=key) as refused:
        store.get_bytes(key)
    assert "Restore it from a backup" in str(refused.value)


def test_a_missing_file_is_refused_by_name(store: ArtefactStore) -> None:
    with pytest.raises(StorageError, match="e" * 64 + " is missing"):
        store.get_bytes("e" * 64)


def test_putting_an_image_again_mends_a_truncated_file(store: ArtefactStore) -> None:
    image = make_image(7)
    path = store.path_of(store.put_image(image))
    path.write_bytes(b"")
    store.put_image(image)
    assert store.get_bytes(image.image_hash) == image.encoded


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "/" + "a" * 63])
def test_a_key_that_is_no_hash_leads_nowhere(store: ArtefactStore, key: str) -> None:
    with pytest.raises(StorageError, match="has no picture in the image store"):
        store.get_bytes(key)


def test_many_threads_may_put_the_same_image(store: ArtefactStore) -> None:
    image = make_image(7, side=64)
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: store.put_image(image), range(40)))
    assert set(keys) == {image.image_hash}
    assert store.get_bytes(image.image_hash) == image.encoded
    assert not temporary_files(store.root)


def test_a_full_disk_leaves_no_temporary_file_and_says_so(
    store: ArtefactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match=r"The disk that holds .* is full\. Free some space"):
        store.put_image(make_image(7))
    assert not temporary_files(store.root)


def test_the_bytes_are_on_the_disk_before_the_name_and_the_folder_after_it(
    store: ArtefactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        real_fsync(handle)

    def replace(self: Path, target: Path) -> Path:
        assert self.parent == target.parent
        done.append("rename")
        return real_replace(self, target)

    key_folder = store.path_of(make_image(7).image_hash).parent
    key_folder.mkdir()
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    store.put_image(make_image(7))
    assert done == ["file", "rename", "folder"]


def test_a_crashed_run_is_cleaned_up_after_and_a_living_one_is_left_alone(tmp_path: Path) -> None:
    root = tmp_path / "images"
    living = ArtefactStore(root)
    key = living.put_image(make_image(7))
    folder = living.path_of(key).parent
    mark = next(path for path in (root / ".runs").iterdir() if path.suffix != ".lock")
    of_the_living = folder / f".{mark.name}-99.tmp"
    of_the_dead = folder / f".{'f' * 32}-0.tmp"
    of_the_living.write_bytes(b"half")
    of_the_dead.write_bytes(b"half")
    (root / ".runs" / ("f" * 32)).touch()
    ArtefactStore(root).close()
    assert temporary_files(root) == [of_the_living]
    living.close()
    assert [path.name for path in (root / ".runs").iterdir()] == ["opening.lock"]


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no open file")
def test_a_closing_run_never_looks_like_a_crashed_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "images"
    store = ArtefactStore(root)
    marks_at_release = []
    release = FileLock.release

    def watched(lock: FileLock, force: bool = False) -> None:
        marks_at_release.extend(path for path in (root / ".runs").iterdir() if path.suffix != ".lock")
        release(lock, force)

    monkeypatch.setattr(FileLock, "release", watched)
    store.close()
    assert marks_at_release == []
    assert [path.name for path in (root / ".runs").iterdir()] == ["opening.lock"]


def test_a_store_that_hangs_while_opening_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "images"
    ArtefactStore(root).close()
    monkeypatch.setattr("storage.artefacts._LOCK_TIMEOUT_S", 0.05)
    with (
        FileLock(root / ".runs" / "opening.lock"),
        pytest.raises(StorageError, match="being opened by another program"),
    ):
        ArtefactStore(root)
