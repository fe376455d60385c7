"""Loss and recovery of a network camera that ffmpeg serves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil

from filo_core.line.sources.base import SourceState
from filo_core.line.sources.camera import CameraSource
from filo_core.line.sources.timing import CameraTiming
from tools.soak_line.findings import Findings, Unit, wait_for
from tools.stream_rig import NetworkCamera

UNPLUGGED, FROZEN, GARBLED, STUCK = FAULTS = (
    "unplugged", "frozen", "garbled, then replaced", "repeats its picture",
)  # fmt: skip
LONGEST_LOSS_S = {UNPLUGGED: 1.0, FROZEN: 1.0, STUCK: CameraTiming().network_repeat_s + 1.0}
LONGEST_RECOVERY_S = 5.0


def units(_home: Path, done: list[Unit], wanted: int) -> Iterator[Unit]:
    """One fault each, the kinds in turn."""
    left = [fault for number in range(wanted) for fault in FAULTS if _count(done, fault) <= number]
    if not left:
        return
    camera = NetworkCamera()
    camera.plug()
    source = CameraSource(camera.address)
    source.start()
    try:
        wait_for(lambda: source.newest() is not None)
        for fault in left:
            yield _pulled(camera, source, fault)
    finally:
        source.stop()
        camera.close()


def _pulled(camera: NetworkCamera, source: CameraSource, fault: str) -> Unit:
    at = time.monotonic()
    faults: dict[str, Callable[[], None]] = {
        UNPLUGGED: camera.unplug,
        FROZEN: camera.freeze,
        GARBLED: lambda: camera.replace(garbled=True),
        STUCK: camera.repeat,
    }
    faults[fault]()
    if fault == GARBLED:
        # Whatever the decoder makes of it.
        loss = wait_for(lambda: source.state is SourceState.LOST or _is_fresh(source, at))
    else:
        loss = wait_for(lambda: source.state is SourceState.LOST)
    why = source.problem
    camera.replace()
    # How long this machine takes to start what plays the camera is not the line's.
    wait_for(lambda: camera.is_up)
    back = time.monotonic()
    recovery = wait_for(lambda: _is_fresh(source, back))
    me = psutil.Process()
    children = [child for child in me.children() if child.name() != "ffmpeg"]
    memory = max((child.memory_info().rss for child in children), default=0) / 2**20
    return {
        "fault": fault, "loss": loss, "why": why, "recovery": recovery,
        "camera_mib": memory, "open_files": me.num_fds(),
    }  # fmt: skip


def findings(done: list[Unit]) -> Findings:
    """The table of all faults."""
    header = ("fault", "times", "loss shown after, median / max", "pictures again after, median / max")
    found = Findings("A network camera, pulled", header)
    for fault in FAULTS:
        of_kind = [unit for unit in done if unit["fault"] == fault]
        if not of_kind:
            continue
        losses = np.array([unit["loss"] for unit in of_kind])
        recoveries = np.array([unit["recovery"] for unit in of_kind])
        loss = "pictures or a loss" if fault == GARBLED else _median_and_max(losses)
        found.rows.append((fault, len(of_kind), loss, _median_and_max(recoveries)))
        late, worst = int((recoveries >= LONGEST_RECOVERY_S).sum()), recoveries.max()
        in_time = losses.max() < LONGEST_LOSS_S.get(fault, np.inf)
        found.require(in_time, f"{fault}: loss shown after {losses.max():.2f} s")
        found.require(not late, f"{fault}: back after up to {worst:.2f} s, over 5 s in {late} of {len(of_kind)}")
        unsaid = sum(fault == STUCK and "the same picture" not in unit["why"] for unit in of_kind)
        found.require(not unsaid, f"{fault}: called something else in {unsaid} of {len(of_kind)}")
    if done:
        memory, files = ([unit[name] for unit in (done[0], done[-1])] for name in ("camera_mib", "open_files"))
        found.note = (
            f"Targets: loss < 1 s, of a stream that repeats its picture < {LONGEST_LOSS_S[STUCK]:g} s, since a still "
            "scene may look so; recovery < 5 s from when the camera can be connected to again. "
            f"Memory of the camera's process after the first and the last fault: {memory[0]:.0f}, {memory[1]:.0f} MiB; "
            f"open files of the line: {files[0]}, {files[1]}."
        )
    return found


def _count(done: list[Unit], fault: str) -> int:
    return sum(unit["fault"] == fault for unit in done)


def _is_fresh(source: CameraSource, since: float) -> bool:
    frame = source.newest()
    return frame is not None and frame.captured_monotonic > since and source.state is SourceState.RUNNING


def _median_and_max(seconds: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    return f"{np.median(seconds):.2f} s / {seconds.max():.2f} s"
