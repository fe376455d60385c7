"""Names from words: shares of kinds become shares of phrases, and nothing is named where nothing fits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from filo_core.errors import ProfileError
from filo_core.naming.zero_shot import NamingHead, ZeroShotNames, named, phrase_shares, read_head
from filo_core.types import UNKNOWN_TYPE

SIZE = 384


def axis(number: int, length: float = 1.0) -> np.ndarray:
    found = np.zeros(SIZE, np.float32)
    found[number] = length
    return found


def tensors() -> dict[str, np.ndarray]:
    """Two kinds on axes 0 and 1, good parts on axis 2; what is looked at has three numbers, one for each."""
    return {
        "mean": np.zeros(3, np.float16),
        "scale": np.ones(3, np.float16),
        "first": np.eye(3, dtype=np.float16),
        "first_bias": np.zeros(3, np.float16),
        "second": np.stack([axis(0), axis(1), axis(2)]).astype(np.float16),
        "second_bias": np.zeros(SIZE, np.float16),
        "captions": np.stack([axis(0), axis(1), axis(2)]).astype(np.float16),
        "bias": np.zeros(3, np.float16),
        "spoken": np.stack([axis(0), axis(0), axis(1)]).astype(np.float16),
    }


ABOUT = {
    "kinds": ["crack", "stain"],
    "groups": ["crack-like", "stain-like"],
    "words": [["crack", "fracture"], ["stain"]],
    "sharpness": 10.0,
    "floor": 0.5,
}


def write(path: Path, about: dict[str, Any] = ABOUT, **changes: np.ndarray) -> Path:
    path.write_bytes(save(tensors() | changes, {"about": json.dumps(about)}))
    return path


@pytest.fixture
def head(tmp_path: Path) -> NamingHead:
    return read_head(write(tmp_path / "names.safetensors"))


def test_a_look_gets_the_phrase_that_means_its_kind(head: NamingHead) -> None:
    phrases = np.stack([axis(1), axis(0)])
    names = ZeroShotNames(head, ["spot", "fissure"], phrase_shares(phrases, head.captions_of_kinds))
    found = names.name(np.array([4.0, 0.0, 0.0], np.float32))
    assert found.name == "fissure"
    assert found.share == found.shares[0].share > 0.9
    assert [one.name for one in found.shares] == ["fissure", "spot"]
    assert sum(one.share for one in found.shares) < 1.0


def test_what_looks_like_a_good_part_is_unknown_and_has_no_share(head: NamingHead) -> None:
    names = ZeroShotNames(head, ["fissure"], phrase_shares(axis(0)[None], head.captions_of_kinds))
    found = names.name(np.array([0.0, 0.0, 4.0], np.float32))
    assert (found.name, found.share) == (UNKNOWN_TYPE, 0.0)
    assert found.shares[0].share < 0.1


def test_a_list_without_a_fitting_phrase_names_nothing(head: NamingHead) -> None:
    names = ZeroShotNames(head, ["banana"], phrase_shares(axis(9)[None], head.captions_of_kinds))
    assert names.name(np.array([4.0, 0.0, 0.0], np.float32)).name == UNKNOWN_TYPE


def test_beside_the_plain_word_of_a_kind_a_special_one_is_less_likely(head: NamingHead) -> None:
    fissure = (axis(0) + 0.6 * axis(7)) / np.linalg.norm([1.0, 0.6])
    likely = phrase_shares(np.stack([fissure, axis(0)]), (np.stack([axis(0), fissure]), axis(1)[None]))
    assert likely[0, 1] > 1.3 * likely[0, 0] > 0.1
    alone = phrase_shares(fissure[None], (np.stack([axis(0), fissure]), axis(1)[None]))
    assert alone[0, 0] > 0.99


def test_an_unknown_region_has_its_broad_kind_where_that_is_clear(tmp_path: Path) -> None:
    of_cracks = ABOUT | {"groups": ["crack-like", "crack-like"], "floor": 0.7}
    head = read_head(write(tmp_path / "names.safetensors", of_cracks))
    names = ZeroShotNames(head, ["fissure", "stain"], phrase_shares(np.eye(2, SIZE, dtype=np.float32),
                          head.captions_of_kinds), "an encoder")  # fmt: skip
    torn = names.name(np.array([1.0, 1.0, 0.0], np.float32))
    assert torn.name == UNKNOWN_TYPE
    assert torn.broad is not None
    assert torn.broad.name == "crack-like"
    assert torn.broad.share > 0.9
    assert names.name(np.array([1.0, 0.0, 0.0], np.float32)).broad is None
    assert names.name(np.array([0.0, 0.0, 1.0], np.float32)).broad is None
    assert names.named_by == f"{head.identity}:an encoder"


def test_shares_add_up_and_an_empty_list_has_none(head: NamingHead) -> None:
    shares = head.shares(np.array([1.0, 2.0, 0.5], np.float32))
    assert shares.sum() == pytest.approx(1.0)
    assert int(shares.argmax()) == 1
    assert named([], np.zeros(0, np.float32), 0.5).name == UNKNOWN_TYPE


def test_two_phrases_of_one_meaning_share_its_kind(head: NamingHead) -> None:
    shares = phrase_shares(np.stack([axis(0), axis(0)]), head.captions_of_kinds)
    assert shares[0, 0] == shares[0, 1] == pytest.approx(0.5, abs=0.01)
    assert shares[1].max() < 0.01


@pytest.mark.parametrize("fault", ["cut", "other", "nan", "missing", "about", "absent"])
def test_a_file_that_is_no_head_is_refused(fault: str, tmp_path: Path) -> None:
    path = write(tmp_path / "names.safetensors")
    sha256 = ""
    if fault == "cut":
        path.write_bytes(path.read_bytes()[:-7])
    if fault == "other":
        sha256 = "0" * 64
    if fault == "nan":
        write(path, bias=np.array([np.nan, 0.0, 0.0], np.float16))
    if fault == "missing":
        content = {name: tensor for name, tensor in tensors().items() if name != "second"}
        path.write_bytes(save(content, {"about": json.dumps(ABOUT)}))
    if fault == "about":
        write(path, {"kinds": []})
    if fault == "absent":
        path.unlink()
    with pytest.raises(ProfileError, match="Install the profile again"):
        read_head(path, sha256)
