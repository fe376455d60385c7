"""What somebody's whole graph says at the blocks that we match, as the truth about how its weights are to be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.errors import ProfileError
from filo_core.trunks.networks import DINO_BLOCKS
from filo_core.trunks.onnx_weights import read_graph
from filo_core.trunks.probing import run_graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PATCH = 14


def source_answers(file: Path, pictures: Sequence[NDArray[np.float32]]) -> list[list[NDArray[np.float32]]]:
    """Outputs of the graph's own blocks, as :class:`~filo_core.trunks.eager.DinoStages` gives them.

    Raises:
        ProfileError: if it has no such blocks.
    """
    from onnx import TensorProto, helper

    model = read_graph(file)
    graph = model.graph
    shape = graph.input[0].type.tensor_type.shape
    del shape.dim[2:]
    for name in "HW":
        shape.dim.add().dim_param = name
    del graph.output[:]
    names = [f"/backbone/encoder/layer.{block}/Add_1_output_0" for block in DINO_BLOCKS]
    if not set(names) <= {output for node in graph.node for output in node.output}:
        raise ProfileError("{name} has no such blocks as a DINOv2 ViT-S/14. Get the right file.", name=file.name)
    graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    answers = run_graph(model.SerializeToString(), names, pictures, graph.input[0].name)
    return [[_gridded(tokens, picture) for tokens in stages] for stages, picture in zip(answers, pictures, strict=True)]


def _gridded(tokens: NDArray[np.float32], picture: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = picture.shape[2] // _PATCH, picture.shape[3] // _PATCH
    return tokens[:, 1:].transpose(0, 2, 1).reshape(1, -1, rows, columns)
