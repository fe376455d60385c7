"""After how long a camera counts as lost, hung or worth another try."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CameraTiming:
    """Limits, those that end in ``_s`` in seconds."""

    start_s: float = 30.0
    """For starting the process: on a busy machine that takes long, and to begin again would take longer."""
    open_s: float = 10.0
    """For opening the device, until its first picture; then the process is killed."""
    network_open_s: float = 8.0
    """For opening a stream the first time, by the library's own clock, which needs no new process."""
    network_reopen_s: float = 3.0
    """At least so long for opening it again; twice as long as it took before where that is more."""
    network_read_s: float = 2.0
    """For the next picture of a stream, by the same clock; then it is opened again."""
    lost_s: float = 0.6
    """Without a sign of life, until the source is LOST."""
    hang_s: float = 4.0
    """Without a sign of life, until the process is killed and the camera opened anew."""
    repeat_s: float = 2.0
    """With nothing but pictures that were there before, until the camera is stuck: LOST, and opened again."""
    network_repeat_s: float = 10.0
    """The same for a stream, where a still scene may give the same picture until the next key frame."""
    repeats: int = 5
    """And at least so many of them, since some cameras give a picture only every few seconds."""
    first_retry_s: float = 0.25
    longest_retry_s: float = 1.0
    """Waits between tries double from the first to this."""

    def pause(self, failures: int) -> float:
        """The wait after so many tries in a row without a picture, from 1."""
        return min(self.longest_retry_s, self.first_retry_s * 2.0 ** min(failures - 1, 16))
