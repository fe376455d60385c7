"""A prepared trunk that runs: pixels in, stages out. ONNX Runtime and numpy only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import ProfileError
from filo_core.trunks.networks import INPUT, SHAPES
from filo_core.trunks.specs import TrunkSpec
from filo_core.trunks.store import TrunkStore, missing_sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
_MOST_THREADS = 8


def providers_for(device: str) -> list[str]:
    """ONNX Runtime's names for a wish: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        ProfileError: if it is none of these, or CUDA is asked for where ONNX Runtime has none.
    """
    import onnxruntime

    kind = device.partition(":")[0]
    if kind not in {"auto", "cpu", "cuda"}:
        raise ProfileError(f"{device[:40]!r} is no device. Use auto, cpu or cuda.")
    has_cuda = CUDA in onnxruntime.get_available_providers()
    if kind == "cuda" and not has_cuda:
        raise ProfileError(
            "The device 'cuda' was asked for, but ONNX Runtime has none here. Use --device cpu, or install "
            "onnxruntime-gpu in place of onnxruntime."
        )
    return [CUDA, CPU] if has_cuda and kind != "cpu" else [CPU]


class TrunkSession:
    """One trunk in ONNX Runtime.

    Args:
        spec: which.
        graph: content of its graph.
        device: ``auto``, ``cpu`` or ``cuda``.

    Raises:
        ProfileError: if ONNX Runtime refuses the graph, or the device is not there.
    """

    def __init__(self, spec: TrunkSpec, graph: bytes, device: str = "cpu") -> None:
        import onnxruntime

        self.spec = spec
        self.shape = SHAPES[spec.network]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(_cores(), _MOST_THREADS)
        # Threads that spin between pictures take the cores that decode and store.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=providers_for(device))
        except ProfileError:
            raise
        except Exception as error:
            raise ProfileError(f"ONNX Runtime refuses {spec.name}: {str(error)[:200]}. Prepare it again.") from error

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``: where it computes."""
        return "cuda" if self._session.get_providers()[0] == CUDA else "cpu"

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
        found: list[NDArray[np.float32]] = self._session.run(list(outputs), {INPUT: batch})
        return [stage[0].transpose(1, 2, 0) for stage in found]


def open_trunk(store: TrunkStore, spec: TrunkSpec, device: str = "cpu") -> TrunkSession:
    """The trunk, once its graph is what was prepared.

    Raises:
        ProfileError: if it is not on this machine, damaged or refused.
    """
    if store.folder(spec) is None:
        raise ProfileError(missing_sentence(spec))
    return TrunkSession(spec, store.graph(spec), device)


def _cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
