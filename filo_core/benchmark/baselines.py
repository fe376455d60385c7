"""What a trained profile must beat, measured the same way: seeded weights, raw pixels, and plain contrast."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch.nn import functional

from filo_core.benchmark.drafts import draft_of
from filo_core.benchmark.plain_matching import PlainMatching
from filo_core.benchmark.remembering import open_remembering
from filo_core.descriptions.library import AnomalyLibrary
from filo_core.engine import Engine
from filo_core.eyes.loaded import load_eyes
from filo_core.imaging import read_image
from filo_core.method.conv_encoder import PATCH_PX
from filo_core.method.interfaces import ImageFeatures
from filo_core.profiles.builder import load_profile
from filo_core.profiles.eyes_manifest import EyesProfile
from filo_core.profiles.manifest import read_any_manifest
from filo_core.types import ANY_LIMITS, Eyes, Prediction, Reference, Sight

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from filo_core.benchmark.datasets import Category
    from filo_core.benchmark.measuring import MakeDetector
    from filo_core.eyes.features import Eye
    from filo_core.method.interfaces import Detector
    from filo_core.trunks.session import TrunkSession
    from filo_core.trunks.specs import TrunkSpec
    from filo_core.trunks.store import TrunkStore

# Figures are ranks: no limit enters them, and without regions nothing is named.
_SIDE = 256
_CONSTANT = 12.0
_WHOLE_PICTURE = (1.0,)


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """One row of a comparison."""

    name: str
    make_detector: MakeDetector
    note: str = ""
    """In what it is not the method it is called after; empty where there is nothing to say."""


def contenders(
    folder: Path,
    device: str,
    installed: Path | None = None,
    *,
    baselines: bool,
    library: AnomalyLibrary | None = None,
) -> tuple[Contender, ...]:
    """The profile in ``folder`` and, when asked for, what it must beat.

    Args:
        folder: of the profile.
        device: where it computes.
        installed: folder of models that did not ship with the program.
        baselines: whether the others are wanted.
        library: suggests the profile's anomaly types; the built-in one unless given.

    Raises:
        ProfileError: if the profile cannot be loaded.
    """
    profile = read_any_manifest(folder)
    if isinstance(profile, EyesProfile):
        return _of_eyes(folder, profile, device, installed, baselines=baselines)
    loaded = load_profile(folder, device)
    own = Contender(loaded.profile.name, detector_maker(Engine(loaded), library=library))
    if not baselines:
        return (own,)
    noise = load_profile(folder, device, seeded=True)
    pixels = replace(noise, backbone=RawPixels(), new_text_side=None)
    anywhere = noise.profile.model_copy(update={"match_windows": _WHOLE_PICTURE})
    return (
        own,
        Contender("seeded weights", detector_maker(Engine(noise))),
        Contender("raw pixels, same windows", detector_maker(Engine(pixels))),
        Contender("raw pixels", detector_maker(Engine(replace(pixels, profile=anywhere)))),
        Contender("plain contrast", _plain_contrast),
    )


def _of_eyes(
    folder: Path, profile: EyesProfile, device: str, installed: Path | None, *, baselines: bool
) -> tuple[Contender, ...]:
    loaded = load_eyes(folder, profile, device, installed)
    if not baselines:
        return (Contender(profile.name, detector_maker(Engine(loaded))),)
    # All rows look at the same pictures.
    opened: dict[str, TrunkSession] = {}

    def opened_once(store: TrunkStore, spec: TrunkSpec, device: str) -> TrunkSession:
        return opened.setdefault(spec.name, open_remembering(store, spec, device))

    loaded = load_eyes(folder, profile, device, installed, opened_once)
    free = profile.model_copy(update={"residuals": None})
    engine, plain = Engine(loaded), Engine(load_eyes(folder, free, device, installed, opened_once))
    fast = Eyes(Sight.FAST)
    return (
        Contender(profile.name, detector_maker(engine)),
        Contender(f"{profile.name} without its head", detector_maker(plain)),
        Contender("fast: the light trunk alone", detector_maker(engine, fast)),
        Contender("fast without the head", detector_maker(plain, fast)),
        Contender("plain PatchCore on the light trunk", _plain_matching(loaded.light_eye(fast.light_px))),
        Contender("plain contrast", _plain_contrast),
    )


def _plain_matching(eye: Eye) -> MakeDetector:
    def make(references: Sequence[Path], category: Category) -> Detector:
        del category
        return PlainMatching(eye, [read_image(path).pixels for path in references])

    return make


def detector_maker(engine: Engine, eyes: Eyes | None = None, library: AnomalyLibrary | None = None) -> MakeDetector:
    """Sets up the engine's own detector for a category.

    Args:
        engine: of any profile.
        eyes: how it looks, where it has a choice; its usual way unless given. How the parts lie is found from the
            references either way.
        library: suggests the anomaly types; the built-in one unless given.
    """
    library = library or AnomalyLibrary.load()

    def make(references: Sequence[Path], category: Category) -> Detector:
        images = [read_image(path) for path in references]
        draft = draft_of(category, library, [Reference(image.image_hash, image.name) for image in images])
        found = engine.eyes_of(draft, images)
        if found is not None and eyes is not None:
            found = replace(eyes, pose=found.pose)
        return engine.detector(replace(draft, eyes=found).recipe(ANY_LIMITS, engine.model_hash_for(found)), images)

    return make


class RawPixels:
    """A backbone whose patches are their own pixels."""

    image_size = _SIDE

    def prepare(self, pixels: NDArray[np.uint8]) -> Tensor:
        """Squeezed to the input square, in [-0.5, 0.5]."""
        resized = cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        return torch.from_numpy(resized).permute(2, 0, 1)[None].float() / 255.0 - 0.5

    def encode(self, batch: Tensor) -> ImageFeatures:
        """One stage of 8 x 8 patches; a large constant makes their cosine distance rank as the Euclidean one does."""
        patches = functional.unfold(batch, PATCH_PX, stride=PATCH_PX).transpose(1, 2)
        stage = functional.pad(patches, (0, 1), value=_CONSTANT)
        side = _SIDE // PATCH_PX
        units = functional.normalize(stage, dim=-1)
        return ImageFeatures(units.mean(dim=1), (stage,), units, (side, side))


class PlainContrast:
    """How far each place is from the picture's median colour; it looks at no reference."""

    def predict(self, pixels: NDArray[np.uint8]) -> Prediction:
        """Map and its maximum, as any detector."""
        small = cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
        away = np.abs(small - np.median(small, axis=(0, 1))).mean(axis=2) / 255.0
        heat = np.clip(cv2.GaussianBlur(away, (0, 0), 3.0), 0.0, 1.0).astype(np.float32)
        return Prediction(float(heat.max()), heat, (), {}, trained=False)


def _plain_contrast(references: Sequence[Path], category: Category) -> Detector:
    del references, category
    return PlainContrast()
