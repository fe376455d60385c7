"""Whether a live camera still looks: a sensor has noise, so it never gives the same picture twice.

A camera or driver that hangs often goes on sending its last picture, or the last few in turn. Through an encoder a
still picture comes out as a round of several, from one key frame to the next; so each picture is looked for among the
last 64 rather than only held against the one before.
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections import OrderedDict
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.line.sources.device import Device, Picture
    from filo_core.line.sources.timing import CameraTiming

KeyT = TypeVar("KeyT")
_REMEMBERED = 64
_SAMPLED_ROWS = 16

Stuck = frozenset[tuple[bytes, int]]
"""Pictures that a camera was stuck on: digest of some rows and checksum of the whole of each."""


class Handling(Enum):
    """What to do with a picture."""

    GIVEN = auto()
    """Give it out."""
    HELD_BACK = auto()
    """It was there before: give it to nobody."""
    STUCK = auto()
    """The same, for too long."""


class Repeats:
    """Looks at each picture of a device, over all the times that it is opened.

    Pictures that were there before are held back from the first on, except those of a stream, where they are only
    once the stream was stuck on them. Of a file all are given out.

    Args:
        timing: for how long, and how many, until the device is stuck.
        stuck: pictures that it was stuck on in an earlier life of its process.
    """

    def __init__(self, timing: CameraTiming, stuck: Stuck = frozenset()) -> None:
        self._timing = timing
        self._stuck = stuck
        self._pictures: OrderedDict[tuple[bytes, int], bool] = OrderedDict.fromkeys(stuck, True)
        self._samples: OrderedDict[bytes, bool] = OrderedDict.fromkeys((sample for sample, _ in stuck), True)
        """Whether the whole was read of any picture with these rows."""
        self._holds_back = False
        self._limit_s = math.inf
        self._since = math.inf
        self._repeats = 0

    @property
    def stuck(self) -> Stuck:
        """The pictures that the device was last stuck on."""
        return self._stuck

    def begin(self, device: Device) -> None:
        """Expect pictures of a device that was just opened."""
        live_s = self._timing.network_repeat_s if device.is_stream else self._timing.repeat_s
        self._limit_s = math.inf if device.is_file else live_s
        self._holds_back = not device.is_stream
        self._since = math.inf
        self._repeats = 0

    def look(self, picture: Picture) -> Handling:
        """What to do with the next picture."""
        if math.isinf(self._limit_s):
            return Handling.GIVEN
        seen = self._seen_before(picture.rgb)
        self._repeats = self._repeats + 1 if seen else 0
        self._since = min(self._since, picture.monotonic) if seen else picture.monotonic
        if seen is None:
            return Handling.GIVEN
        if self._repeats >= self._timing.repeats and picture.monotonic - self._since >= self._limit_s:
            self._stuck = frozenset(self._pictures)
            return Handling.STUCK
        return Handling.HELD_BACK if self._holds_back or seen in self._stuck else Handling.GIVEN

    def _seen_before(self, rgb: NDArray[np.uint8]) -> tuple[bytes, int] | None:
        """Its digests if it was there before. The whole is only read where some of its rows were there before."""
        sample = hashlib.sha256(rgb[:: -(-len(rgb) // _SAMPLED_ROWS)].tobytes()).digest()
        was_read = self._samples.get(sample)
        _remember(self._samples, sample, was_read is not None)
        if was_read is None:
            return None
        picture = sample, zlib.crc32(rgb.data)
        # The second time the rows have to speak for the whole, which was not read the first time.
        was_there = picture in self._pictures or not was_read
        _remember(self._pictures, picture, True)
        return picture if was_there else None


def _remember(recent: OrderedDict[KeyT, bool], key: KeyT, value: bool) -> None:
    recent[key] = value
    recent.move_to_end(key)
    if len(recent) > _REMEMBERED:
        recent.popitem(last=False)
