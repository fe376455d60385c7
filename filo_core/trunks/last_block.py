"""DINOv2 to its last norm, from its published file: what AnomalyDINO reads. In torch, for benchmarks only.

The graphs that a station runs end earlier, where they localise best.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from filo_core.errors import ProfileError
from filo_core.trunks.fetching import checked
from filo_core.trunks.networks import SHAPES
from filo_core.trunks.specs import Network, TrunkSpec
from filo_core.trunks.store import INSTALL, TrunkStore

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from filo_core.trunks.session import TrunkSession


class LastBlock:
    """Patch tokens of the last block behind the last norm.

    Args:
        network: of :func:`filo_core.trunks.eager.whole_dino`.
        device: where it computes.
        trained: False for seeded weights.
    """

    def __init__(self, network: nn.Module, device: str = "cpu", *, trained: bool = True) -> None:
        self._network = network.to(device).eval()
        self._device = device
        self.trained = trained

    @torch.inference_mode()
    def patches(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """``(rows, columns, C)`` of ``(H, W, 3)`` RGB in [0, 1], both sides multiples of 14."""
        batch = torch.from_numpy(np.ascontiguousarray(_normal(pixels).transpose(2, 0, 1)[None]))
        tokens = self._network(batch.to(self._device))[0].float().cpu().numpy()
        return np.ascontiguousarray(tokens.transpose(1, 2, 0))


class PreparedBlock:
    """The deepest block of a prepared trunk, where the published file is not here.

    Args:
        session: of the trunk.
    """

    trained = True

    def __init__(self, session: TrunkSession) -> None:
        self._session = session

    def patches(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """``(rows, columns, C)`` of ``(H, W, 3)`` RGB in [0, 1], both sides multiples of 14."""
        (tokens,) = self._session.stages(pixels, self._session.shape.outputs[-1:])
        # The last norm is not in the graph; without its weights this is the same norm.
        centred = tokens - tokens.mean(axis=-1, keepdims=True)
        return np.asarray(centred / (centred.std(axis=-1, keepdims=True) + 1e-6), np.float32)


def published_last_block(store: TrunkStore, spec: TrunkSpec, device: str) -> LastBlock:
    """From the file that ``models install eyes`` keeps.

    Raises:
        ProfileError: if it is not on this machine, or is another one.
    """
    from filo_core.trunks.eager import whole_dino

    file = store.published_file(spec)
    if file is None:
        raise ProfileError(
            "The file of {title} is not on this machine. Run '{install}'.", title=spec.title, install=INSTALL
        )
    return LastBlock(whole_dino(spec, checked(file, spec)), device)


def _normal(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    shape = SHAPES[Network.DINOV2_S]
    return np.asarray((pixels - np.array(shape.mean, np.float32)) / np.array(shape.std, np.float32), np.float32)
