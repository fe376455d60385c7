"""What runs in a GenICam camera's own process: harvesters and the camera maker's driver, which may hang or crash."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from filo_core.line.sources.camera_process import begin_process
from filo_core.line.sources.capturing import CaptureSettings, keep_capturing
from filo_core.line.sources.device import Device, Picture
from filo_core.line.sources.genicam import GenicamAddress
from filo_core.line.sources.pixel_formats import can_convert, rgb_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from filo_core.line.sources.shared_frame import SharedFrame

_BUFFERS = 3
"""Fewer stall some drivers; more only make frames old."""


def capture_genicam(
    settings: CaptureSettings, room: SharedFrame, owner: Connection[Any, Any], allowed: Sequence[str] = ()
) -> None:
    """Capture with harvesters until the owner closes the connection.

    Args:
        settings: what to capture.
        room: to capture into.
        owner: whoever started this process.
        allowed: see :meth:`GenicamAddress.of`.
    """
    ending = begin_process(owner)
    address = GenicamAddress.of(str(settings.address.secret), allowed)
    from harvesters.core import Harvester  # here, where it may take its time and print what it likes

    keep_capturing(lambda _: _opened(Harvester(), address, settings), settings, room, owner, ending)


class _GenicamDevice:
    interval_s = 0.0
    is_file = is_stream = False

    def __init__(self, harvester: Any, acquirer: Any, read_s: float) -> None:
        self._harvester = harvester
        self._acquirer = acquirer
        self._read_s = read_s

    def read(self) -> Picture | None:
        try:
            with self._acquirer.fetch(timeout=self._read_s) as buffer:
                wall, monotonic = time.time(), time.monotonic()
                image = buffer.payload.components[0]
                rgb = rgb_of(np.asarray(image.data), image.width, image.height, image.data_format)
        except Exception:  # noqa: BLE001 every producer raises errors of its own; all mean that no picture came
            return None
        return Picture(rgb, wall, monotonic)

    def close(self) -> None:
        try:
            self._acquirer.destroy()
        finally:
            self._harvester.reset()


def _opened(harvester: Any, address: GenicamAddress, settings: CaptureSettings) -> Device | None:
    try:
        for path in address.producers:
            harvester.add_file(str(path))
        harvester.update()
        found = next(info for info in harvester.device_info_list if _is_meant(info, address.camera))
        acquirer = harvester.create(harvester.device_info_list.index(found))
        acquirer.num_buffers = _BUFFERS
        _set_up(acquirer.remote_device.node_map, settings)
        acquirer.start()
    except Exception:  # noqa: BLE001 the same; StopIteration means that no such camera is there
        harvester.reset()
        return None
    return _GenicamDevice(harvester, acquirer, settings.timing.network_read_s)


def _is_meant(info: Any, camera: str) -> bool:
    # A producer refuses to say what it does not know; the properties leave that out.
    known = info.property_dict
    return not camera or camera in {known.get(name) for name in ("serial_number", "id_", "user_defined_name")}


def _set_up(nodes: Any, settings: CaptureSettings) -> None:
    pixel_format = getattr(nodes, "PixelFormat", None)
    if pixel_format is not None and not can_convert(pixel_format.value):
        pixel_format.value = next(name for name in pixel_format.symbolics if can_convert(name))
    if settings.size is not None:
        nodes.Width.value, nodes.Height.value = settings.size
