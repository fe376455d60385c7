"""Where a trunk computes: the cards that ONNX Runtime knows, in turn, and the CPU when they do not work."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import onnxruntime
import pytest

from filo_core.errors import ProfileError
from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.providers import CPU, cards_here, providers_for
from filo_core.trunks.session import TrunkSession

CUDA, DIRECTML, TENSORRT = "CUDAExecutionProvider", "DmlExecutionProvider", "TensorrtExecutionProvider"


class Runtime:
    """ONNX Runtime of a machine with graphics cards, each of which works, refuses, is passed over or fails later."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **cards: str) -> None:
        self._cards = {CUDA: cards.get("cuda", ""), DIRECTML: cards.get("directml", "")}
        self.opened: list[list[str]] = []
        known = [TENSORRT, *(name for name, how in self._cards.items() if how), CPU]
        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: known)
        monkeypatch.setattr(onnxruntime, "InferenceSession", self._session)

    def _session(self, _graph: bytes, _options: object, providers: list[str]) -> Any:
        self.opened.append(providers)
        how = self._cards.get(providers[0], "works")
        if how == "refuses":
            raise RuntimeError("no kernel for this card")
        return _Session([CPU] if how == "passed over" else providers, fails=how == "fails")


class _Session:
    def __init__(self, providers: list[str], *, fails: bool) -> None:
        self._providers = providers
        self._fails = fails

    def get_providers(self) -> list[str]:
        return self._providers

    def run(self, outputs: list[str], _feed: object) -> list[np.ndarray]:
        if self._fails:
            raise RuntimeError("out of memory")
        return [np.zeros((1, 4, 2, 2), np.float32) for _ in outputs]


def _trunk(device: str = "auto") -> TrunkSession:
    return TrunkSession(shipped_trunks()[0], b"graph", device)


def _look(trunk: TrunkSession) -> tuple[int, ...]:
    return trunk.stages(np.zeros((16, 16, 3), np.float32), ["b2"])[0].shape


def test_the_cards_that_there_are_come_first_and_the_cpu_last(monkeypatch: pytest.MonkeyPatch) -> None:
    Runtime(monkeypatch, cuda="works", directml="works")
    assert providers_for("auto") == [CUDA, DIRECTML, CPU]
    assert providers_for("cuda:0") == [CUDA, DIRECTML]
    assert providers_for("cpu") == [CPU]
    assert TENSORRT not in cards_here()


@pytest.mark.parametrize(("card", "name"), [("cuda", "cuda"), ("directml", "directml")])
def test_a_card_that_works_is_used(card: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Runtime(monkeypatch, **{card: "works"})
    assert _trunk().device == name
    assert _trunk("cpu").device == "cpu"


@pytest.mark.parametrize("how", ["refuses", "passed over"])
def test_a_card_that_does_not_work_is_given_up_for_the_next(
    how: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = Runtime(monkeypatch, cuda=how, directml="works")
    with caplog.at_level(logging.WARNING):
        trunk = _trunk()
    assert trunk.device == "directml"
    assert "does not run on cuda" in caplog.text
    assert runtime.opened == [[CUDA, CPU], [DIRECTML, CPU]]


def test_without_a_card_that_works_the_cpu_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    Runtime(monkeypatch, cuda="refuses", directml="passed over")
    trunk = _trunk()
    assert trunk.device == "cpu"
    assert _look(trunk) == (2, 2, 4)


def test_a_card_that_fails_on_a_picture_is_given_up_and_the_picture_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Runtime(monkeypatch, cuda="fails")
    trunk = _trunk()
    assert trunk.device == "cuda"
    assert _look(trunk) == (2, 2, 4)
    assert trunk.device == "cpu"
    _look(trunk)
    assert len(runtime.opened) == 2


def test_a_card_that_was_asked_for_is_not_given_up_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    Runtime(monkeypatch, cuda="refuses")
    with pytest.raises(ProfileError, match="use --device cpu"):
        _trunk("cuda")
    Runtime(monkeypatch, cuda="passed over")
    with pytest.raises(ProfileError, match="libraries are missing"):
        _trunk("cuda")
    Runtime(monkeypatch)
    with pytest.raises(ProfileError, match="can use no graphics card here"):
        _trunk("cuda")
    with pytest.raises(ProfileError, match="Use auto, cpu or cuda"):
        _trunk("tpu")


def test_what_the_cpu_refuses_is_refused() -> None:
    with pytest.raises(ProfileError, match=r"on cpu.*Prepare it again"):
        _trunk("cpu")
