"""Installing a full profile: files of the right names, tiny networks, the real loading code."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from safetensors.torch import load_file, save_file

from filo_core.engine import Engine
from filo_core.errors import ProfileError
from filo_core.method.grounding_dino import GENERIC_WORDS
from filo_core.profiles.builder import load_profile
from filo_core.profiles.downloads import download
from filo_core.profiles.install import install_full, install_seeded
from filo_core.profiles.manifest import read_manifest
from filo_core.profiles.published import FIRST_SEEN, GROUNDING, VOCABULARY
from filo_core.profiles.published import OPEN_CLIP as CLIP
from filo_core.profiles.sums import SUMS, read_sums
from filo_core.profiles.unpickle import to_safetensors
from filo_core.resources import resource_path
from filo_core.types import AnomalyType, Limits, ProductDescription, ProductDraft


def linked(published: Path, folder: Path, *names: str) -> Path:
    folder.mkdir()
    for name in names or (CLIP, GROUNDING, VOCABULARY, SUMS):
        (folder / name).symlink_to(published / name)
    return folder


def entries(models: Path) -> list[str]:
    return sorted(path.name for path in models.iterdir() if path.is_dir()) if models.exists() else []


@pytest.fixture(scope="module")
def models(published: Path, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of installed profiles with the full one in it."""
    folder = tmp_path_factory.mktemp("models")
    install_full(published, folder, template, {})
    return folder


def test_an_installed_full_profile_looks_at_an_image_from_end_to_end(models: Path) -> None:
    folder = models / "full"
    assert entries(models) == ["full"]
    profile = read_manifest(folder)
    assert profile.trained
    assert "training-free" in profile.trained_on
    assert profile.heads is not None
    assert not profile.heads.learned_prompts
    draft = ProductDraft(ProductDescription("nut", "nut"), (AnomalyType("crack"),))
    engine = Engine(load_profile(folder, "cpu"))
    detector = engine.detector(draft.recipe(Limits(0.1, 0.2, 0.1), engine.model_hash), [])
    pixels = np.random.default_rng(0).integers(0, 255, (50, 60, 3), dtype=np.uint8)
    zero_shot = detector.predict(pixels)
    assert zero_shot.anomaly_map.shape == (48, 48)
    assert 0.0 <= zero_shot.image_score <= 1.0
    detector.add_reference("a", pixels)
    few_shot = detector.predict(pixels)
    assert float(few_shot.anomaly_map.mean()) < float(zero_shot.anomaly_map.mean())


def test_the_position_table_is_resized_to_the_profiles_picture(models: Path) -> None:
    assert load_file(models / "full" / "clip.safetensors")["visual.positional_embedding"].shape == (1 + 36, 32)


def test_the_seeded_profile_says_it_is_untrained_and_still_runs(template: Path, tmp_path: Path) -> None:
    loaded = load_profile(install_seeded(tmp_path, template), "cpu")
    assert not loaded.profile.trained
    assert loaded.heads is not None
    assert len(loaded.heads.prompts) == 2
    # Linear layers on the original path say nothing of places before they are trained.
    assert len(loaded.heads.linear) == 0
    assert len(loaded.heads.interaction) == 1


def test_the_shipped_architecture_is_open_clips_quickgelu_one_at_518_pixels() -> None:
    shipped = json.loads((resource_path("profiles", "full") / "architecture.json").read_text())
    theirs = open_clip.get_model_config("ViT-L-14-336-quickgelu")
    theirs["vision_cfg"]["image_size"] = 518
    assert shipped == theirs


@pytest.mark.parametrize("missing", [CLIP, GROUNDING, VOCABULARY])
def test_a_missing_file_is_named_and_nothing_is_left(
    missing: str, published: Path, template: Path, tmp_path: Path
) -> None:
    source = linked(published, tmp_path / "source", *({CLIP, GROUNDING, VOCABULARY} - {missing}))
    with pytest.raises(ProfileError, match=missing):
        install_full(source, tmp_path / "models", template, {})
    assert entries(tmp_path / "models") == []


def test_a_wrong_hash_is_refused_before_anything_is_read(published: Path, template: Path, tmp_path: Path) -> None:
    source = linked(published, tmp_path / "source", CLIP, GROUNDING, SUMS)
    (source / VOCABULARY).write_text("another\n")
    with pytest.raises(ProfileError, match=r"vocab\.txt is not what SHA256SUMS says"):
        install_full(source, tmp_path / "models", template, {})
    assert entries(tmp_path / "models") == []


def test_a_truncated_file_is_refused_and_the_profile_that_was_there_stays(
    models: Path, published: Path, template: Path, tmp_path: Path
) -> None:
    models = shutil.copytree(models, tmp_path / "models")
    before = (models / "full" / "manifest.json").read_bytes()
    source = linked(published, tmp_path / "source", CLIP, VOCABULARY)
    content = (published / GROUNDING).read_bytes()
    (source / GROUNDING).write_bytes(content[: len(content) // 2])
    with pytest.raises(ProfileError, match="not the file that was installed before"):
        install_full(source, models, template, {})
    (models / FIRST_SEEN).unlink()
    with pytest.raises(ProfileError, match="was refused"):
        install_full(source, models, template, {})
    assert entries(models) == ["full"]
    assert (models / "full" / "manifest.json").read_bytes() == before


@pytest.mark.parametrize(
    ("part", "entry"),
    [
        ("text_cfg", {"hf_model_name": "roberta-base"}),
        ("vision_cfg", {"timm_model_name": "hf-hub:timm/vit_tiny"}),
        ("vision_cfg", {"timm_model_name": "vit_tiny", "timm_model_pretrained": True}),
        ("vision_cfg", {"timm_model_name": "https://somewhere/else"}),
    ],
)
def test_a_profile_that_would_fetch_something_by_itself_is_refused(
    part: str, entry: dict[str, object], template: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(template, tmp_path / "full")
    architecture = json.loads((folder / "architecture.json").read_text())
    architecture[part] |= entry
    (folder / "architecture.json").write_text(json.dumps(architecture))
    with pytest.raises(ProfileError, match="would fetch something from the network"):
        load_profile(folder, "cpu")


def test_the_hub_of_models_is_told_that_there_is_no_network() -> None:
    from huggingface_hub import constants

    assert constants.HF_HUB_OFFLINE


class Code:
    """What a malicious checkpoint does when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (open, (str(self.mark), "w"))


@pytest.mark.parametrize("save", [torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))])
def test_a_checkpoint_with_code_is_refused_and_the_code_never_runs(save: object, tmp_path: Path) -> None:
    mark, bad = tmp_path / "it-ran", tmp_path / "bad.pth"
    save({"model": {"weight": Code(mark)}}, bad)  # type: ignore[operator]
    with pytest.raises(ProfileError, match="nothing in it was executed"):
        to_safetensors(bad, tmp_path / "out.safetensors")
    assert not mark.exists()
    assert not (tmp_path / "out.safetensors").exists()


def test_another_networks_weights_are_refused_by_the_first_tensor_that_does_not_fit(
    published: Path, template: Path, tmp_path: Path
) -> None:
    source = linked(published, tmp_path / "source", GROUNDING, VOCABULARY)
    save_file({"nothing": torch.zeros(1)}, source / CLIP)
    with pytest.raises(ProfileError, match="of another network"):
        install_full(source, tmp_path / "models", template, {})


def test_files_come_over_the_network_with_their_progress_and_the_right_hashes(
    server: str, published: Path, tmp_path: Path
) -> None:
    seen: dict[str, tuple[int, int | None]] = {}
    download(server, tmp_path, lambda name, done, total: seen.update({name: (done, total)}))
    assert seen.keys() == {CLIP, GROUNDING, VOCABULARY}
    assert all(done == total for done, total in seen.values())
    assert (tmp_path / CLIP).read_bytes() == (published / CLIP).read_bytes()


def test_a_server_that_is_not_there_or_lacks_the_list_gives_a_sentence(server: str, tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="did not deliver"):
        download(f"{server}/nowhere", tmp_path, lambda *_: None)
    with pytest.raises(ProfileError, match="use --from"):
        download("http://127.0.0.1:9", tmp_path, lambda *_: None)


@pytest.mark.parametrize("line", ["", "abc  file", f"{'0' * 64}  ../../etc/passwd", f"{'0' * 64}  .hidden"])
def test_a_list_that_is_none_or_leads_out_of_its_folder_is_refused(line: str) -> None:
    with pytest.raises(ProfileError, match=SUMS):
        read_sums(line, "here")


def test_generic_words_are_the_methods_five() -> None:
    assert GENERIC_WORDS == ("anomaly", "damage", "broken", "defect", "contamination")
