"""Published files: their addresses, sizes and SHA-256; those without a pinned hash are remembered when first installed.

A hash stands here only where it was seen published:

- CLIP: OpenAI's own address has it as a folder, and both openai/CLIP and open_clip check the file against that. The
  same weights as open_clip names them: the Git LFS pointer at the revision in the address.
- Grounding DINO: the Git LFS pointer of ShilongLiu/GroundingDINO on Hugging Face, and many projects that pin the file.
- bert-base-uncased: google-bert/bert-base-uncased at the revision in the address, and many projects that pin the file.

FiLo's checkpoints have none that could be found: for these, and for these alone, the first installation is trusted and
later ones are held against it. A mirror needs no trust: what it delivers is held against the same hash.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.errors import ProfileError
from filo_core.sentence import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

OPENAI_CLIP = "ViT-L-14-336px.pt"
"""OpenAI's ViT-L/14@336 as OpenAI publishes it: TorchScript."""
OPEN_CLIP = "open_clip_model.safetensors"
"""The same under open_clip's names, as timm's authors publish it."""
GROUNDING = "groundingdino_swint_ogc.pth"
VOCABULARY = "vocab.txt"
"""Of bert-base-uncased."""
FIRST_SEEN = "first-seen.json"
_HUBS = ("https://huggingface.co", "https://hf-mirror.com")


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file, and what it must be.

    Attributes:
        name: that it is kept under.
        sha256: of its content.
        size: in bytes; None where nobody has said.
        addresses: where it is to be had, tried in turn.
    """

    name: str
    sha256: str
    size: int | None
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WantedWeights:
    """Something a profile needs, and the files it is published as: any one of them will do, the first is preferred."""

    title: str
    licence: str
    files: tuple[PublishedFile, ...]

    @property
    def sizes(self) -> tuple[int, int] | None:
        """Bytes of its smallest and its largest file; None where a size is not known."""
        known = [file.size for file in self.files if file.size is not None]
        return (min(known), max(known)) if len(known) == len(self.files) else None


def on_hubs(path: str) -> tuple[str, ...]:
    """Addresses of a file on Hugging Face and on a mirror of it.

    Args:
        path: such as ``owner/name/resolve/REVISION/file``.
    """
    return tuple(f"{hub}/{path}" for hub in _HUBS)


_CLIP_SHA256 = "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02"
PUBLISHED = (
    WantedWeights(
        "CLIP ViT-L/14@336 by OpenAI",
        "MIT",
        (
            PublishedFile(
                OPENAI_CLIP,
                _CLIP_SHA256,
                934_088_680,
                (f"https://openaipublic.azureedge.net/clip/models/{_CLIP_SHA256}/{OPENAI_CLIP}",),
            ),
            PublishedFile(
                OPEN_CLIP,
                "fbc415c3d0d7b79faed8f5ccfb740c32b7c4f5ffe7283b851f89c6231c01a8e0",
                1_711_828_444,
                on_hubs(
                    "timm/vit_large_patch14_clip_336.openai/resolve/"
                    f"81e38efc4637de5023b10e75a7f9bd1c6fa6b010/{OPEN_CLIP}"
                ),
            ),
        ),
    ),
    WantedWeights(
        "Grounding DINO, Swin-T",
        "Apache-2.0",
        (
            PublishedFile(
                GROUNDING,
                "3b3ca2563c77c69f651d7bd133e97139c186df06231157a64c507099c52bc799",
                693_997_677,
                (
                    f"https://github.com/IDEA-Research/GroundingDINO/releases/download/v0.1.0-alpha/{GROUNDING}",
                    *on_hubs(f"ShilongLiu/GroundingDINO/resolve/a94c9b567a2a374598f05c584e96798a170c56fb/{GROUNDING}"),
                ),
            ),
        ),
    ),
    WantedWeights(
        "Vocabulary of BERT, uncased",
        "Apache-2.0",
        (
            PublishedFile(
                VOCABULARY,
                "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
                231_508,
                (
                    *on_hubs(
                        f"google-bert/bert-base-uncased/resolve/86b5e0934494bd15c9632b12f734a8a67f723594/{VOCABULARY}"
                    ),
                    "https://s3.amazonaws.com/models.huggingface.co/bert/bert-base-uncased-vocab.txt",
                ),
            ),
        ),
    ),
)
PINNED = {file.name: file.sha256 for wanted in PUBLISHED for file in wanted.files}


def bytes_shown(count: int) -> str:
    """A size as people read it: ``0.2 MB``, ``694 MB``, ``1.71 GB``."""
    mega = count / 1e6
    if mega < 10:
        return Sentence("{size:.1f} MB", size=max(mega, 0.1))
    return Sentence("{size:.0f} MB", size=mega) if mega < 1000 else Sentence("{size:.2f} GB", size=mega / 1000)


def announced(wanted: Sequence[WantedWeights]) -> Iterator[str]:
    """What is about to be fetched, a line each: title, size, licence."""
    for one in wanted:
        sizes = one.sizes
        size = "size unknown" if sizes is None else " or ".join(dict.fromkeys(map(bytes_shown, sizes)))
        yield f"{one.title}: {size}, {one.licence}"


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
                    "{path} is not the file that was published (SHA-256 differs). Nothing was installed; "
                    "download it again.",
                    path=path,
                )
            return
        known = self._remembered().get(path.name)
        if known is not None and digest != known:
            raise ProfileError(
                "{path} is not the file that was installed before under this name (SHA-256 differs). If "
                "it is meant to be another one, take its name out of {record} and install again.",
                path=path,
                record=self._record,
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
            raise ProfileError(
                "{record} cannot be read: {error}. Delete it and install again.", record=self._record, error=error
            ) from error
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
        raise ProfileError("{path} is missing. Put the published file there, under this name.", path=path) from error
    except OSError as error:
        raise ProfileError(
            "{path} cannot be read: {strerror}. Copy it again.", path=path, strerror=error.strerror or error
        ) from error
