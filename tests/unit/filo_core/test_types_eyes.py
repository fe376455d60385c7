"""Eyes in words and back, and in a recipe's hash."""

from dataclasses import replace

import pytest

from filo_core.types import Eyes, Limits, Pose, ProductDescription, ProductDraft, Sight, eyes_from


@pytest.mark.parametrize(
    "eyes", [Eyes(), Eyes(Sight.FAST, 256), Eyes(Sight.SHARP, 768, 224), *(Eyes(pose=pose) for pose in Pose)]
)
def test_eyes_are_read_back_from_their_words(eyes: Eyes) -> None:
    read = eyes_from(eyes.words)
    assert read.words == eyes.words
    assert (read.sight, read.light_px, read.pose) == (eyes.sight, eyes.light_px, eyes.pose)


def test_sizes_that_are_left_out_are_the_usual_ones() -> None:
    assert eyes_from("fast") == Eyes(Sight.FAST)
    assert eyes_from(" Sharp 768 ") == Eyes(Sight.SHARP, 768, 308)
    assert eyes_from("fast  turned") == Eyes(Sight.FAST, pose=Pose.FREE)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "keen",
        "sharp 300",
        "fast 512+336",
        "sharp -1",
        "turned",
        "sharp 512 turned flipped",
        "fast 5e2",
        "sharp 512+9999",
    ],
)
def test_words_that_are_no_eyes_are_refused_with_what_to_write(words: str) -> None:
    with pytest.raises(ValueError, match=r"eyes|one size"):
        eyes_from(words)


def test_eyes_are_part_of_the_recipe_s_hash_and_recipes_without_any_keep_theirs() -> None:
    draft = ProductDraft(ProductDescription("plate", "plate"))
    without = draft.recipe(Limits(0.1, 0.2, 0.1), "0" * 64)
    assert without.content_hash == "2c953c78d9ffb613c7527538b6772c0d4547c5ceb45de84efb60f6763f17d9e6"
    sharp, fast = (
        replace(draft, eyes=eyes).recipe(Limits(0.1, 0.2, 0.1), "0" * 64) for eyes in (Eyes(), Eyes(Sight.FAST))
    )
    assert len({without.content_hash, sharp.content_hash, fast.content_hash}) == 3
    assert len({without.scoring_hash, sharp.scoring_hash, fast.scoring_hash}) == 3
