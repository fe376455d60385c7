"""Network cameras on loopback, served by Debian's programs: they can be unplugged, frozen, garbled and stuck."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path

import psutil

FFMPEG = shutil.which("ffmpeg")
SYSTEM_PYTHON = "/usr/bin/python3"
_RTSP = Path(__file__).with_name("rtsp_camera.py")
_PATTERN = "testsrc=size=320x240:rate=25"
_NOISE = "noise=alls=4:allf=t"
"""As every sensor has it: without, a few pictures shown in turn would be a camera that is stuck."""
_MOVING, _STILL = 0, 1
_STREAM = ("-c:v", "mpeg2video", "-g", "5", "-q:v", "4", "-f", "mpegts", "-listen", "1")


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NetworkCamera:
    """MPEG-TS over HTTP. While plugged in, a new ffmpeg serves every new connection, as a camera does.

    Args:
        pictures: a folder of JPEG files to show in turn; a moving test pattern when not given.
    """

    def __init__(self, pictures: Path | None = None) -> None:
        self._inputs = _inputs(pictures)
        self._port = free_port()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._plugged = threading.Event()
        self._noise: tuple[str, ...] = ()
        self._shown = _MOVING
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="network-camera")
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self._port}/live"

    def _command(self) -> list[str]:
        assert FFMPEG is not None
        chosen = f"[0:v]{_NOISE}[moving];[moving][1:v]streamselect=map={self._shown}"
        return [FFMPEG, "-v", "quiet", *self._inputs, "-filter_complex", chosen, *self._noise, *_STREAM, self.address]

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
        self._shown = _MOVING
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

    def repeat(self) -> None:
        """Keep the connection, and send one picture over it and every later one, until it is plugged in anew."""
        self._shown = _STILL
        with self._lock:
            if self._process is not None and self._process.stdin is not None:
                # As if somebody had typed it where ffmpeg runs.
                self._process.stdin.write(f"cstreamselect -1 map {_STILL}\n".encode())
                self._process.stdin.flush()

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
        while not self._ending.is_set():
            self._plugged.wait()
            command = self._command()
            with self._lock:
                if self._ending.is_set() or not self._plugged.is_set():
                    continue
                self._process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
            self._process.wait()
            with self._lock:
                self._process = None


def _inputs(pictures: Path | None) -> list[str]:
    """For ffmpeg: what moves, and what stands still."""
    if pictures is None:
        return ["-re", "-f", "lavfi", "-i", _PATTERN, "-re", "-f", "lavfi", "-i", f"{_PATTERN},loop=loop=-1:size=1"]
    shown = ["-re", "-loop", "1", "-framerate", "25"]
    first = min(pictures.glob("*.jpg"))
    return [*shown, "-pattern_type", "glob", "-i", f"{pictures}/*.jpg", *shown, "-i", str(first)]


class RtspCamera(NetworkCamera):
    """The same over RTSP, behind a password; it can be neither garbled nor stuck."""

    USER, PASSWORD = "anna", "geheim"

    @property
    def address(self) -> str:
        """Where it is served, with the password."""
        return f"rtsp://{self.USER}:{self.PASSWORD}@127.0.0.1:{self._port}/live"

    def _command(self) -> list[str]:
        return [SYSTEM_PYTHON, str(_RTSP), str(self._port), self.USER, self.PASSWORD]


def has_rtsp() -> bool:
    """Whether what :class:`RtspCamera` needs is installed."""
    if not Path(SYSTEM_PYTHON).exists():
        return False
    needs = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    return subprocess.run([SYSTEM_PYTHON, "-c", needs], capture_output=True, check=False).returncode == 0
