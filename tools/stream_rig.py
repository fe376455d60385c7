"""A network camera on loopback, served by Debian's ffmpeg: it can be unplugged, frozen and garbled."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import threading

import psutil

FFMPEG = shutil.which("ffmpeg")
_PICTURES = ("-re", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=25")
_STREAM = ("-c:v", "mpeg2video", "-g", "5", "-q:v", "4", "-f", "mpegts", "-listen", "1")


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NetworkCamera:
    """MPEG-TS over HTTP. While plugged in, a new ffmpeg serves every new connection, as a camera does."""

    def __init__(self) -> None:
        self._port = free_port()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._plugged = threading.Event()
        self._noise: tuple[str, ...] = ()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="network-camera")
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self._port}/live"

    @property
    def is_up(self) -> bool:
        """Whether it can be connected to, or is; starting the program that plays it takes a while."""
        with self._lock, contextlib.suppress(psutil.Error):
            playing = self._process is not None and psutil.Process(self._process.pid).net_connections("tcp4")
            return bool(playing)
        return False

    def plug(self, *, garbled: bool = False) -> None:
        """Serve from now on; garbled means that parts of the stream are overwritten with noise."""
        self._noise = ("-bsf:v", "noise=20000") if garbled else ()
        self._plugged.set()

    def unplug(self) -> None:
        """Vanish from the network at once."""
        self._plugged.clear()
        self._kill()

    def freeze(self) -> None:
        """Keep the connection and send nothing."""
        with self._lock:
            if self._process is not None:
                self._process.send_signal(signal.SIGSTOP)

    def replace(self, *, garbled: bool = False) -> None:
        """Restart the camera, as it is after a power cut."""
        self.unplug()
        self.plug(garbled=garbled)

    def close(self) -> None:
        """End everything."""
        self._ending.set()
        self._plugged.set()
        self._kill()
        self._thread.join()

    def _kill(self) -> None:
        with self._lock:
            if self._process is not None:
                # Stopped processes do not take any other signal.
                self._process.kill()

    def _serve(self) -> None:
        assert FFMPEG is not None
        while not self._ending.is_set():
            self._plugged.wait()
            command = [FFMPEG, "-v", "quiet", *_PICTURES, *self._noise, *_STREAM, self.address]
            with self._lock:
                if self._ending.is_set() or not self._plugged.is_set():
                    continue
                self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            self._process.wait()
            with self._lock, contextlib.suppress(OSError):
                self._process = None
