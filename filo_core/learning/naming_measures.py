"""How honest shares are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BINS = 10


def calibration_error(shares: NDArray[np.float32], right: NDArray[np.bool_]) -> float:
    """Expected calibration error (Guo et al. 2017): mean distance of share and rate of being right, over ten bins.

    Args:
        shares: ``(n,)`` of the names given, in [0, 1].
        right: ``(n,)`` whether each was right.

    Returns:
        In [0, 1]; 0 for none.
    """
    if not len(shares):
        return 0.0
    at = np.minimum((shares * _BINS).astype(int), _BINS - 1)
    total = 0.0
    for number in range(_BINS):
        own = at == number
        if own.any():
            total += own.mean() * abs(float(shares[own].mean()) - float(right[own].mean()))
    return float(total)
