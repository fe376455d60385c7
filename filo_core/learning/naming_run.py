"""Sets the training of a naming head up: the light trunk, words, looks, and the profile it becomes part of."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.eyes.features import Eye
from filo_core.learning.naming_looks import read_looks
from filo_core.learning.naming_training import HeadFigures, train_head, write_head
from filo_core.profiles.eyes_manifest import EyesProfile, HeadFile
from filo_core.profiles.manifest import MANIFEST_NAME
from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.session import open_trunk
from filo_core.trunks.specs import Slot
from filo_core.trunks.store import TrunkStore
from filo_core.whole_files import whole_file
from filo_core.words.encoder import open_words
from filo_core.words.specs import shipped_words

if TYPE_CHECKING:
    from filo_core.naming.zero_shot import NamingHead

HEAD_NAME = "names.safetensors"
SIDES = (256, 512)
"""Of the views in pixels, and of what the light trunk looks at; drawn from with equal chances."""


def light_eyes(models: Path) -> list[Eye]:
    """The light trunk at each of :data:`SIDES`.

    Raises:
        ProfileError: if it is not on this machine.
    """
    spec = next(spec for spec in shipped_trunks() if spec.slot is Slot.LIGHT)
    session = open_trunk(TrunkStore(models), spec)
    return [Eye(session, side) for side in SIDES]


def trained(models: Path, looks: Path, out: Path | None, seed: int, trained_by: str) -> tuple[NamingHead, HeadFigures]:
    """A head trained on the looks in a folder, written into a profile where one is given.

    Args:
        models: the user's folder of models.
        looks: see :func:`~filo_core.learning.naming_looks.gather`.
        out: folder of a profile of trunks; its manifest names the head then.
        seed: of the training.
        trained_by: for the head's file: command, parts and seed.

    Raises:
        FiloError: if the sentence encoder or looks are missing, or ``out`` is no such profile.
    """
    encoder = open_words(TrunkStore(models), shipped_words())
    head, figures = train_head(read_looks(looks, held_out=False), encoder, seed)
    if out is not None:
        head = write_head(out / HEAD_NAME, head, trained_by)
        _name_in_manifest(out)
    return head, figures


def _name_in_manifest(folder: Path) -> None:
    path = folder / MANIFEST_NAME
    digest = hashlib.sha256((folder / HEAD_NAME).read_bytes()).hexdigest()
    content = json.loads(path.read_bytes()) | {"names": HeadFile(file=HEAD_NAME, sha256=digest).model_dump()}
    EyesProfile.model_validate(content)
    with whole_file(path) as space:
        space.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
