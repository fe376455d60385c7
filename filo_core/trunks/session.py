"""A prepared trunk that runs: pixels in, stages out. ONNX Runtime and numpy only."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from filo_core.errors import ProfileError
from filo_core.trunks.networks import INPUT, SHAPES
from filo_core.trunks.providers import CPU, device_of, providers_for
from filo_core.trunks.specs import TrunkSpec
from filo_core.trunks.store import TrunkStore, missing_sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_THREADS = 8

logger = logging.getLogger(__name__)


class TrunkSession:
    """One trunk in ONNX Runtime.

    With ``auto``, a graphics card that refuses the graph or fails on a picture is given up for the next one, and for
    the CPU in the end; the log says so.

    Args:
        spec: which.
        cpu_graph: content of the graph that a CPU runs.
        device: ``auto``, ``cpu`` or ``cuda``, which is any graphics card.
        card_graph: content of the graph that a graphics card runs; the same unless given.

    Raises:
        ProfileError: if ONNX Runtime refuses the graph, or the device is not there.
    """

    def __init__(self, spec: TrunkSpec, cpu_graph: bytes, device: str = "cpu", card_graph: bytes = b"") -> None:
        self.spec = spec
        self.shape = SHAPES[spec.network]
        self._left = providers_for(device)
        self._graphs = (cpu_graph, card_graph or cpu_graph)
        self._session = self._opened()
        if len(self._left) == 1:
            # They are needed once more only where there is a card to be given up.
            self._graphs = (b"", b"")

    @property
    def device(self) -> str:
        """Where it computes: ``cpu``, ``cuda``, ``directml`` and the like."""
        return device_of(self._left[0])

    def stages(self, pixels: NDArray[np.float32], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        """Chosen outputs for one picture.

        Args:
            pixels: ``(H, W, 3)`` float32 RGB in [0, 1]; both sides are multiples of the network's.
            outputs: names as in :attr:`shape`.

        Returns:
            One ``(h, w, C)`` float32 array an output.
        """
        normal = (pixels - np.array(self.shape.mean, np.float32)) / np.array(self.shape.std, np.float32)
        batch = np.ascontiguousarray(normal.transpose(2, 0, 1)[None], dtype=np.float32)
        found: list[NDArray[np.float32]] = self._run(list(outputs), batch)
        return [stage[0].transpose(1, 2, 0) for stage in found]

    def _run(self, outputs: list[str], batch: NDArray[np.float32]) -> Any:
        try:
            return self._session.run(outputs, {INPUT: batch})
        except Exception as error:
            if not self._give_up(error):
                raise
        self._session = self._opened()
        return self._run(outputs, batch)

    def _opened(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(cores(), _MOST_THREADS)
        # Threads that spin between pictures take the cores that decode and store.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        graph = self._graphs[self._left[0] != CPU]
        providers = list(dict.fromkeys([self._left[0], CPU]))
        try:
            session = onnxruntime.InferenceSession(graph, options, providers=providers)
        except Exception as error:
            if self._give_up(error):
                return self._opened()
            raise ProfileError(
                "ONNX Runtime refuses {name} on {device}: {error}. Prepare it again{or_cpu}.",
                name=self.spec.name,
                device=self.device,
                error=str(error)[:200],
                or_cpu="" if self.device == "cpu" else ", or use --device cpu",
            ) from error
        if device_of(session.get_providers()[0]) == self.device:
            return session
        # A card whose libraries are missing is passed over by ONNX Runtime itself, without an error.
        if self._give_up("its libraries are missing"):
            return self._opened()
        raise ProfileError(
            "The device {device!r} was asked for, and does not work: its libraries are missing. "
            "Install them, or use --device cpu.",
            device=self.device,
        )

    def _give_up(self, why: object) -> bool:
        """Go on with what is tried after the present device; False where that was the last."""
        if len(self._left) == 1:
            return False
        logger.warning(
            "%s does not run on %s (%s); it goes on with %s",
            self.spec.name,
            self.device,
            str(why)[:200],
            device_of(self._left[1]),
        )
        del self._left[0]
        return True


def open_trunk(store: TrunkStore, spec: TrunkSpec, device: str = "cpu") -> TrunkSession:
    """The trunk, once its graphs are what was prepared.

    A graphics card computes as torch does, a CPU with what is rounded; their scores differ by about 0.003.

    Raises:
        ProfileError: if it is not on this machine, damaged or refused.
    """
    if store.folder(spec) is None:
        raise ProfileError(missing_sentence(spec))
    on_card = providers_for(device)[0] != CPU
    return TrunkSession(spec, store.cpu_graph(spec), device, store.graph(spec) if on_card else b"")


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
