"""What a camera's process reads: a device, and the pictures it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What a device gave: ``(H, W, 3)`` uint8 RGB, contiguous, and when it was captured by both clocks."""

    rgb: NDArray[np.uint8]
    wall: float
    monotonic: float


class Device(Protocol):
    """An opened camera, stream or video file."""

    interval_s: float
    """From one picture to the next, for what has to be held back, as a file; 0 for what sets its own pace."""
    is_file: bool
    """Whether it may come to its end; it may show the same picture as long as it likes."""
    is_stream: bool
    """Whether it comes over a network, compressed, so that two pictures may be the same though the camera is well."""

    def read(self) -> Picture | None:
        """The next picture; None when there is none any more."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
