"""Networks of a few numbers under published names, for tests of installing."""

from pathlib import Path

import torch

from filo_core.method.grounding_dino import build_grounding_dino
from filo_core.method.grounding_settings import GroundingSettings
from filo_core.profiles.downloads import GROUNDING, VOCABULARY
from filo_core.profiles.seeded import fill_seeded

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
VISION = {"image_size": 48, "patch_size": 8, "layers": 3, "width": 32, "head_width": 16}
SMALL = {"dim_feedforward": 64, "enc_layers": 1, "dec_layers": 1, "num_queries": 9}
BERT = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 200}
GROUNDING_PART = {"bert": BERT, "settings": {"short_side_px": 64, "long_side_px": 64, "changes": SMALL}}


def write_grounding(folder: Path) -> None:
    """Grounding DINO as it is published, and BERT's vocabulary."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    (folder / VOCABULARY).write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", *letters]))
    dino = build_grounding_dino(GroundingSettings(changes=SMALL), BERT, folder / VOCABULARY)
    fill_seeded(dino, 2)
    state = {f"module.{name}": value for name, value in dino.state_dict().items()}
    torch.save({"model": state | {"module.label_enc.weight": torch.zeros(2)}}, folder / GROUNDING)
