"""Fixed pictures, what eager torch makes of them, and how far a graph may be from that. Needs no torch."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from filo_core.errors import ProfileError
from filo_core.trunks.networks import INPUT, SHAPES
from filo_core.trunks.specs import TrunkSpec
from filo_core.trunks.store import TrunkStore, probe_file

if TYPE_CHECKING:
    from numpy.typing import NDArray

TOLERANCE = 1e-4
"""Largest relative difference of a feature between a graph and eager torch."""
FARTHEST = 0.02
"""Largest mean cosine distance of a stage of a rounded graph to eager torch, on the fixed pictures."""
_CELLS = ((8, 8), (10, 17))
"""Sizes of the pictures in multiples; one is square, and one is of another shape than the export was traced with."""
_SEED = 2026


def probe_pictures(multiple: int) -> list[NDArray[np.float32]]:
    """Pictures that are the same on every machine: ``(1, 3, H, W)`` float32 as a trunk takes them."""
    rng = np.random.default_rng(_SEED)
    return [rng.standard_normal((1, 3, h * multiple, w * multiple)).astype(np.float32) for h, w in _CELLS]


def run_graph(
    graph: bytes, outputs: Sequence[str], pictures: Sequence[NDArray[np.float32]], entry: str = INPUT
) -> list[list[NDArray[np.float32]]]:
    """Outputs of a graph for each picture.

    Raises:
        ProfileError: if ONNX Runtime refuses the graph.
    """
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        return [session.run(list(outputs), {entry: picture}) for picture in pictures]
    except _refusals() as error:
        raise ProfileError(
            "ONNX Runtime refuses the graph: {error}. Prepare the trunk again.", error=str(error)[:200]
        ) from error


def largest_difference(
    found: Sequence[Sequence[NDArray[np.float32]]], truth: Sequence[Sequence[NDArray[np.float32]]]
) -> float:
    """Largest difference of a feature, in units of the largest feature of its stage; infinite where shapes differ."""
    largest = 0.0
    for ours, theirs in zip(found, truth, strict=True):
        for here, there in zip(ours, theirs, strict=True):
            if here.shape != there.shape or not np.isfinite(here).all():
                return float("inf")
            largest = max(largest, float(np.abs(here - there).max() / np.abs(there).max()))
    return largest


def write_probe(path: Path, truth: Sequence[Sequence[NDArray[np.float32]]]) -> None:
    """Keep what eager torch made of the pictures."""
    arrays = {
        f"p{picture}s{stage}": array for picture, stages in enumerate(truth) for stage, array in enumerate(stages)
    }
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def verify(store: TrunkStore, spec: TrunkSpec) -> float:
    """How far a prepared trunk is from what eager torch made of the same pictures, on this machine.

    Raises:
        ProfileError: if it is not here, damaged, or farther away than :data:`TOLERANCE`.
    """
    graph, folder, shape = store.graph(spec), store.folder(spec), SHAPES[spec.network]
    assert folder is not None, "its graph was read"
    pictures = probe_pictures(shape.multiple)
    recorded = _recorded(folder, spec, len(pictures))
    difference = largest_difference(run_graph(graph, shape.outputs, pictures), recorded)
    if not difference <= TOLERANCE:
        raise ProfileError(
            "{name} gives other features here than torch did when it was prepared ({difference:.1e}). "
            "Delete {folder} and prepare it again.",
            name=spec.name,
            difference=difference,
            folder=folder,
        )
    hold_cpu_graph(store.cpu_graph(spec), spec, pictures, recorded)
    return difference


def hold_cpu_graph(
    graph: bytes,
    spec: TrunkSpec,
    pictures: Sequence[NDArray[np.float32]],
    truth: Sequence[Sequence[NDArray[np.float32]]],
) -> float:
    """How far what a CPU runs is from eager torch: as :func:`largest_difference`, as a mean angle where it is rounded.

    Raises:
        ProfileError: if that is more than :data:`TOLERANCE`, or :data:`FARTHEST`.
    """
    shape = SHAPES[spec.network]
    found = run_graph(graph, shape.outputs, pictures)
    measure, most = (largest_turn, FARTHEST) if shape.rounded else (largest_difference, TOLERANCE)
    difference = measure(found, truth)
    if not difference <= most:
        raise ProfileError(
            "The graph of {name} for a CPU differs from torch by {difference:.1e}, more than "
            "{most:.0e}. It is not used. Install the packages that constraints.txt names and prepare "
            "it again.",
            name=spec.name,
            difference=difference,
            most=most,
        )
    return difference


def largest_turn(
    found: Sequence[Sequence[NDArray[np.float32]]], truth: Sequence[Sequence[NDArray[np.float32]]]
) -> float:
    """Largest mean of ``1 - cosine`` between features of a stage, ``(1, C, h, w)``; infinite where shapes differ."""
    largest = 0.0
    for ours, theirs in zip(found, truth, strict=True):
        for here, there in zip(ours, theirs, strict=True):
            if here.shape != there.shape or not np.isfinite(here).all():
                return float("inf")
            lengths = np.linalg.norm(here, axis=1) * np.linalg.norm(there, axis=1)
            largest = max(largest, float((1.0 - (here * there).sum(axis=1) / np.maximum(lengths, 1e-12)).mean()))
    return largest


def _recorded(folder: Path, spec: TrunkSpec, pictures: int) -> list[list[NDArray[np.float32]]]:
    stages = range(len(SHAPES[spec.network].outputs))
    try:
        with np.load(probe_file(folder, spec), allow_pickle=False) as arrays:
            return [[arrays[_entry(picture, stage)] for stage in stages] for picture in range(pictures)]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ProfileError(
            "{folder} holds a probe of another version. Delete it and prepare it again.", folder=folder
        ) from error


def _entry(picture: int, stage: int) -> str:
    return f"p{picture}s{stage}"


def _refusals() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises; its classes are made by its binary part."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = (
        "Fail",
        "InvalidArgument",
        "InvalidGraph",
        "InvalidProtobuf",
        "NoSuchFile",
        "NotImplemented",
        "RuntimeException",
    )
    found: list[Any] = [getattr(state, name) for name in names if hasattr(state, name)]
    return (*found, RuntimeError, ValueError)
