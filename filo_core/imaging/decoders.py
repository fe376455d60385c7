"""Decoding that nobody has to fear: what is not known to be cheap is decoded in a process that can be killed.

A picture of 450 kB may unpack to gigabytes or take a minute, and a decoder may crash over a damaged one. So plain and
small pictures are decoded at once (:func:`filo_core.imaging.decoding.is_cheap`), and all others by one of two
processes, which are kept for the next. Each is bounded in memory by itself, and in processor time by a watch here;
time on the clock would refuse sound pictures on a busy machine.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import queue
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
import psutil

from filo_core.imaging.decoder_process import LENGTH, read_frame, write_frame
from filo_core.imaging.decoding import decode, is_cheap
from filo_core.imaging.limits import decoder_bytes
from filo_core.imaging.refusals import SAVE_AGAIN, RefusalError
from filo_core.loops import Loop
from filo_core.packaged import decoder_command
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.imaging.limits import DecodingLimits

logger = logging.getLogger(__name__)

_PROCESSES = 2
_LOOK_EVERY_S = 0.1
_ROOT = Path(__file__).resolve().parents[2]


class DecoderProcess:
    """One decoder's process, started with the first picture. One picture at a time.

    Args:
        processor_s: processor time that a picture may take.
        clock_s: time on the clock after which one that does not even compute is given up.
        memory: bytes that it may take.
    """

    def __init__(self, processor_s: float = 15.0, clock_s: float = 120.0, memory: int | None = None) -> None:
        self._processor_s = processor_s
        self._clock_s = clock_s
        self._memory = decoder_bytes() if memory is None else memory
        self._process: subprocess.Popen[bytes] | None = None
        self._too_long = ""
        self.starts = 0
        """How often a process was started."""

    @property
    def pid(self) -> int | None:
        """Of the process, None while there is none."""
        return None if self._process is None else self._process.pid

    def decode(self, encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
        """As :func:`filo_core.imaging.decoding.decode`.

        Raises:
            RefusalError: also if it takes too long or too much, or the decoder crashes over it.
        """
        process = self._living()
        done = threading.Event()
        self._too_long = ""
        watch = Loop("filo-decoder-watch", lambda: self._watch(process, done), "watches a decoder")
        watch.start()
        try:
            return self._exchange(process, encoded, limits)
        except (OSError, EOFError, ValueError) as error:
            self.close()
            raise self._refusal() from error
        finally:
            done.set()
            watch.join()

    def close(self) -> None:
        """End the process, whatever it is in the middle of."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                _close_quietly(stream)

    def _living(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            self._process = _started(self._memory)
            self.starts += 1
        return self._process

    def _exchange(self, process: subprocess.Popen[bytes], encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
        assert process.stdin is not None, "it was started with pipes"
        assert process.stdout is not None, "it was started with pipes"
        write_frame(process.stdin, LENGTH.pack(limits.max_pixels), encoded)
        answer = json.loads(read_frame(process.stdout))
        if "shape" not in answer:
            raise RefusalError(answer["reason"], answer["remedy"])
        pixels = np.empty(answer["shape"], np.uint8)
        _read_into(process.stdout, pixels.data.cast("B"))
        return pixels

    def _watch(self, process: subprocess.Popen[bytes], done: threading.Event) -> None:
        begun, before = time.monotonic(), _processor_time(process.pid)
        while not done.wait(_LOOK_EVERY_S):
            taken = _processor_time(process.pid) - before
            if taken > self._processor_s or time.monotonic() - begun > self._clock_s:
                self._too_long = Sentence(
                    "takes more than {taken} s to decode", taken=taken if taken < 1 else round(taken)
                )
                process.kill()
                return

    def _refusal(self) -> RefusalError:
        if self._too_long:
            return RefusalError(self._too_long, Sentence("Save it again as PNG or JPEG, or a smaller version."))
        logger.warning("a picture ended the decoder")
        reason = Sentence("crashes the decoder, or does not fit into the memory that one picture may take")
        return RefusalError(reason, SAVE_AGAIN)


class DecoderPool:
    """Two processes at most; whoever finds both at work waits for one."""

    def __init__(self, processes: int = _PROCESSES) -> None:
        # The one that was used last is taken first, so that the second starts only when there are two pictures at once.
        self._idle: queue.LifoQueue[DecoderProcess] = queue.LifoQueue()
        self._all = [DecoderProcess() for _ in range(processes)]
        for process in self._all:
            self._idle.put(process)

    def decode(self, encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
        """As :meth:`DecoderProcess.decode`."""
        process = self._idle.get()
        try:
            return process.decode(encoded, limits)
        finally:
            self._idle.put(process)

    def close(self) -> None:
        """End them all."""
        for process in self._all:
            process.close()


_pool = DecoderPool()
atexit.register(_pool.close)


def decode_safely(encoded: bytes, limits: DecodingLimits) -> NDArray[np.uint8]:
    """As :func:`filo_core.imaging.decoding.decode`, bounded in memory and time.

    Raises:
        RefusalError: for anything that is not one whole picture of a kind that is read, within these bounds.
    """
    return decode(encoded, limits) if not encoded or is_cheap(encoded) else _pool.decode(encoded, limits)


def _started(memory: int) -> subprocess.Popen[bytes]:
    """A decoder's process.

    A plain child rather than one of multiprocessing: it must not import the main program, and a process that may have
    no children of that kind, such as a loader's, decodes as well.
    """
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH", ""))))
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    try:
        return subprocess.Popen(  # noqa: S603 - this very program
            decoder_command(str(memory)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | threads | {"PYTHONPATH": path},
            start_new_session=True,
            # On Windows a window would open for it.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise RefusalError(
            Sentence(
                "cannot be decoded, since no process can be started ({strerror})", strerror=error.strerror or error
            ),
            Sentence("Close other programs."),
        ) from error


def _read_into(stream: IO[bytes], room: memoryview) -> None:
    (size,) = LENGTH.unpack(stream.read(LENGTH.size))
    if size != len(room):
        raise EOFError
    filled = 0
    while filled < size:
        count = stream.readinto(room[filled:])  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        filled += count


def _processor_time(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _close_quietly(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except OSError:
        # What was still to be written to it finds nobody.
        return
