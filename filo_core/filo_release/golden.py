"""Holds :class:`FiLoRelease` against recorded numbers: fill the weights by rule, run, compare array by array."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from filo_core.errors import FiloError
from filo_core.filo_release.boxes import BoxCandidate, Boxes, filter_boxes, suppress
from filo_core.filo_release.model import (
    FiLoRelease,
    ImagePass,
    Maps,
    prepare_image,
    prompt_tokens,
    resize_position_table,
)
from filo_core.imaging import read_image

Arrays = dict[str, NDArray[Any]]
_POSITION_TABLE = "clip_model.visual.positional_embedding"


def golden_weight(entry: dict[str, Any]) -> Tensor:
    """Float32 tensor of one entry of ``names.json``, checked against its checksum.

    Raises:
        FiloError: if the filled bytes are not the recorded ones; then nothing after could be compared.
    """
    generator = np.random.Generator(np.random.PCG64(entry["seed"]))
    values = generator.standard_normal(tuple(entry["shape"]), dtype=np.float32) * np.float32(entry["scale"])
    if entry["kind"] == "ln_weight":
        values = np.float32(1.0) + values
    if zlib.crc32(np.ascontiguousarray(values, "<f4").tobytes()) != entry["crc32"]:
        raise FiloError("{name} could not be filled as recorded: its checksum differs.", name=entry["name"])
    return torch.from_numpy(values)


def build_model(names: dict[str, Any]) -> FiLoRelease:
    """The network with the recorded weights, in evaluation mode."""
    with torch.device("meta"):
        model = FiLoRelease()
    entries = {e["name"]: e for e in names["state_dict"] if "alias_of" not in e}
    state = {}
    for name, parameter in model.state_dict().items():
        entry = entries.get(name)
        if entry is None:
            raise FiloError("The golden folder names no weight {name}.", name=name)
        if entry["kind"] == "untouched":
            state[name] = torch.full(tuple(parameter.shape), float(np.log(1 / 0.07)))
        else:
            state[name] = golden_weight(entry)
    model.load_state_dict(state, assign=True)
    # Built on no device, the causal mask has no values; this pass makes its own.
    return model.eval()


def compare_folder(folder: Path) -> dict[str, float]:
    """Largest difference of every recorded array, relative to the array's largest magnitude.

    Args:
        folder: holds ``names.json``, ``golden.npz`` and the input image.

    Raises:
        FiloError: if the folder is not of this format.
    """
    try:
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        with np.load(folder / "golden.npz", allow_pickle=False) as stored:
            golden = {name: stored[name] for name in stored.files}
    except (OSError, ValueError) as error:
        raise FiloError(
            "{folder} holds no golden numbers that can be read: {error}.", folder=folder, error=error
        ) from error
    computed = compute_arrays(names, golden, folder)
    missing = sorted(set(golden) - set(computed))
    if missing:
        raise FiloError(
            "{folder} records arrays that are not computed here: {missing}.", folder=folder, missing=", ".join(missing)
        )
    return {name: relative_difference(computed[name], expected) for name, expected in golden.items()}


def relative_difference(computed: NDArray[Any], expected: NDArray[Any]) -> float:
    """Largest absolute difference over the largest magnitude of ``expected``; infinite for another shape."""
    if computed.shape != expected.shape:
        return float("inf")
    if expected.size == 0:
        return 0.0
    scale = float(np.abs(expected).max()) or 1.0
    return float(np.abs(computed.astype(np.float64) - expected.astype(np.float64)).max()) / scale


def compute_arrays(names: dict[str, Any], golden: Arrays, folder: Path) -> Arrays:
    """Every array of section 5 of the format, from our own code."""
    inputs = names["inputs"]
    pixels = read_image(folder / inputs["image"]).pixels
    left, top, right, bottom = inputs["tile2x2_crop_left_upper_right_lower"]
    crop = np.tile(pixels, (2, 2, 1))[top:bottom, left:right]
    image = prepare_image(pixels)
    tokens = prompt_tokens(inputs["normal_states"], inputs["abnormal_states"])
    rows: Arrays = {name: golden[name] for name in ("pixel_rc", "patch_rows", "token_rows")}
    arrays = dict(rows)
    arrays |= _image_arrays("pre", image[0].numpy(), golden["pixel_rc"])
    arrays |= _image_arrays("pre_crop", prepare_image(np.ascontiguousarray(crop))[0].numpy(), golden["pixel_rc"])
    arrays |= {"tokens_normal": tokens[0].int().numpy(), "tokens_abnormal": tokens[1].int().numpy()}
    arrays |= _position_table(names, rows["token_rows"])
    model = build_model(names)
    seen = model.look(image, *tokens)
    arrays |= dict(_pass_arrays(seen, rows["token_rows"], rows["patch_rows"]))
    for number, scenario in enumerate(inputs["scenarios"]):
        candidates = [BoxCandidate(tuple(q["box"]), q["score"], q["phrase"]) for q in scenario["queries"]]
        boxes = filter_boxes(candidates, inputs["phrase_words"])
        maps = model.maps(seen, boxes.position)
        arrays |= {
            f"s{number}_{name}": value
            for name, value in _scenario_arrays(candidates, boxes, maps, golden["pixel_rc"]).items()
        }
    return {name: value for name, value in arrays.items() if name in golden}


def _area37(values: NDArray[np.float32]) -> NDArray[np.float32]:
    shape = (*values.shape[:-2], 37, 14, 37, 14)
    means: NDArray[np.float32] = values.astype(np.float64).reshape(shape).mean(axis=(-3, -1)).astype(np.float32)
    return means


def _pixels(values: NDArray[np.float32], places: NDArray[np.int32]) -> NDArray[np.float32]:
    return values[..., places[:, 0], places[:, 1]]


def _image_arrays(prefix: str, image: NDArray[np.float32], places: NDArray[np.int32]) -> Arrays:
    channels = image.astype(np.float64).reshape(3, -1)
    return {
        f"{prefix}_values": _pixels(image, places),
        f"{prefix}_mean_std": np.stack([channels.mean(axis=1), channels.std(axis=1)]),
        f"{prefix}_area37": _area37(image),
    }


def _position_table(names: dict[str, Any], rows: NDArray[np.int32]) -> Arrays:
    # The table of the OpenAI weights is seeded by a name of its own.
    seed = zlib.crc32(f"{_POSITION_TABLE}#577".encode()) ^ int(names.get("seed_xor", 0))
    noise = np.random.Generator(np.random.PCG64(seed)).standard_normal((577, 1024), dtype=np.float32)
    table = resize_position_table(torch.from_numpy(noise * np.float32(0.02))).numpy()[rows]
    return {"posembed_resized_tokens": table[:, :32], "posembed_resized_norm": _norms(table)}


def _norms(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    norms: NDArray[np.float64] = np.linalg.norm(rows.astype(np.float64), axis=1)
    return norms


def _pass_arrays(
    seen: ImagePass, rows: NDArray[np.int32], patch_rows: NDArray[np.int32]
) -> Iterator[tuple[str, NDArray[Any]]]:
    for index, tokens in enumerate(seen.encoded):
        values = tokens[0].numpy()
        wide = values.astype(np.float64)
        yield f"enc{index}_tokens", values[rows, :32]
        yield f"enc{index}_stats", np.array([wide.mean(), wide.std(), np.linalg.norm(wide)])
    projected = seen.projected.numpy()
    yield "global_proj_cls", projected[0]
    yield "global_proj_tokens", projected[rows, :32]
    yield "global_adapter_cls", seen.adapted.numpy()
    yield "global_unit", seen.unit.numpy()
    for side, shift, prompts in zip(("normal", "abnormal"), seen.shifts, seen.prompts, strict=True):
        yield f"meta_{side}", shift.numpy()
        yield f"text_raw_{side}_first32", prompts.numpy()[:, :32]
        yield f"text_raw_{side}_norm", _norms(prompts.numpy())
    labels = [f"lin{i}" for i in range(4)] + [f"cov{i}" for i in range(3)]
    for label, branch in zip(labels, seen.branches, strict=True):
        chosen = branch.numpy()[patch_rows]
        yield f"{label}_patches", chosen[:, :32]
        yield f"{label}_norm", _norms(chosen)


def _scenario_arrays(candidates: list[BoxCandidate], boxes: Boxes, maps: Maps, places: NDArray[np.int32]) -> Arrays:
    raw, blurred, fused = maps.raw.numpy(), maps.blurred.numpy(), maps.fused.numpy()
    final, unsuppressed = suppress(fused, boxes.rectangles)
    return {
        "queries_box": np.array([c.box for c in candidates], np.float32).reshape(-1, 4),
        "queries_score": np.array([c.score for c in candidates], np.float32),
        "boxes_after": boxes.boxes,
        "rects_int": boxes.rectangles,
        "centre": np.array(boxes.centre, np.float32),
        "text_normal_unit": maps.normal.numpy(),
        "text_abnormal_unit": maps.anomalous.numpy(),
        "text_joint": maps.joint.numpy(),
        "text_probs": maps.similarities.numpy(),
        "logits": maps.logits.numpy(),
        "maps_blurred_area37": _area37(blurred),
        "maps_blurred_mean_max": _mean_max(blurred),
        "maps_blurred_pixels": _pixels(blurred, places),
        "maps_raw_area37": _area37(raw),
        "maps_raw_mean_max": _mean_max(raw),
        "maps_raw_pixels": _pixels(raw, places),
        "fused_area37": _area37(fused),
        "fused_pixels": _pixels(fused, places),
        "fused_max": np.array([fused.max()], np.float64),
        "final_area37": _area37(final),
        "final_pixels": _pixels(final, places),
        "final_mean_max": _mean_max(final[None])[0],
        "n_unsuppressed": np.array([unsuppressed]),
        "score": np.array([maps.score]),
    }


def _mean_max(maps: NDArray[np.float32]) -> NDArray[np.float64]:
    wide = maps.astype(np.float64)
    return np.stack([wide.mean(axis=(1, 2)), wide.max(axis=(1, 2))], axis=1)
