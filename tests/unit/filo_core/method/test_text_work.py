"""Faster ways through the text tower equal the slow one: cut context, shared prefix, batches, cached positions."""

import open_clip
import pytest
import torch
from open_clip.tokenizer import SimpleTokenizer
from torch.nn import functional

from filo_core.method import learned_prompts, text_encoder
from filo_core.method.head_settings import HeadSettings
from filo_core.method.interfaces import GroundingBox, ImageFeatures
from filo_core.method.learned_prompts import LearnedPrompts, encode_with_context, normal_texts, tokens_of
from filo_core.method.prefix import encode_behind, run_prefix
from filo_core.method.text_encoder import OpenClipTextEncoder, encode_tokens
from filo_core.method.text_side import TextSide
from filo_core.method.trained_heads import TrainedHeads
from filo_core.types import AnomalyType, Limits, Position, ProductDescription, ProductDraft, Recipe

TOLERANCE = 1e-5
"""Largest difference of a unit vector's entries between a faster path and eager float32."""
TEXTS = ["tile", "tile without flaw", "abnormal tile with a long thin crack at bottom left"]
TOKENIZE = SimpleTokenizer(context_length=77)
BOX = GroundingBox(0.1, 0.1, 0.2, 0.2, 0.9, "crack")


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def recipe(*names: str) -> Recipe:
    draft = ProductDraft(ProductDescription("p", "tile"), tuple(AnomalyType(name) for name in names))
    return draft.recipe(Limits(0.1, 0.2, 0.1), "0" * 64)


def features() -> ImageFeatures:
    unit = functional.normalize(noise(1, 17, 16, seed=5), dim=-1)
    return ImageFeatures(unit[:, 0], (noise(1, 16, 32),), unit[:, 1:], (4, 4))


@torch.inference_mode()
def whole(model: open_clip.CLIP, tokens: torch.Tensor, context: torch.Tensor | None = None) -> torch.Tensor:
    """All 77 tokens, through open_clip's own transformer: the reference."""
    words = model.token_embedding(tokens)
    if context is not None:
        words[:, 1 : 1 + len(context)] = context
    hidden = model.transformer(words + model.positional_embedding, attn_mask=model.attn_mask)
    ends = model.ln_final(hidden)[torch.arange(len(tokens)), tokens.argmax(dim=-1)]
    return functional.normalize(ends @ model.text_projection, dim=-1)


def test_the_cut_context_gives_what_encode_text_gives(tiny_clip: open_clip.CLIP) -> None:
    tokens = TOKENIZE(TEXTS)
    expected = functional.normalize(tiny_clip.encode_text(tokens), dim=-1)
    assert torch.allclose(encode_tokens(tiny_clip, tokens), expected, atol=TOLERANCE)
    assert torch.allclose(whole(tiny_clip, tokens), expected, atol=TOLERANCE)


def test_prompts_encoded_together_equal_each_alone(tiny_clip: open_clip.CLIP) -> None:
    encoder = OpenClipTextEncoder(tiny_clip, TOKENIZE)
    together = encoder.encode(TEXTS * 30)
    alone = torch.cat([encoder.encode([text]) for text in TEXTS])
    assert torch.allclose(together, alone.repeat(30, 1), atol=TOLERANCE)


@torch.inference_mode()
def test_a_prefix_computed_once_equals_learned_prompts_encoded_whole(tiny_clip: open_clip.CLIP) -> None:
    context = noise(12, 24, seed=1)
    tokens = tokens_of(TEXTS, 12, TOKENIZE)
    expected = whole(tiny_clip, tokens, context)
    prefix = run_prefix(tiny_clip, tokens[0, :1], context)
    assert torch.allclose(encode_behind(tiny_clip, prefix, tokens), expected, atol=TOLERANCE)
    assert torch.allclose(encode_with_context(tiny_clip, tokens, context), expected, atol=TOLERANCE)


def test_learned_prompts_of_chosen_positions_equal_all_prompts_encoded_whole(tiny_clip: open_clip.CLIP) -> None:
    heads = TrainedHeads(tiny_clip, (1,), HeadSettings(value_stages=()))
    prompts = LearnedPrompts(tiny_clip, heads, "tile", ["crack", "stain"], TOKENIZE)
    image = features().image_embedding[0]
    normal, anomalous = prompts.encode(image, [Position.TOP_LEFT, Position.CENTER])
    assert torch.allclose(
        normal, whole(tiny_clip, tokens_of(normal_texts("tile"), 12, TOKENIZE), heads.prompts[0](image)), atol=TOLERANCE
    )
    assert len(anomalous) == 5 + 2 * 2


@pytest.mark.parametrize("conditional", [False, True])
def test_without_a_meta_net_learned_prompts_are_encoded_once_and_with_one_for_every_image(
    tiny_clip: open_clip.CLIP, monkeypatch: pytest.MonkeyPatch, conditional: bool
) -> None:
    heads = TrainedHeads(tiny_clip, (1,), HeadSettings(conditional=conditional))
    prompts = LearnedPrompts(tiny_clip, heads, "tile", ["crack"], TOKENIZE)
    calls: list[int] = []
    monkeypatch.setattr(learned_prompts, "encode_behind", lambda *args: calls.append(1) or encode_behind(*args))
    images = functional.normalize(noise(2, 16, seed=7), dim=-1)
    first = prompts.encode(images[0], [Position.TOP, Position.LEFT])
    second = prompts.encode(images[1], [Position.LEFT])
    assert len(calls) == (7 if conditional else 4)
    assert torch.equal(first[0], second[0]) is not conditional
    assert second[1].shape == (len(first[1]) - 1, 16)


def test_a_prompt_is_encoded_once_however_often_it_is_asked_for(
    tiny_clip: open_clip.CLIP, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = OpenClipTextEncoder(tiny_clip, TOKENIZE)
    first = encoder.encode([*TEXTS, TEXTS[0]])
    assert torch.equal(first[0], first[-1])
    monkeypatch.setattr(text_encoder, "encode_tokens", lambda *_: pytest.fail("encoded again"))
    assert torch.equal(encoder.encode(TEXTS[::-1]), first[:3].flip(0))


def test_an_encoder_forgets_its_oldest_prompts(tiny_clip: open_clip.CLIP, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_encoder, "_KEPT", 2)
    encoder = OpenClipTextEncoder(tiny_clip, TOKENIZE)
    assert torch.allclose(encoder.encode(TEXTS), encoder.encode(TEXTS), atol=TOLERANCE)
    assert len(encoder._remembered) == 2


def test_the_meta_net_shifts_every_context_vector_by_the_same_step(tiny_clip: open_clip.CLIP) -> None:
    side = TrainedHeads(tiny_clip, (1,), HeadSettings(context_vectors=3, meta_share=2)).prompts[0]
    first, second = (side(functional.normalize(noise(16, seed=seed), dim=-1)) for seed in (1, 2))
    steps = first - second
    assert steps.abs().max() > 0
    assert torch.allclose(steps, steps[:1].expand(3, -1), atol=1e-6)


def test_normal_and_anomalous_context_vectors_are_separate_and_seeded(tiny_clip: open_clip.CLIP) -> None:
    first, again, other = (TrainedHeads(tiny_clip, (1,), HeadSettings(), seed).prompts for seed in (0, 0, 1))
    assert torch.equal(first[0].vectors, again[0].vectors)
    assert not torch.equal(first[0].vectors, other[0].vectors)
    assert not torch.equal(first[0].vectors, first[1].vectors)


@pytest.mark.parametrize("learned", [False, True])
def test_the_order_of_anomaly_names_changes_no_score(tiny_clip: open_clip.CLIP, learned: bool) -> None:
    heads = TrainedHeads(tiny_clip, (1,), HeadSettings(learned_prompts=learned))
    encoder = OpenClipTextEncoder(tiny_clip, TOKENIZE)
    seen = features()
    scores = [
        TextSide(recipe(*names), encoder, heads, tiny_clip).answer(seen, [BOX]).probability()
        for names in (("crack", "stain", "dent"), ("dent", "crack", "stain"))
    ]
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)


def test_boxes_choose_the_prompts_and_the_best_one_alone_may(tiny_clip: open_clip.CLIP) -> None:
    encoder = OpenClipTextEncoder(tiny_clip, TOKENIZE)
    seen = features()
    weak = GroundingBox(0.8, 0.8, 0.9, 0.9, 0.3, "crack")

    def anomalous(positions: str, *boxes: GroundingBox) -> torch.Tensor:
        heads = TrainedHeads(
            tiny_clip,
            (1,),
            HeadSettings(learned_prompts=False, filtering=False, positions=positions),  # type: ignore[arg-type]
        )
        return TextSide(recipe("crack"), encoder, heads, tiny_clip).sides(seen, boxes).anomalous

    assert torch.equal(anomalous("top1", weak, BOX), anomalous("union", BOX))
    assert not torch.equal(anomalous("union", weak, BOX), anomalous("union", BOX))


@pytest.mark.parametrize("name", ["🔩 crack", "crack; -- ' \" {} at {0}", "c" * 500])
def test_a_strange_anomaly_name_is_encoded_and_cut_at_the_context_never_an_error(
    tiny_clip: open_clip.CLIP, name: str
) -> None:
    heads = TrainedHeads(tiny_clip, (1,), HeadSettings())
    encoder = OpenClipTextEncoder(tiny_clip, TOKENIZE)
    side = TextSide(recipe(name), encoder, heads, tiny_clip)
    assert 0.0 <= side.answer(features(), [BOX]).probability() <= 1.0


def test_three_hundred_anomaly_names_only_cost_time(tiny_clip: open_clip.CLIP) -> None:
    heads = TrainedHeads(tiny_clip, (1,), HeadSettings())
    encoder = OpenClipTextEncoder(tiny_clip, TOKENIZE)
    side = TextSide(recipe(*(f"flaw number {i}" for i in range(300))), encoder, heads, tiny_clip)
    assert 0.0 <= side.answer(features(), [BOX]).probability() <= 1.0
