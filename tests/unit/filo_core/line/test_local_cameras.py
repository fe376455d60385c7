from __future__ import annotations

from multiprocessing import active_children
from pathlib import Path

import pytest

from filo_core.line.sources import local_cameras
from filo_core.line.sources.local_cameras import available_cameras


def test_a_webcams_metadata_node_is_not_listed_as_a_camera(tmp_path: Path) -> None:
    devices, listing = tmp_path / "dev", tmp_path / "sys"
    devices.mkdir()
    for name, index in (("video10", "0"), ("video2", "0"), ("video3", "1"), ("videox", "0")):
        (devices / name).touch()
        (listing / name).mkdir(parents=True)
        (listing / name / "index").write_text(f"{index}\n")
    (devices / "video0").touch()

    assert local_cameras._listed_cameras(listing, devices) == [0, 2, 10]


def test_the_cameras_of_this_machine_are_numbers_in_order() -> None:
    numbers = available_cameras()

    assert numbers == sorted(set(numbers))


@pytest.mark.timed
def test_a_probe_that_hangs_is_killed_and_what_it_found_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Importable by name from the spawned process as well.
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import camera_children as children

    monkeypatch.setattr(local_cameras, "probe", children.probe_and_hang)
    monkeypatch.setattr(local_cameras, "_PROBE_TIMEOUT_S", 3.0)

    assert local_cameras._probed_cameras() == [0, 2]
    assert not active_children()


def test_probing_finds_nothing_or_numbers_and_ends() -> None:
    assert set(local_cameras._probed_cameras()) <= {0, 1, 2, 3}
