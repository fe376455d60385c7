"""Published hashes: what is pinned is held against them, what is not against its first installation."""

import hashlib
import json
from pathlib import Path

import open_clip
import pytest
import torch
from safetensors.torch import load_file

from filo_core.errors import ProfileError
from filo_core.profiles.downloads import download_published
from filo_core.profiles.install import install_full
from filo_core.profiles.published import (
    FIRST_SEEN,
    GROUNDING,
    OPENAI_CLIP,
    PINNED,
    PUBLISHED,
    VOCABULARY,
    PublishedFile,
    Trust,
    WantedWeights,
    digest_of,
)
from filo_core.profiles.published import OPEN_CLIP as CLIP
from filo_core.profiles.seeded import fill_seeded
from tests.unit.filo_core.profiles.published_making import TEXT, VISION


def test_the_pinned_hashes_are_whole_and_openais_is_the_folder_of_its_address() -> None:
    assert PINNED.keys() == {OPENAI_CLIP, CLIP, GROUNDING, VOCABULARY}
    assert all(len(bytes.fromhex(digest)) == 32 for digest in PINNED.values())
    clip = PUBLISHED[0].files[0]
    assert clip.addresses[0].endswith(f"/{clip.sha256}/{OPENAI_CLIP}")


@pytest.mark.parametrize("name", [GROUNDING, VOCABULARY])
def test_a_file_under_a_pinned_name_that_is_not_the_published_one_is_refused(
    name: str, published: Path, template: Path, tmp_path: Path
) -> None:
    with pytest.raises(ProfileError, match="not the file that was published"):
        install_full(published, tmp_path / "models", template, {name: PINNED[name]})
    assert list((tmp_path / "models").iterdir()) == []


FILO = "filo_train_on_mvtec.pth"
"""FiLo's checkpoints have no published hash."""


def test_what_has_no_published_hash_is_remembered_and_held_against_its_first_installation(tmp_path: Path) -> None:
    path, models = tmp_path / FILO, tmp_path / "models"
    models.mkdir()
    path.write_bytes(b"first")
    trust = Trust(models)
    trust.check(path)
    trust.remember()
    assert json.loads((models / FIRST_SEEN).read_text()) == {FILO: digest_of(path)}
    Trust(models).check(path)
    path.write_bytes(b"other")
    with pytest.raises(ProfileError, match=FIRST_SEEN):
        Trust(models).check(path)


def test_a_check_alone_remembers_nothing(tmp_path: Path) -> None:
    (tmp_path / FILO).write_bytes(b"first")
    Trust(tmp_path).check(tmp_path / FILO)
    assert not (tmp_path / FIRST_SEEN).exists()


def test_a_damaged_record_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / FILO).write_bytes(b"first")
    (tmp_path / FIRST_SEEN).write_bytes(b"{")
    with pytest.raises(ProfileError, match="Delete it and install again"):
        Trust(tmp_path).check(tmp_path / FILO)


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CLIP as OpenAI publishes it: TorchScript in half precision, for smaller pictures than the profile's."""
    clip = open_clip.CLIP(embed_dim=16, quick_gelu=True, vision_cfg=VISION | {"image_size": 32}, text_cfg=TEXT).eval()
    fill_seeded(clip, 1)
    example = (torch.zeros(1, 3, 32, 32), torch.zeros(1, 77, dtype=torch.long))
    path = tmp_path_factory.mktemp("openai") / OPENAI_CLIP
    torch.jit.trace(clip, example, check_trace=False).half().save(str(path))
    return path


def test_openais_own_file_is_opened_once_its_hash_is_the_published_one(
    scripted: Path, published: Path, template: Path, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / OPENAI_CLIP).symlink_to(scripted)
    for name in (GROUNDING, VOCABULARY):
        (source / name).symlink_to(published / name)
    with pytest.raises(ProfileError, match="not the file that was published"):
        install_full(source, tmp_path / "models", template, PINNED | {GROUNDING: digest_of(published / GROUNDING)})
    # Under a name that nothing is pinned for, TorchScript is a file with code like any other.
    with pytest.raises(ProfileError, match="was refused"):
        install_full(source, tmp_path / "models", template, {})
    folder = install_full(source, tmp_path / "models", template, {OPENAI_CLIP: digest_of(scripted)})
    weights = load_file(folder / "clip.safetensors")
    plain = load_file(published / CLIP)
    assert torch.equal(weights["visual.proj"], plain["visual.proj"].float())


def test_each_file_is_fetched_from_its_own_address_and_a_wrong_one_is_refused(
    server: str, published: Path, tmp_path: Path
) -> None:
    def wanted(name: str, sha256: str) -> WantedWeights:
        return WantedWeights(name, "MIT", (PublishedFile(name, sha256, None, (f"{server}/{name}",)),))

    names = (VOCABULARY, CLIP)
    files = [wanted(name, hashlib.sha256((published / name).read_bytes()).hexdigest()) for name in names]
    seen: dict[str, int] = {}
    download_published(tmp_path, lambda name, done, _: seen.update({name: done}), files)
    assert seen == {name: (published / name).stat().st_size for name in names}
    with pytest.raises(ProfileError, match="another file than was published"):
        download_published(tmp_path, lambda *_: None, [wanted(CLIP, "0" * 64)])
