"""The graph that a CPU runs: fused ahead of time, padding in its convolutions, the deep network's weights in 8 bits.

Set-up only.
"""

from __future__ import annotations

import logging
from pathlib import Path

from filo_core.trunks.networks import SHAPES
from filo_core.trunks.padding import fold_padding, pads_apart
from filo_core.trunks.specs import TrunkSpec


def write_cpu_graph(spec: TrunkSpec, graph: Path, target: Path) -> None:
    """Make the graph that a CPU runs from the exact one.

    Weights of matrix products get 8 bits a column, of which one stays unused: processors without instructions for
    8-bit products would overflow with it and give other features. What the weights are multiplied with is brought to
    8 bits picture by picture.

    Args:
        spec: which trunk.
        graph: the exact graph.
        target: where the other one goes.
    """
    if not SHAPES[spec.network].rounded:
        folded = target.with_name("folded.onnx")
        fold_padding(graph, folded)
        _fuse(folded, target)
        folded.unlink()
        return
    from onnxruntime.quantization import QuantType, quantize_dynamic

    rounded = target.with_name("rounded.onnx")
    before = logging.root.manager.disable
    # It recommends a step that gains nothing here, on the root logger.
    logging.disable(logging.WARNING)
    try:
        quantize_dynamic(
            graph,
            rounded,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            extra_options={"MatMulConstBOnly": True},
        )
        _fuse(rounded, target)
    finally:
        logging.disable(before)
        rounded.unlink(missing_ok=True)


def is_outdated(spec: TrunkSpec, cpu_graph: bytes) -> bool:
    """Whether an earlier version of this program made a CPU's graph, which works and is slower."""
    return not SHAPES[spec.network].rounded and pads_apart(cpu_graph)


def _fuse(graph: Path, target: Path) -> None:
    """Keep what ONNX Runtime makes of a graph on any processor, so that it has not to be made at every start."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(target)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(graph.read_bytes(), options, providers=["CPUExecutionProvider"])
