"""GenICam cameras: what is missing is said in words; with the extra, against the simulated cameras it brings along."""

from __future__ import annotations

import importlib.machinery
import os
import signal
from collections.abc import Callable
from importlib.util import find_spec
from multiprocessing import active_children
from pathlib import Path

import numpy as np
import pytest

from filo_core.errors import SourceError
from filo_core.line.sources import genicam
from filo_core.line.sources.base import Frame, SourceState
from filo_core.line.sources.camera import CameraSource
from filo_core.line.sources.choose import source_at
from filo_core.line.sources.genicam import GenicamAddress

WaitUntil = Callable[..., None]
needs_extra = pytest.mark.skipif(
    find_spec("harvesters") is None, reason="harvesters is not installed (pip install harvesters genicam)"
)


@pytest.fixture
def extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the extra is installed."""
    monkeypatch.setattr(genicam, "find_spec", lambda name: importlib.machinery.ModuleSpec(name, None))


def simulator() -> Path:
    """The producer of the three cameras that the package ``genicam`` simulates."""
    spec = find_spec("genicam")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("viky.cti")


def simulated(camera: str) -> str:
    """Address of one of them."""
    return f"genicam://{camera}?cti={simulator()}"


@pytest.fixture
def started(
    playing: Callable[[CameraSource], CameraSource], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], CameraSource]:
    def start(address: str) -> CameraSource:
        monkeypatch.setenv("GENICAM_GENTL64_PATH", str(simulator().parent))
        source = source_at(address)
        assert isinstance(source, CameraSource)
        return playing(source)

    return start


def next_frame(source: CameraSource, wait_until: WaitUntil) -> Frame:
    found: list[Frame] = []

    def take() -> bool:
        frame = source.newest()
        if frame is not None:
            found.append(frame)
        return bool(found)

    wait_until(take)
    return found[0]


def test_without_the_extra_the_sentence_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genicam, "find_spec", lambda _: None)
    with pytest.raises(SourceError, match="pip install harvesters"):
        source_at("genicam://1234")


def test_without_a_producer_the_sentence_says_where_it_comes_from(
    extra: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GENICAM_GENTL64_PATH", str(tmp_path))
    with pytest.raises(SourceError, match="Install the camera maker's software"):
        source_at("genicam://1234")


def test_a_producer_that_is_not_there_is_named(extra: None, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"missing\.cti does not exist"):
        source_at(f"genicam://1234?cti={tmp_path}/missing.cti")


def test_producers_are_found_in_the_folders_that_the_standard_names(
    extra: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("a/one.cti", "b/two.cti", "b/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setenv("GENICAM_GENTL64_PATH", f"{tmp_path}/a{os.pathsep}{tmp_path}/b")
    found = GenicamAddress.of("genicam://Left%20camera")
    assert found.camera == "Left camera"
    assert [path.name for path in found.producers] == ["one.cti", "two.cti"]
    assert GenicamAddress.of("genicam://").camera == ""


@pytest.mark.parametrize("variable", ["GENICAM_GENTL64_PATH", "GENICAM_GENTL32_PATH"])
def test_an_address_chooses_among_the_producers_of_the_system_and_brings_none(
    extra: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    for name in ("maker/good.cti", "drop/evil.cti", "maker/deeper/evil.cti", "maker/evil.so"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.delenv("GENICAM_GENTL64_PATH", raising=False)
    monkeypatch.setenv(variable, str(tmp_path / "maker"))
    # Spelled otherwise it is the same file.
    for spelled in ("maker/good.cti", "drop/../maker/good.cti"):
        found = GenicamAddress.of(f"genicam://1?cti={tmp_path}/{spelled}")
        assert found.producers == (tmp_path / "maker" / "good.cti",)
    for evil in ("drop/evil.cti", "maker/../drop/evil.cti", "maker/deeper/evil.cti", "maker/evil.so"):
        with pytest.raises(SourceError, match=r"none of the GenTL producers .* have an admin add it"):
            source_at(f"genicam://1?cti={tmp_path}/{evil}")
    with pytest.raises(SourceError, match="none of the GenTL producers"):
        source_at(f"genicam://1?cti={tmp_path}/maker/good.cti&cti={tmp_path}/drop/evil.cti")


def test_a_folder_of_producers_is_named_in_full(extra: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "evil.cti").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENICAM_GENTL64_PATH", ".")
    with pytest.raises(SourceError, match="No GenTL producer was found"):
        source_at("genicam://1")


def test_a_producer_that_an_admin_allowed_is_loaded(
    extra: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GENICAM_GENTL64_PATH", raising=False)
    (tmp_path / "own.cti").touch()
    allowed = (str(tmp_path / "own.cti"),)
    assert GenicamAddress.of(f"genicam://1?cti={tmp_path}/own.cti", allowed).producers == (tmp_path / "own.cti",)
    assert isinstance(source_at(f"genicam://1?cti={tmp_path}/own.cti", producers=allowed), CameraSource)


@needs_extra
def test_a_simulated_camera_gives_rgb_frames_under_the_same_interface(
    started: Callable[[str], CameraSource], wait_until: WaitUntil
) -> None:
    source = started(simulated("VikyTL_DEV_red"))
    frames = [next_frame(source, wait_until) for _ in range(3)]
    assert {frame.pixels.shape for frame in frames} == {(400, 400, 3)}
    assert frames[0].frame_id < frames[1].frame_id < frames[2].frame_id
    assert source.state is SourceState.RUNNING
    red, green, blue = (int(np.ptp(frames[-1].pixels[..., channel])) for channel in range(3))
    # A red ball on white.
    assert red < 60 < min(green, blue)


@needs_extra
def test_the_camera_of_that_serial_number_is_taken(
    started: Callable[[str], CameraSource], wait_until: WaitUntil
) -> None:
    pixels = next_frame(started(simulated("2")), wait_until).pixels
    # The third one throws a blue ball.
    assert int(np.ptp(pixels[..., 2])) < 60 < int(np.ptp(pixels[..., 0]))


@needs_extra
def test_a_camera_that_is_not_there_is_lost_and_says_what_to_check(
    started: Callable[[str], CameraSource], wait_until: WaitUntil
) -> None:
    source = started(simulated("4711"))
    wait_until(lambda: source.state is SourceState.LOST)
    assert "could not be opened. Check its power, cable and serial number" in source.problem


@needs_extra
@pytest.mark.skipif(os.name == "nt", reason="no such signal there")
def test_a_driver_that_hangs_is_killed_and_the_camera_opened_anew(
    started: Callable[[str], CameraSource], wait_until: WaitUntil
) -> None:
    source = started(simulated("0"))
    next_frame(source, wait_until)
    (process,) = active_children()
    hung = process.pid
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    wait_until(lambda: source.state is SourceState.LOST)
    wait_until(lambda: source.state is SourceState.RUNNING)
    assert next_frame(source, wait_until).frame_id > 1
    assert [child.pid for child in active_children()] != [hung]
