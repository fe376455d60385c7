"""Where ONNX Runtime may compute: the graphics cards it knows how to use on this machine, and the CPU after them."""

from __future__ import annotations

from filo_core.errors import ProfileError

CPU = "CPUExecutionProvider"
_CARDS = {
    "CUDAExecutionProvider": "cuda",
    "ROCMExecutionProvider": "rocm",
    "MIGraphXExecutionProvider": "migraphx",
    "DmlExecutionProvider": "directml",
    "CoreMLExecutionProvider": "coreml",
}
"""Providers for graphics cards in the order in which they are tried, and what they are called here.

TensorRT is left out: it compiles a graph for minutes, anew for every size of picture.
"""


def providers_for(device: str) -> list[str]:
    """ONNX Runtime's names of what is tried in turn for a wish: ``auto``, ``cpu`` or ``cuda``, any graphics card.

    Raises:
        ProfileError: if it is none of these, or a graphics card is asked for where ONNX Runtime can use none.
    """
    kind = device.partition(":")[0]
    if kind not in {"auto", "cpu", "cuda"}:
        raise ProfileError("{device!r} is no device. Use auto, cpu or cuda.", device=device[:40])
    # Asked whatever the wish: without ONNX Runtime nothing is usable, and whoever loads a profile learns it here.
    cards = cards_here()
    if kind == "cpu":
        return [CPU]
    if kind == "cuda":
        if not cards:
            raise ProfileError(
                "The device 'cuda' was asked for, but ONNX Runtime can use no graphics card here. Use --device cpu, or "
                "install the build of ONNX Runtime for this machine's card, such as onnxruntime-gpu, in its place."
            )
        return cards
    return [*cards, CPU]


def cards_here() -> list[str]:
    """Providers for graphics cards that the installed ONNX Runtime was built with; whether they work shows in use."""
    import onnxruntime

    there = onnxruntime.get_available_providers()
    return [name for name in _CARDS if name in there]


def device_of(provider: str) -> str:
    """What a provider's device is called: ``cpu``, ``cuda``, ``directml`` and the like."""
    return _CARDS.get(provider, "cpu")
