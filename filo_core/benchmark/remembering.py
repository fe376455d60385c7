"""A trunk that looks at each picture once: rows of a comparison differ in what they make of it, not in what it is."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from filo_core.trunks.session import TrunkSession, open_trunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from filo_core.trunks.specs import TrunkSpec
    from filo_core.trunks.store import TrunkStore

_MOST = 160
"""Pictures a trunk remembers, some megabytes each: more than a category of a comparison has."""


class RememberingTrunk(TrunkSession):
    """Answers as the trunk behind it.

    Args:
        behind: an open trunk.
    """

    def __init__(self, behind: TrunkSession) -> None:
        self._behind = behind
        self.spec, self.shape = behind.spec, behind.shape
        self._seen: OrderedDict[tuple[str, ...], list[NDArray[np.float32]]] = OrderedDict()

    @property
    def device(self) -> str:
        """Where the trunk behind it computes."""
        return self._behind.device

    def stages(self, pixels: NDArray[np.float32], outputs: Sequence[str]) -> list[NDArray[np.float32]]:
        """As :meth:`~filo_core.trunks.session.TrunkSession.stages`; whoever gets them must not change them."""
        key = (hashlib.sha256(pixels.tobytes()).hexdigest(), *map(str, pixels.shape), *outputs)
        if key not in self._seen:
            self._seen[key] = self._behind.stages(pixels, outputs)
            if len(self._seen) > _MOST:
                self._seen.popitem(last=False)
        return self._seen[key]


def open_remembering(store: TrunkStore, spec: TrunkSpec, device: str = "cpu") -> TrunkSession:
    """As :func:`~filo_core.trunks.session.open_trunk`, with a memory."""
    return RememberingTrunk(open_trunk(store, spec, device))
