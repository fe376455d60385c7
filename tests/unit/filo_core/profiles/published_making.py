"""Networks of a few numbers under published names, for tests of installing."""

import json
from pathlib import Path

import torch

from filo_core.filo_release.model import FiLoRelease
from filo_core.method.grounding_dino import build_grounding_dino
from filo_core.method.grounding_settings import GroundingSettings
from filo_core.profiles.published import GROUNDING, VOCABULARY
from filo_core.profiles.seeded import fill_seeded
from filo_core.resources import resource_path

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
VISION = {"image_size": 48, "patch_size": 8, "layers": 3, "width": 32, "head_width": 16}
SMALL = {"dim_feedforward": 64, "enc_layers": 1, "dec_layers": 1, "num_queries": 9}
BERT = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 200}
GROUNDING_PART = {"bert": BERT, "settings": {"short_side_px": 64, "long_side_px": 64, "changes": SMALL}}


RELEASE = {
    "embed_dim": 32,
    "quick_gelu": False,
    "vision_cfg": {"image_size": 56, "layers": 24, "width": 32, "patch_size": 14, "head_width": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
"""FiLo's network: as many vision blocks, and names, as the released one."""


def write_release_template(folder: Path) -> None:
    """The shipped manifest of the FiLo profile with small networks in it."""
    manifest = json.loads((resource_path("profiles", "filo") / "manifest.json").read_text())
    manifest["grounding"] |= GROUNDING_PART
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "architecture.json").write_text(json.dumps(RELEASE))


def release_weights() -> dict[str, torch.Tensor]:
    """Seeded noise under the names of the released network."""
    model = FiLoRelease(RELEASE)
    fill_seeded(model, 5)
    return model.state_dict()


def write_release(weights: dict[str, torch.Tensor], path: Path) -> Path:
    """As it is published: under one key, the text encoder's tensors twice."""
    twice = {
        name.replace("clip_model.", "text_encoder."): value
        for name, value in weights.items()
        if name.startswith("clip_model.transformer.")
    }
    torch.save({"filo": {**weights, **twice}}, path)
    return path


def write_grounding(folder: Path) -> None:
    """Grounding DINO as it is published, and BERT's vocabulary."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    (folder / VOCABULARY).write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", *letters]))
    dino = build_grounding_dino(GroundingSettings(changes=SMALL), BERT, folder / VOCABULARY)
    fill_seeded(dino, 2)
    state = {f"module.{name}": value for name, value in dino.state_dict().items()}
    torch.save({"model": state | {"module.label_enc.weight": torch.zeros(2)}}, folder / GROUNDING)
