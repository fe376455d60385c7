"""The decoders' processes: bounded, replaced, silent, and gone with their owner."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from filo_core.imaging import decoders
from filo_core.imaging.decoders import DecoderPool, DecoderProcess, decode_safely
from filo_core.imaging.decoding import decode, is_cheap
from filo_core.imaging.limits import DecodingLimits, decoder_bytes, default_limits
from filo_core.imaging.refusals import RefusalError

ROOT = Path(__file__).resolve().parents[4]
LIMITS = DecodingLimits(50_000_000)
LONGEST_WAIT_S = 60.0
NOISE = np.random.default_rng(3).integers(0, 256, (32, 48, 3), dtype=np.uint8)
Wait = Callable[..., None]


def encoded(file_format: str, pixels: np.ndarray = NOISE, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, file_format, **options)
    return buffer.getvalue()


@pytest.fixture
def slow() -> bytes:
    """Takes a second of a processor or more."""
    imagecodecs = pytest.importorskip("imagecodecs")
    noise = np.random.default_rng(3).integers(0, 256, (2400, 2400), dtype=np.uint8)
    return bytes(imagecodecs.jpeg2k_encode(noise, level=0, reversible=True))


@pytest.fixture
def wait_until() -> Wait:
    def wait(condition: Callable[[], bool]) -> None:
        pause, deadline = threading.Event(), time.monotonic() + LONGEST_WAIT_S
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true"
            pause.wait(0.02)

    return wait


@pytest.fixture
def process() -> Iterator[DecoderProcess]:
    made = DecoderProcess()
    yield made
    made.close()


def test_a_picture_comes_back_from_the_process_as_it_is_decoded_here(process: DecoderProcess) -> None:
    for file_format in ("TIFF", "PNG", "WEBP", "AVIF", "JPEG2000"):
        data = encoded(file_format)

        assert np.array_equal(process.decode(data, LIMITS), decode(data, LIMITS)), file_format
    assert process.starts == 1


def test_a_refusal_comes_back_with_its_reason_and_its_remedy(process: DecoderProcess) -> None:
    with pytest.raises(RefusalError, match="damaged") as caught:
        process.decode(encoded("TIFF")[:500], LIMITS)

    assert caught.value.remedy.startswith("Copy")
    assert process.decode(encoded("TIFF"), LIMITS).shape == NOISE.shape
    assert process.starts == 1


def test_the_largest_number_of_pixels_holds_in_the_process_too(process: DecoderProcess) -> None:
    with pytest.raises(RefusalError, match="48 x 32 pixels, more than the 100"):
        process.decode(encoded("TIFF"), DecodingLimits(100))


def test_a_picture_that_takes_too_much_processor_time_is_refused_and_the_next_is_read(slow: bytes) -> None:
    process = DecoderProcess(processor_s=0.2)
    process.decode(encoded("TIFF"), LIMITS)

    with pytest.raises(RefusalError, match=r"takes more than .* s to decode"):
        process.decode(slow, LIMITS)

    assert process.pid is None
    assert process.decode(encoded("TIFF"), LIMITS).shape == NOISE.shape
    assert process.starts == 2
    process.close()


@pytest.mark.skipif(os.name == "nt", reason="memory is bounded by a system call that is not there")
def test_a_picture_that_takes_too_much_memory_is_refused_and_the_next_is_read() -> None:
    process = DecoderProcess(memory=48 << 20)
    wide = np.zeros((4000, 4000), np.uint16)
    wide[::7] = 50_000

    with pytest.raises(RefusalError, match="does not fit into the memory that one picture may take"):
        process.decode(encoded("PNG", wide), LIMITS)

    assert process.decode(encoded("TIFF"), LIMITS).shape == NOISE.shape
    process.close()


def test_a_decoder_that_crashes_over_a_picture_is_replaced(
    process: DecoderProcess, slow: bytes, wait_until: Wait
) -> None:
    process.decode(encoded("TIFF"), LIMITS)
    pid = process.pid
    assert pid is not None
    before = sum(psutil.Process(pid).cpu_times()[:2])

    def crash() -> None:
        wait_until(lambda: sum(psutil.Process(pid).cpu_times()[:2]) > before + 0.05)
        os.kill(pid, signal.SIGTERM)

    crashing = threading.Thread(target=crash)
    crashing.start()
    with pytest.raises(RefusalError, match="crashes the decoder"):
        process.decode(slow, LIMITS)
    crashing.join()

    assert process.decode(encoded("TIFF"), LIMITS).shape == NOISE.shape
    assert process.starts == 2


def test_a_process_that_ended_between_two_pictures_is_replaced_unseen(process: DecoderProcess) -> None:
    process.decode(encoded("TIFF"), LIMITS)
    assert process.pid is not None
    ended = psutil.Process(process.pid)
    ended.kill()
    psutil.wait_procs([ended], timeout=20)

    assert process.decode(encoded("TIFF"), LIMITS).shape == NOISE.shape


def test_no_module_is_taken_from_the_folder_that_somebody_stands_in(
    process: DecoderProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tifffile.py", "json.py", "numpy.py"):
        (tmp_path / name).write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)

    assert process.decode(encoded("TIFF"), LIMITS).shape == NOISE.shape


def test_pictures_that_come_one_by_one_need_one_process_and_many_at_once_two() -> None:
    pool = DecoderPool()
    for _ in range(3):
        pool.decode(encoded("TIFF"), LIMITS)
    assert sum(process.starts for process in pool._all) == 1

    found: list[tuple[int, ...]] = []
    threads = [
        threading.Thread(target=lambda: found.append(pool.decode(encoded("TIFF"), LIMITS).shape)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [NOISE.shape] * 6
    assert sum(process.starts for process in pool._all) <= 2
    pool.close()


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "BMP"])
def test_plain_small_pictures_are_decoded_at_once(monkeypatch: pytest.MonkeyPatch, file_format: str) -> None:
    monkeypatch.setattr(decoders._pool, "decode", lambda *_: pytest.fail("was handed on"))

    assert decode_safely(encoded(file_format), LIMITS).shape == NOISE.shape


def test_what_is_not_proved_to_be_cheap_by_its_header_is_handed_on() -> None:
    wide = np.random.default_rng(1).integers(0, 256, (3000, 3000, 3), dtype=np.uint8)
    progressive = encoded("JPEG", wide, progressive=True)

    assert not is_cheap(progressive)
    assert is_cheap(encoded("JPEG", wide))
    assert not is_cheap(encoded("PNG", NOISE[..., 0].astype(np.uint16)))
    assert not is_cheap(encoded("BMP", np.zeros((4100, 4100), np.uint8)))
    assert not is_cheap(encoded("PNG", np.zeros((4100, 4100), np.uint8)))
    for file_format in ("TIFF", "WEBP", "AVIF", "JPEG2000", "GIF"):
        assert not is_cheap(encoded(file_format)), file_format


def test_a_small_file_that_unpacks_to_a_huge_picture_is_refused_before_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    black = np.zeros((9000, 9000), np.uint8)
    files = [encoded("PNG", black), encoded("TIFF", black, compression="tiff_deflate")]
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("decoded"))

    for data in files:
        with pytest.raises(RefusalError, match="larger than any image of"):
            decode(data, DecodingLimits(120_000_000))


def test_a_jpeg_that_goes_over_its_picture_again_and_again_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = encoded("JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    data = data[:-2] + data[last:-2] * 200 + data[-2:]
    monkeypatch.setattr("simplejpeg.decode_jpeg", lambda *_, **__: pytest.fail("decoded"))

    with pytest.raises(RefusalError, match="more than any camera writes"):
        decode(data, LIMITS)


def test_the_limits_follow_the_memory_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for memory, pixels, decoder in ((2 << 30, 33_554_432, 384 << 20), (64 << 30, 120_000_000, 2 << 30)):
        monkeypatch.setattr("filo_core.imaging.limits.memory_of_machine", lambda size=memory: size)
        assert default_limits().max_pixels == pixels
        assert decoder_bytes() == decoder
    assert default_limits(7).max_pixels == 7


PROGRAM = """
import sys, time
from filo_core.imaging import decode_image, decoders
from filo_core.errors import UnreadableImageError
for number in range({count}):
    data = sys.stdin.buffer.read({size})
    try:
        decode_image(data, "part")
    except UnreadableImageError as error:
        pass
print(decoders._pool._all[0].pid or decoders._pool._all[1].pid, flush=True)
time.sleep({seconds})
"""


def program(files: list[bytes], seconds: int) -> subprocess.Popen[bytes]:
    size = max(len(data) for data in files)
    script = PROGRAM.format(count=len(files), size=size, seconds=seconds)
    started = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert started.stdin is not None
    started.stdin.write(b"".join(data.ljust(size, b"\0") for data in files))
    started.stdin.close()
    return started


def test_nothing_that_a_decoder_says_about_a_picture_reaches_the_terminal() -> None:
    tiff, jpeg = encoded("TIFF", compression="tiff_lzw"), encoded("JPEG", progressive=True)
    cut = [encoded("WEBP")[:300], encoded("AVIF")[:400]]
    broken = [tiff[:8] + bytes(200) + tiff[208:], jpeg[:600] + b"\xff\xd9", *cut]

    started = program(broken, 0)
    assert started.stdout is not None
    assert started.stderr is not None
    pid, complaints = started.stdout.read(), started.stderr.read()
    started.wait()

    assert int(pid) > 0
    assert complaints == b""
    started.stdout.close()
    started.stderr.close()


def test_the_process_ends_with_whoever_started_it_however_that_ended(wait_until: Wait) -> None:
    started = program([encoded("TIFF")], 60)
    assert started.stdout is not None
    assert started.stderr is not None
    pid = int(started.stdout.readline())
    assert psutil.pid_exists(pid)

    started.kill()
    started.wait()

    wait_until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    started.stdout.close()
    started.stderr.close()
