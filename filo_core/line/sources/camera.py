"""Cameras, network streams and video files, each captured in a process of its own that can be killed."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filo_core.imaging import MAX_PIXELS, printable_name
from filo_core.line.sources.address import CameraAddress
from filo_core.line.sources.base import Frame, SourceState
from filo_core.line.sources.camera_process import CameraProcess, capture
from filo_core.line.sources.camera_session import CameraSession
from filo_core.line.sources.capturing import CaptureSettings, Ending
from filo_core.line.sources.shared_frame import FIRST_CAPACITY
from filo_core.line.sources.timing import CameraTiming
from filo_core.loops import Loop
from filo_core.sentence import Sentence, sentences

if TYPE_CHECKING:
    from pathlib import Path

    from filo_core.line.sources.repeats import Stuck

_LOOK_EVERY_S = 0.05
_LONGEST_WAIT_S = 0.05
"""For a picture of one life of the process: another one may have begun meanwhile."""
_SIZE_REMEDY = Sentence("Set a smaller size.")
_STUCK_REMEDY = Sentence(
    "Restart the camera, and check that its lens is not covered and its light is on. It is tried again by itself."
)


class CameraSource:
    """A camera, network stream or video file, read by OpenCV in its own process.

    OpenCV can hang for ever in a camera that was unplugged. So it has a process to itself, which opens the camera
    again by itself; when it gives no sign of life it is killed and replaced, with growing waits. One that only repeats
    its pictures counts as lost as well. A stream's password is in no name, problem, log or printed form.

    Args:
        address: number of a local camera, path of a video file or device, or URL.
        name: what an operator calls it; from the address, without passwords, when empty.
        size: width and height to ask the camera for.
        loop: play a video file for ever; else STOPPED at its end.
        timing: when it counts as lost.
        process: what runs in the process of its own.
        remedy: what to do when it is lost, as sentences; those for what the address names, when empty.
    """

    def __init__(
        self,
        address: int | str | Path,
        *,
        name: str = "",
        size: tuple[int, int] | None = None,
        loop: bool = True,
        timing: CameraTiming | None = None,
        process: CameraProcess = capture,
        remedy: str = "",
    ) -> None:
        self._address = CameraAddress(address)
        self._name = name
        self._timing = timing or CameraTiming()
        self._settings = CaptureSettings(self._address, size, loop, self._timing)
        self._process = process
        self._own_remedy = remedy
        self._capacity = FIRST_CAPACITY
        self._state = SourceState.STOPPED
        self._problem = ""
        self._loop = Loop("filo-camera-watch", self._run, "watches the camera")
        self._starting = threading.Lock()
        # Guards the counters and the session against its replacement while a frame is being read.
        self._reading = threading.Lock()
        self._session: CameraSession | None = None
        self._left_over: Frame | None = None
        self._frames_before = 0
        self._last_taken = 0
        self._taken = 0

    def __repr__(self) -> str:
        return f"CameraSource({self.name!r}, {self._state})"

    @property
    def name(self) -> str:
        """What an operator calls it; holds no password."""
        return self._name or printable_name(self._address.shown)

    @property
    def state(self) -> SourceState:
        """How it is now."""
        return SourceState.LOST if self._loop.problem else self._state

    @property
    def problem(self) -> str:
        """While LOST: what happened and what to do, as a sentence."""
        return self._loop.problem or self._problem

    @property
    def frames(self) -> int:
        """Frames captured since the start, over all reconnects."""
        with self._reading:
            return self._count_frames()

    @property
    def dropped(self) -> int:
        """Frames that a newer one replaced before anybody took them."""
        with self._reading:
            session = self._session
            waits = self._left_over is not None or (session is not None and session.room.sequence > self._last_taken)
            return max(0, self._count_frames() - self._taken - waits)

    def start(self) -> None:
        """Begin to capture, and return at once; no effect while it captures."""
        with self._starting:
            if self._loop.is_running:
                return
            with self._reading:
                self._left_over = None
                self._frames_before = self._last_taken = self._taken = 0
            self._problem = ""
            self._state = SourceState.OPENING
            self._loop.start()

    def stop(self) -> None:
        """End; the camera's process is gone afterwards."""
        with self._starting:
            self._loop.stop()
            with self._reading:
                self._left_over = None
            self._problem = ""
            self._state = SourceState.STOPPED

    def newest(self) -> Frame | None:
        """The newest frame, unless it was taken already."""
        with self._reading:
            frame = self._read_room() or self._left_over
            self._left_over = None
            self._taken += frame is not None
            return frame

    def wait(self, timeout: float) -> bool:
        """Wait until there is a frame to take, at most ``timeout`` seconds; True when there is one."""
        until = time.monotonic() + timeout
        while True:
            with self._reading:
                session, taken, waits = self._session, self._last_taken, self._left_over is not None
            left = until - time.monotonic()
            if waits or left <= 0:
                return waits or (session is not None and session.room.sequence > taken)
            if session is None:
                if self._loop.pause(min(left, _LONGEST_WAIT_S)):
                    return False
            elif session.room.wait(taken, min(left, _LONGEST_WAIT_S)):
                return True

    def _count_frames(self) -> int:
        return self._frames_before + (self._session.room.sequence if self._session is not None else 0)

    def _read_room(self) -> Frame | None:
        read = None if self._session is None else self._session.room.read(self._last_taken)
        if read is None:
            return None
        pixels, self._last_taken, wall, monotonic = read
        return Frame(pixels, self._frames_before + self._last_taken, datetime.fromtimestamp(wall, UTC), monotonic)

    def _run(self) -> None:
        failures = 0
        while not self._loop.must_stop():
            before = self._frames_before
            problem = self._one_life()
            if self._loop.must_stop():
                return
            if not problem:
                self._state = SourceState.STOPPED
                return
            self._lose(problem)
            failures = 1 if self._frames_before > before else failures + 1
            self._loop.pause(self._timing.pause(failures))

    def _one_life(self) -> str:
        """Capture until it ends; the problem as a sentence, empty when it was stopped or played to its end."""
        while True:
            if self._address.is_missing_file:
                return self._missing_sentence()
            try:
                session = CameraSession(self._process, self._settings, self._capacity)
            except OSError as error:
                return Sentence(
                    "{name} cannot be opened: no process for it could be started ({strerror}).",
                    name=self.name,
                    strerror=error.strerror,
                )
            with self._reading:
                self._session = session
            try:
                ending, needed, problem = self._watch(session)
            finally:
                self._put_away(session)
            if ending is not Ending.TOO_LARGE or needed > MAX_PIXELS * 3:
                return problem
            self._capacity = needed

    def _watch(self, session: CameraSession) -> tuple[Ending | None, int, str]:
        while not self._loop.must_stop():
            news = session.look(_LOOK_EVERY_S)
            if news is None:
                problem = self._look_at_silence(session)
                if problem:
                    session.kill()
                    return None, 0, problem
                continue
            ending, number = news.ending, news.number
            if ending is None and number == 0 and session.trouble:
                # It had said why before it ended.
                return None, 0, session.trouble
            problem = self._ending_sentence(ending, number)
            if ending is Ending.REPEATED:
                self._keep_back(session, news.stuck)
            if problem and ending is not Ending.TOO_LARGE:
                # At once: to clear the process away takes its time.
                self._lose(problem)
            if ending is None or not ending.is_tried_again:
                return ending, number, problem
            session.expect_reopening(problem)
        return None, 0, ""

    def _look_at_silence(self, session: CameraSession) -> str:
        """Take the state from the process's signs of life; why it must be killed, as a sentence, or nothing."""
        timing, silence = self._timing, session.silence(time.monotonic())
        if session.is_opening:
            limit = timing.open_s if session.room.beats else timing.start_s
            return (
                Sentence(
                    "{name} did not open within {limit:g} s. {value}", name=self.name, limit=limit, value=self._remedy()
                )
                if silence > limit
                else ""
            )
        if silence > timing.hang_s:
            return Sentence("{name} hung and was shut down. {value}", name=self.name, value=self._remedy())
        if silence > timing.lost_s:
            self._lose(Sentence("{name} sends no pictures. {value}", name=self.name, value=self._remedy()))
        else:
            self._problem = ""
            self._state = SourceState.RUNNING
        return ""

    def _keep_back(self, session: CameraSession, stuck: Stuck) -> None:
        """Give the picture that the camera is stuck on to nobody any more, nor that of its next life."""
        self._settings = replace(self._settings, stuck=stuck)
        with self._reading:
            self._left_over = None
            self._last_taken = session.room.sequence

    def _put_away(self, session: CameraSession) -> None:
        session.close()
        with self._reading:
            # The last picture may still be taken, though its memory goes.
            self._left_over = self._read_room() or self._left_over
            self._frames_before += session.room.sequence
            self._last_taken = 0
            self._session = None

    def _lose(self, problem: str) -> None:
        self._problem = problem
        self._state = SourceState.LOST

    def _missing_sentence(self) -> str:
        return Sentence("{name} does not exist. Choose the file or camera again.", name=self.name)

    def _ending_sentence(self, ending: Ending | None, number: int) -> str:
        remedy = self._remedy()
        match ending:
            case Ending.PLAYED:
                return ""
            case Ending.NOT_OPENED if self._address.is_missing_file:
                # Taken away since it was last played.
                return self._missing_sentence()
            case Ending.NOT_OPENED:
                happened = Sentence("{name} could not be opened.", name=self.name)
            case Ending.NO_PICTURE:
                happened = Sentence("{name} sends no pictures any more.", name=self.name)
            case Ending.REPEATED:
                happened = Sentence("{name} sends the same picture again and again.", name=self.name)
                remedy = _STUCK_REMEDY
            case Ending.TOO_LARGE:
                happened = Sentence(
                    "{name} sends pictures of {number:,} pixels, more than are read.",
                    name=self.name,
                    number=number // 3,
                )
                remedy = _SIZE_REMEDY
            case None:
                happened = Sentence(
                    "{name}: its process ended by itself (exit code {number}).", name=self.name, number=number
                )
        return sentences(happened, remedy)

    def _remedy(self) -> str:
        if self._own_remedy:
            return self._own_remedy
        if self._address.is_url:
            return Sentence(
                "Check the network, the address, the user name and the password. It is tried again by itself."
            )
        if self._address.is_video_file:
            return Sentence("Check that it is a video file that plays elsewhere.")
        return Sentence("Check the plug, and that no other program uses it. It is tried again by itself.")
