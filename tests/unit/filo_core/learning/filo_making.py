"""A tiny CLIP with seeded weights and trained heads, for tests of training."""

import json
from dataclasses import replace
from pathlib import Path

import open_clip
from open_clip.tokenizer import SimpleTokenizer

from filo_core.benchmark.datasets import load_category
from filo_core.learning.filo_learner import FiloLearner, FrozenModel
from filo_core.learning.filo_samples import TrainingSample, training_samples
from filo_core.method.head_settings import HeadSettings
from filo_core.method.image_encoder import OpenClipImageEncoder
from filo_core.method.text_encoder import OpenClipTextEncoder
from filo_core.method.trained_heads import TrainedHeads
from filo_core.profiles.start_weights import fill_start

ARCHITECTURE = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "patch_size": 8, "layers": 3, "width": 64, "head_width": 32, "mlp_ratio": 2.0},
    "text_cfg": {"context_length": 32, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
STAGES, VALUE_STAGES = (1, 2), (2, 3)
MEAN, STD = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
SETTINGS = HeadSettings(
    first_value_block=2, context_vectors=4, meta_share=2, kernels=((1, 1), (3, 3), (1, 5)), value_stages=VALUE_STAGES
)


def frozen_model(seed: int = 3) -> FrozenModel:
    model = open_clip.CLIP(**ARCHITECTURE).eval()
    fill_start(model, seed)
    model.requires_grad_(requires_grad=False)
    tokenizer = SimpleTokenizer(context_length=32)
    return FrozenModel(
        model,
        OpenClipImageEncoder(model, STAGES, MEAN, STD, value_stages=VALUE_STAGES, first_value_block=2),
        OpenClipTextEncoder(model, tokenizer),
    )


def new_learner(settings: HeadSettings = SETTINGS) -> tuple[FiloLearner, TrainedHeads, FrozenModel]:
    frozen = frozen_model()
    heads = TrainedHeads(frozen.model, STAGES, settings)
    return FiloLearner(frozen, heads), heads, frozen


def few_types(samples: list[TrainingSample], count: int = 2) -> list[TrainingSample]:
    """The same with fewer anomaly types, which is quicker."""
    return [
        replace(sample, recipe=replace(sample.recipe, anomaly_types=sample.recipe.anomaly_types[:count]))
        for sample in samples
    ]


def write_tiny_profile(folder: Path) -> Path:
    """Folder of an untrained profile with the tiny CLIP."""
    folder.mkdir()
    manifest = {
        "name": "tiny", "trained": False, "architecture": "architecture.json", "seed": 3, "stages": STAGES,
        "mean": MEAN, "std": STD, "gaussian_sigma_px": 1.0, "licence": "-", "trained_on": "nothing",
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "architecture.json").write_text(json.dumps(ARCHITECTURE))
    return folder


def samples_in(root: Path) -> list[TrainingSample]:
    return few_types(training_samples([load_category(root)]))
