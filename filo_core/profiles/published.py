"""Published files and the SHA-256 they were published with; others are remembered from their first installation.

A hash stands here only where it was seen published:

- CLIP: OpenAI's own address has it as a folder, and both openai/CLIP and open_clip check the file against that.
- Grounding DINO: the Git LFS pointer of ShilongLiu/GroundingDINO on Hugging Face, and many projects that pin the file.
- bert-base-uncased: google-bert/bert-base-uncased at the revision in the address, and many projects that pin the file.

``open_clip_model.safetensors`` and FiLo's checkpoints have none that could be found: for these, and for these alone,
the first installation is trusted and later ones are held against it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.errors import ProfileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OPENAI_CLIP = "ViT-L-14-336px.pt"
"""OpenAI's ViT-L/14@336 as OpenAI publishes it: TorchScript."""
OPEN_CLIP = "open_clip_model.safetensors"
"""The same as open_clip publishes it."""
GROUNDING = "groundingdino_swint_ogc.pth"
VOCABULARY = "vocab.txt"
"""Of bert-base-uncased."""
FIRST_SEEN = "first-seen.json"


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """Where a file is published, and what it must hash to."""

    name: str
    url: str
    sha256: str


_CLIP_SHA256 = "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02"
PUBLISHED = (
    PublishedFile(
        OPENAI_CLIP,
        f"https://openaipublic.azureedge.net/clip/models/{_CLIP_SHA256}/{OPENAI_CLIP}",
        _CLIP_SHA256,
    ),
    PublishedFile(
        GROUNDING,
        f"https://github.com/IDEA-Research/GroundingDINO/releases/download/v0.1.0-alpha/{GROUNDING}",
        "3b3ca2563c77c69f651d7bd133e97139c186df06231157a64c507099c52bc799",
    ),
    PublishedFile(
        VOCABULARY,
        "https://huggingface.co/google-bert/bert-base-uncased/resolve/"
        f"86b5e0934494bd15c9632b12f734a8a67f723594/{VOCABULARY}",
        "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    ),
)
PINNED = {file.name: file.sha256 for file in PUBLISHED}


class Trust:
    """Decides whether a file may be installed.

    Args:
        models: folder of the installed profiles, where first installations are remembered.
        pinned: SHA-256 by file name.
    """

    def __init__(self, models: Path, pinned: Mapping[str, str] = PINNED) -> None:
        self._record = models / FIRST_SEEN
        self._pinned = pinned
        self._new: dict[str, str] = {}

    def check(self, path: Path) -> None:
        """Hold a file against its published hash, or against its first installation.

        Raises:
            ProfileError: if it is missing or differs.
        """
        digest = digest_of(path)
        if path.name in self._pinned:
            if digest != self._pinned[path.name]:
                raise ProfileError(
                    f"{path} is not the file that was published (SHA-256 differs). Nothing was installed; "
                    "download it again."
                )
            return
        known = self._remembered().get(path.name)
        if known is not None and digest != known:
            raise ProfileError(
                f"{path} is not the file that was installed before under this name (SHA-256 differs). If it is meant "
                f"to be another one, take its name out of {self._record} and install again."
            )
        self._new[path.name] = digest

    def pins(self, path: Path) -> bool:
        """Whether :meth:`check` holds this file against a published hash."""
        return path.name in self._pinned

    def remember(self) -> None:
        """Keep the hashes of what was installed for the first time."""
        content = self._remembered() | self._new
        if self._new and content != self._remembered():
            part = self._record.with_suffix(".part")
            part.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
            part.replace(self._record)

    def _remembered(self) -> dict[str, str]:
        try:
            content = json.loads(self._record.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ProfileError(f"{self._record} cannot be read: {error}. Delete it and install again.") from error
        return {str(name): str(digest) for name, digest in content.items()} if isinstance(content, dict) else {}


def digest_of(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        ProfileError: if it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ProfileError(f"{path} is missing. Put the published file there, under this name.") from error
    except OSError as error:
        raise ProfileError(f"{path} cannot be read: {error.strerror or error}. Copy it again.") from error
