"""A converted FiLo checkpoint as an ordinary profile: small weights, the published names, the real loading code."""

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from filo_core.benchmark.paper_tables import TableRun, run_table
from filo_core.engine import Engine
from filo_core.errors import ProfileError
from filo_core.events import Calibrated
from filo_core.filo_release.boxes import suppress_unmarked
from filo_core.filo_release.model import ARCHITECTURE, FiLoRelease, prepare_image, prompt_tokens
from filo_core.filo_release.parts import ReleaseLocalizer
from filo_core.method.grounding import WholeImageLocalizer
from filo_core.method.interfaces import GroundingBox
from filo_core.method.prompts import GENERIC_ANOMALOUS_STATES, NORMAL_STATES
from filo_core.profiles.builder import load_profile
from filo_core.profiles.folders import profile_folders
from filo_core.profiles.install import RELEASE_FILE, install_release
from filo_core.profiles.loaded import LoadedProfile, require_plain_clip
from filo_core.profiles.manifest import read_manifest
from filo_core.profiles.published import FIRST_SEEN, GROUNDING
from filo_core.resources import resource_path
from filo_core.types import (
    AnomalyType,
    Limits,
    Position,
    ProductDescription,
    ProductDraft,
    Recipe,
    Reference,
    SourceImage,
)
from tests.unit.filo_core.profiles.published_making import (
    RELEASE,
    release_weights,
    write_grounding,
    write_release,
    write_release_template,
)

LEFT = GroundingBox(-0.05, 0.1, 0.3, 0.3, 0.8, "crack")
"""Past the left edge, so it marks nothing, and still chooses the position."""
INSIDE = GroundingBox(0.5, 0.5, 0.9, 0.9, 0.6, "crack")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    write_release_template(folder)
    return folder


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    return release_weights()


@pytest.fixture(scope="module")
def checkpoint(weights: dict[str, torch.Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(weights, tmp_path_factory.mktemp("filo") / "filo.pth")


@pytest.fixture(scope="module")
def models(checkpoint: Path, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of installed profiles with FiLo's in it, without Grounding DINO."""
    folder = tmp_path_factory.mktemp("models")
    install_release(checkpoint, folder, template, {})
    return folder


@pytest.fixture(scope="module")
def alone(models: Path) -> LoadedProfile:
    return load_profile(models / "filo", "cpu")


@pytest.fixture(scope="module")
def located(checkpoint: Path, template: Path, tmp_path_factory: pytest.TempPathFactory) -> LoadedProfile:
    """Installed with Grounding DINO's files beside the checkpoint."""
    source = tmp_path_factory.mktemp("both")
    (source / "filo.pth").symlink_to(checkpoint)
    write_grounding(source)
    return load_profile(install_release(source / "filo.pth", tmp_path_factory.mktemp("models"), template, {}), "cpu")


def test_the_releases_own_grounding_dino_is_taken_without_the_part_that_nothing_reads(
    checkpoint: Path, template: Path, tmp_path: Path
) -> None:
    source = tmp_path / "release"
    source.mkdir()
    (source / "filo_train_on_mvtec.pth").symlink_to(checkpoint)
    write_grounding(source)
    own = torch.load(source / GROUNDING, weights_only=True)
    own["model"] = {
        name: value + 1.0 if name.endswith("input_proj.0.0.bias") else value
        for name, value in own["model"].items()
        if "bert.pooler." not in name
    }
    torch.save(own, source / "grounding_train_on_mvtec.pth")
    torch.save(own, source / "grounding_train_on_visa.pth")
    folder = install_release(source / "filo_train_on_mvtec.pth", tmp_path / "models", template, {})
    assert "own fine-tuned Grounding DINO" in read_manifest(folder).trained_on
    assert float(load_file(folder / "grounding.safetensors")["input_proj.0.0.bias"][0]) == 1.0
    assert load_profile(folder, "cpu").localizer.locate(part(), ("crack",)) is not None
    # Another part that is missing makes it another network.
    own["model"].pop("module.input_proj.0.0.bias")
    torch.save(own, source / "grounding_train_on_mvtec.pth")
    with pytest.raises(ProfileError, match="of another network"):
        install_release(source / "filo_train_on_mvtec.pth", tmp_path / "others", template, {})


def part(seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 255, (50, 60, 3), dtype=np.uint8)


def source_image(seed: int) -> SourceImage:
    pixels = part(seed)
    return SourceImage(f"{seed}.png", b"", hashlib.sha256(pixels).hexdigest(), pixels, datetime.now(UTC))


def nut() -> ProductDraft:
    return ProductDraft(ProductDescription("nut", "metal nut"), (AnomalyType("cracks"), AnomalyType("corrosion")))


def nut_recipe(loaded: LoadedProfile) -> Recipe:
    return nut().recipe(Limits(0.1, 0.2, 0.1), loaded.model_hash)


@torch.inference_mode()
def released(weights: dict[str, torch.Tensor], position: Position | None) -> tuple[float, torch.Tensor]:
    """Score and fused map as the module held against the released code's numbers gives them."""
    model = FiLoRelease(RELEASE).eval()
    model.load_state_dict(weights)
    generic = [state.format("metal nut") for state in GENERIC_ANOMALOUS_STATES]
    described = [f"abnormal metal nut with {name}" for name in ("cracks", "corrosion")]
    tokens = prompt_tokens([state.format("metal nut") for state in NORMAL_STATES], [*described, *generic])
    maps = model.maps(model.look(prepare_image(part(), 56), *tokens), position)
    return maps.score, maps.fused


def test_the_shipped_architecture_is_the_released_networks() -> None:
    assert json.loads((resource_path("profiles", "filo") / "architecture.json").read_text()) == ARCHITECTURE


def test_the_checkpoint_becomes_safetensors_under_our_names_and_is_listed(
    models: Path, weights: dict[str, torch.Tensor]
) -> None:
    folder = models / "filo"
    converted = load_file(folder / RELEASE_FILE)
    assert converted.keys() == weights.keys()
    assert all(torch.equal(value, weights[name]) for name, value in converted.items())
    assert profile_folders(models)["filo"] == folder
    profile = read_manifest(folder)
    assert profile.trained
    assert "without Grounding DINO" in profile.trained_on
    assert "NC" in profile.licence


def test_without_a_localizer_the_detector_gives_the_releases_numbers_at_all_positions(
    alone: LoadedProfile, weights: dict[str, torch.Tensor]
) -> None:
    prediction = Engine(alone).detector(nut_recipe(alone), []).predict(part())
    score, fused = released(weights, None)
    assert isinstance(alone.localizer, WholeImageLocalizer)
    assert prediction.image_score == pytest.approx(score, abs=1e-6)
    np.testing.assert_allclose(prediction.anomaly_map, fused.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    ("boxes", "position"),
    [((LEFT, INSIDE), Position.TOP_LEFT), ((INSIDE,), Position.BOTTOM_RIGHT), ((), Position.CENTER)],
)
def test_boxes_choose_the_position_and_suppress_as_in_the_release(
    located: LoadedProfile,
    weights: dict[str, torch.Tensor],
    boxes: tuple[GroundingBox, ...],
    position: Position,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    detector = located.detector(nut_recipe(located))
    monkeypatch.setattr(located.localizer, "locate", lambda *_: boxes)
    prediction = detector.predict(part())
    score, fused = released(weights, position)
    expected = fused * 0.7
    if INSIDE in boxes:
        expected[28:50, 28:50] = fused[28:50, 28:50]
    assert prediction.image_score == pytest.approx(score, abs=1e-6), "taken before suppression"
    np.testing.assert_allclose(prediction.anomaly_map, expected.numpy(), atol=1e-5)


def test_grounding_dino_is_installed_and_filtered_by_the_releases_rules(located: LoadedProfile) -> None:
    assert isinstance(located.localizer, ReleaseLocalizer)
    assert located.suppress is suppress_unmarked
    boxes = located.localizer.locate(part(), ["Cracks"])
    assert all(any(word in box.phrase for word in ("cracks", "anomaly", "damage", "broken")) for box in boxes)
    assert located.model_hash != ""


def test_references_set_the_limits_and_change_no_prediction(alone: LoadedProfile) -> None:
    engine = Engine(alone)
    images = [source_image(seed) for seed in (1, 2)]
    draft = ProductDraft(
        nut().description, nut().anomaly_types, tuple(Reference(image.image_hash, image.name) for image in images)
    )
    *_, outcome = engine.calibrate(draft, images)
    assert isinstance(outcome, Calibrated)
    assert 0.0 < outcome.limits.ok <= outcome.limits.ng
    detector = engine.detector(draft.recipe(Limits(0.1, 0.2, 0.1), engine.model_hash), images)
    bare = engine.detector(nut_recipe(alone), [])
    assert detector.predict(part()).image_score == bare.predict(part()).image_score


def test_the_side_is_asked_once_an_image(alone: LoadedProfile, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    read = FiLoRelease.read
    monkeypatch.setattr(FiLoRelease, "read", lambda *given: calls.append(1) or read(*given))
    alone.detector(nut_recipe(alone)).predict(part())
    assert len(calls) == 1


def test_another_file_is_not_taken_for_the_published_checkpoint(template: Path, tmp_path: Path) -> None:
    torch.save({"filo": {"adapter.fc.0.weight": torch.zeros(2, 2)}}, tmp_path / "filo.pth")
    with pytest.raises(ProfileError, match="of another network"):
        install_release(tmp_path / "filo.pth", tmp_path / "models", template, {})
    assert list((tmp_path / "models").iterdir()) == []


def test_a_truncated_checkpoint_leaves_the_installed_one_as_it_was(
    models: Path, checkpoint: Path, template: Path, tmp_path: Path
) -> None:
    source, models = tmp_path / "filo.pth", shutil.copytree(models, tmp_path / "models")
    source.write_bytes(checkpoint.read_bytes())
    before = (models / "filo" / RELEASE_FILE).read_bytes()
    source.write_bytes(source.read_bytes()[:-2000])
    with pytest.raises(ProfileError, match="not the file that was installed before"):
        install_release(source, models, template, {})
    (models / FIRST_SEEN).unlink()
    with pytest.raises(ProfileError, match="was refused"):
        install_release(source, models, template, {})
    assert [path.name for path in models.iterdir()] == ["filo"]
    assert (models / "filo" / RELEASE_FILE).read_bytes() == before


def test_a_network_of_another_depth_is_refused_in_a_sentence(template: Path, tmp_path: Path) -> None:
    folder = tmp_path / "short"
    folder.mkdir()
    (folder / "manifest.json").write_bytes((template / "manifest.json").read_bytes())
    shallow = RELEASE | {"vision_cfg": RELEASE["vision_cfg"] | {"layers": 4}}  # type: ignore[operator]
    (folder / "architecture.json").write_text(json.dumps(shallow))
    with pytest.raises(ProfileError, match="describes no usable model: FiLo reads 24"):
        load_profile(folder, "cpu")


def test_the_papers_tables_and_training_do_not_take_it_for_a_plain_clip(alone: LoadedProfile) -> None:
    with pytest.raises(ProfileError, match="FiLo's released network"):
        next(run_table("I", [], TableRun(alone, "cpu")))
    with pytest.raises(ProfileError, match="such as full or compact"):
        require_plain_clip(alone)
