"""FiLo's released inference against recorded numbers.

Two sets: those recorded from the released code, which lie beside a development checkout and not in it, and our own,
recorded after the first agreed. ``python -m tests.golden.test_filo_release`` records ours again.
"""

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from filo_core.filo_release.boxes import BoxCandidate, filter_boxes, suppress
from filo_core.filo_release.golden import compare_folder
from filo_core.filo_release.model import FiLoRelease, prepare_image, prompt_tokens
from filo_core.filo_release.weights import our_names
from filo_core.types import Position

RELEASED = Path(__file__).resolve().parents[3] / "shared" / "golden" / "filo_release"
OURS = Path(__file__).with_name("filo_release.json")
TOLERANCE = 2e-5

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.mark.skipif(not RELEASED.is_dir(), reason="the released code's numbers are not beside this checkout")
def test_every_array_recorded_from_the_released_code_agrees() -> None:
    differences = compare_folder(RELEASED)
    assert len(differences) > 150
    assert {name: value for name, value in differences.items() if value > TOLERANCE} == {}


def test_our_own_recorded_numbers_still_come_out() -> None:
    recorded = json.loads(OURS.read_text())
    computed = _numbers()
    assert computed.keys() == recorded.keys()
    for name, expected in recorded.items():
        np.testing.assert_allclose(computed[name], expected, rtol=1e-4, atol=1e-6, err_msg=name)


def _noise(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
    return torch.from_numpy(generator.standard_normal(shape, dtype=np.float32))


def _weight(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    if name.endswith("logit_scale"):
        return torch.full(shape, 2.65926)
    if ".ln_" in name and name.endswith("weight"):
        return 1.0 + 0.02 * _noise(name, shape)
    if name.endswith(("bias", "embedding", "ctx", "embedding.weight")):
        return 0.02 * _noise(name, shape)
    if name.endswith(("visual.proj", "text_projection")):
        return _noise(name, shape) / shape[0] ** 0.5
    return _noise(name, shape) / float(np.prod(shape[1:])) ** 0.5


def _numbers() -> dict[str, Any]:
    """Scores and map figures of a drawn image, under reproducible noise as weights."""
    with torch.device("meta"):
        model = FiLoRelease()
    state = {name: _weight(name, tuple(value.shape)) for name, value in model.state_dict().items()}
    model.load_state_dict(state, assign=True)
    model.eval()
    rows, columns = np.mgrid[0:300, 0:400]
    image = np.stack([rows % 256, columns % 256, (rows * columns // 97) % 256], axis=-1).astype(np.uint8)
    tokens = prompt_tokens(["tile", "flawless tile"], ["abnormal tile with cracks", "broken tile"])
    seen = model.look(prepare_image(image), *tokens)
    numbers: dict[str, Any] = {
        "encoder_norms": [float(entry.norm()) for entry in seen.encoded],
        "adapted": seen.adapted[:8].tolist(),
        "branch_norms": [float(branch.norm()) for branch in seen.branches],
    }
    boxes = filter_boxes([BoxCandidate((0.2, 0.2, 0.3, 0.2), 0.5, "cracks")], ["cracks"])
    assert boxes.position is Position.TOP_LEFT
    for label, position in (("placed", boxes.position), ("everywhere", None)):
        maps = model.maps(seen, position)
        final, _ = suppress(maps.fused.numpy(), boxes.rectangles)
        numbers[f"{label}_score"] = maps.score
        numbers[f"{label}_map"] = [
            float(final.mean()),
            float(final.max()),
            float(final[100, 100]),
            float(final[400, 9]),
        ]
    return numbers


def test_both_layouts_of_the_published_file_give_the_same_names() -> None:
    with torch.device("meta"):
        model = FiLoRelease()
    names = set(model.state_dict())
    before = {name: torch.empty(0, device="meta") for name in names}
    before |= {name.replace("clip_model.", "text_encoder."): before[name] for name in names if "ln_final" in name}
    after = {}
    for name, value in before.items():
        block = name.split("resblocks.")[1].split(".")[0] if "visual.transformer.resblocks." in name else ""
        if block and int(block) >= 6 and ".attn." in name:
            renamed = name.replace("in_proj_", "qkv.").replace("out_proj", "proj")
            after[renamed] = value
            if block == "6":
                after["clip_model.visual.attn." + renamed.split(".attn.")[1]] = value
        else:
            after[name] = value
    assert set(after) != set(before)
    assert set(our_names(before)) == set(our_names(after)) == names


if __name__ == "__main__":
    OURS.write_text(json.dumps(_numbers(), indent=1) + "\n")
