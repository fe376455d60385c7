"""A trunk with a memory answers as the one behind it, and asks it once a picture."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from filo_core.benchmark import remembering
from filo_core.benchmark.remembering import RememberingTrunk


class _Asked:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.spec, self.shape, self.device, self.times = SimpleNamespace(name="lite0"), SimpleNamespace(), "cpu", 0

    def stages(self, pixels: NDArray[np.float32], outputs: tuple[str, ...]) -> list[NDArray[np.float32]]:
        self.times += 1
        return [pixels * (number + 1) for number, _ in enumerate(outputs)]


def test_a_picture_is_looked_at_once_for_the_same_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "_MOST", 2)
    behind = _Asked()
    trunk = RememberingTrunk(behind)  # type: ignore[arg-type]
    one, other, third = (np.full((4, 4, 3), value, np.float32) for value in (0.1, 0.2, 0.3))
    assert trunk.device == "cpu"
    assert trunk.spec.name == "lite0"
    for _ in range(3):
        np.testing.assert_array_equal(trunk.stages(one, ("b2", "b4"))[1], one * 2)
    assert behind.times == 1
    trunk.stages(one, ("b2",))
    assert behind.times == 2
    np.testing.assert_array_equal(trunk.stages(other, ("b2",))[0], other)
    trunk.stages(third, ("b2",))
    # The oldest is forgotten, and looked at again.
    trunk.stages(one, ("b2", "b4"))
    assert behind.times == 5
