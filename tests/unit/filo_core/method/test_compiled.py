"""``torch.compile`` against eager float32: the same numbers, whoever compiles the parts."""

from collections.abc import Iterator

import open_clip
import pytest
import torch
import tqdm
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor
from torch.nn import functional

from filo_core.method.head_settings import HeadSettings
from filo_core.method.prefix import run_behind, run_prefix
from filo_core.method.text_encoder import encode_tokens
from filo_core.method.trained_heads import TrainedHeads
from filo_core.method.vv_attention import run_blocks

TOLERANCE = 1e-4
"""Largest relative difference in the norm: another order of float32 sums may cost as much."""
TEXTS = ["tile", "tile without flaw", "abnormal tile with a long thin crack at bottom left"]
HEADS = HeadSettings(kernels=((1, 1), (3, 3)), value_stages=(4,), first_value_block=2, context_vectors=3)
BACKEND = "aot_eager"
"""Traces, decomposes and runs as inductor would be given it, and generates no code: it needs no compiler."""


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What was compiled is forgotten afterwards, and the compiler's progress bars leave no thread behind."""
    monkeypatch.setattr(tqdm.tqdm, "monitor_interval", 0)
    yield
    torch.compiler.reset()


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def unit(*shape: int, seed: int) -> Tensor:
    return functional.normalize(noise(*shape, seed=seed), dim=-1)


def assert_close(compiled: Tensor, eager: Tensor) -> None:
    assert compiled.dtype == eager.dtype == torch.float32
    assert float((compiled - eager).norm() / eager.norm()) < TOLERANCE


@torch.no_grad()
def test_every_part_gives_the_same_numbers_compiled(tiny_clip: open_clip.CLIP) -> None:
    tokens = SimpleTokenizer(context_length=77)(TEXTS)
    cut = tokens[:, : int(tokens.argmax(dim=-1).max()) + 1]
    ends, context = cut.argmax(dim=-1), noise(3, 24, seed=1)
    heads = TrainedHeads(tiny_clip, (1, 4), HEADS)
    sides = [unit(16, seed=seed) for seed in (5, 6)]

    def vision(batch: Tensor) -> list[Tensor]:
        states = run_blocks(tiny_clip.visual, batch, 2)
        return [*(state.output for state in states), *(state.value for state in states if state.value is not None)]

    def prefixed(learned: Tensor) -> list[Tensor]:
        return [run_behind(tiny_clip, run_prefix(tiny_clip, cut[0, :1], learned), cut, ends)]

    def interact(patches: Tensor) -> list[Tensor]:
        return [heads.interaction[0](patches, *sides)]

    parts = {
        "stages and V-V path": (vision, noise(1, 3, 32, 32, seed=2)),
        "texts, cut at the longest": (lambda given: [encode_tokens(tiny_clip, given)], tokens),
        "prompts behind a prefix": (prefixed, context),
        "MDCI": (interact, noise(1, 32, 4, 4, seed=3)),
    }
    for name, (part, given) in parts.items():
        eager = part(given)
        compiled = torch.compile(part, backend=BACKEND)(given)
        assert len(compiled) == len(eager) > 0, name
        for one, other in zip(compiled, eager, strict=True):
            assert_close(one, other)
