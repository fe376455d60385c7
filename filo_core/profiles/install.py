"""Installs model profiles into a folder of the user's: whole, or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from filo_core.errors import ProfileError
from filo_core.filo_release.model import FiLoRelease
from filo_core.filo_release.weights import our_names
from filo_core.method.grounding_dino import GENERIC_WORDS, build_grounding_dino
from filo_core.profiles.manifest import MANIFEST_NAME, ModelProfile, read_architecture, read_manifest
from filo_core.profiles.published import GROUNDING, OPEN_CLIP, OPENAI_CLIP, PINNED, VOCABULARY, Trust
from filo_core.profiles.sums import check_sums
from filo_core.profiles.unfilled import Unfilled
from filo_core.profiles.unpickle import to_safetensors
from filo_core.resources import resource_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from torch import Tensor

RELEASE_FILE = "filo.safetensors"
HEADS = "heads.safetensors"
_TRAINED_ON = "CLIP and Grounding DINO as published; the heads are training-free, nothing was learned about anomalies"
_RELEASED = "as FiLo's authors published it: supervised on the test split of one of MVTec AD and VisA, see their page"
_UNLOCATED = "without Grounding DINO, so nothing is suppressed"
_OWN_GROUNDING = "with the release's own fine-tuned Grounding DINO"
_PLAIN_GROUNDING = "with Grounding DINO as its authors published it, not as the release fine-tuned it"
_OWN_FILES = "grounding_train_on_*.pth"
_NEVER_READ = "bert.pooler."
"""Of Grounding DINO's BERT: nothing reads what comes out of it, and the release's files leave it out."""
_WITH_HEADS = "CLIP and Grounding DINO as published, with heads trained by this program"


def install_full(source: Path, models: Path, template: Path | None = None, pinned: Mapping[str, str] = PINNED) -> Path:
    """Install the full profile from a folder with the published files.

    Args:
        source: holds :data:`OPENAI_CLIP` or :data:`OPEN_CLIP`, :data:`GROUNDING`, :data:`VOCABULARY`, and, where they
            were trained, :data:`HEADS`; a ``SHA256SUMS`` beside them is checked.
        models: the profile becomes ``full`` in it and replaces one that is there.
        template: folder with manifest and architecture; the shipped one unless given.
        pinned: SHA-256 by file name.

    Raises:
        ProfileError: if a file is missing, damaged, of another network, or holds code. Then nothing has changed.
    """
    check_sums(source)
    trust = Trust(models, pinned)
    with _staged(models, template or resource_path("profiles", "full")) as folder:
        profile = read_manifest(folder)
        if profile.heads is None:
            raise ProfileError("{folder} is no template of a full profile.", folder=folder)
        path = source / (OPENAI_CLIP if (source / OPENAI_CLIP).is_file() else OPEN_CLIP)
        tensors = _tensors(path, folder, trust, scripted=path.name == OPENAI_CLIP)
        clip = _clip_state(tensors, read_architecture(folder, profile), path)
        changes: dict[str, Any] = {"trained": True, "weights": _write(folder, "clip.safetensors", clip)}
        changes["grounding"] = _grounding(source / GROUNDING, folder, profile, trust)
        trained = (source / HEADS).is_file()
        if trained:
            changes["heads_weights"] = _write(folder, HEADS, _tensors(source / HEADS, folder, None))
        changes["trained_on"] = _WITH_HEADS if trained else _TRAINED_ON
        heads = json.loads((folder / MANIFEST_NAME).read_bytes())["heads"]
        # Context vectors that were never trained are noise; the fixed templates stand alone then.
        changes["heads"] = heads | {"learned_prompts": trained and heads.get("learned_prompts", True)}
        _change_manifest(folder, changes)
    trust.remember()
    return models / "full"


def own_grounding(checkpoint: Path) -> Path | None:
    """Grounding DINO beside a checkpoint of FiLo: the one that the release fine-tuned with it, else the published one.

    Args:
        checkpoint: such as ``filo_train_on_mvtec.pth``, whose own is ``grounding_train_on_mvtec.pth``; of a checkpoint
            under another name the only such file beside it.
    """
    own = [checkpoint.with_name(checkpoint.name.replace("filo_", "grounding_", 1))]
    if own == [checkpoint]:
        own = sorted(checkpoint.parent.glob(_OWN_FILES))
    candidates = (own if len(own) == 1 else []) + [checkpoint.with_name(GROUNDING)]
    return next((path for path in candidates if path.is_file()), None)


def _grounding(source: Path, folder: Path, profile: ModelProfile, trust: Trust) -> dict[str, Any]:
    """Grounding DINO of ``source`` and the vocabulary beside it, put into ``folder``, as the manifest names them."""
    if profile.grounding is None:
        raise ProfileError("{folder} is no template with Grounding DINO.", folder=folder)
    vocabulary = source.with_name(VOCABULARY)
    trust.check(vocabulary)
    shutil.copyfile(vocabulary, folder / VOCABULARY)
    with Unfilled():
        network = build_grounding_dino(profile.grounding.settings, profile.grounding.bert, folder / VOCABULARY)
    expected = network.state_dict()
    given = _tensors(source, folder, trust)
    unread = {name: torch.zeros_like(wanted) for name, wanted in expected.items() if name.startswith(_NEVER_READ)}
    state = _fitting(unread | given, expected, source)
    weights = _write(folder, "grounding.safetensors", state)
    return profile.grounding.model_dump(mode="json") | {"weights": weights}


def install_seeded(models: Path, template: Path | None = None) -> Path:
    """Install the full profile with seeded noise as weights, to try the program's largest network without any."""
    with _staged(models, template or resource_path("profiles", "full")) as folder:
        letters = "abcdefghijklmnopqrstuvwxyz0123456789"
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?"]
        words = [*special, *letters, *(f"##{letter}" for letter in letters), *GENERIC_WORDS]
        (folder / VOCABULARY).write_text("\n".join(words) + "\n", encoding="utf-8")
    return models / "full"


def install_release(
    source: Path, models: Path, template: Path | None = None, pinned: Mapping[str, str] = PINNED
) -> Path:
    """Convert the published FiLo checkpoint into a profile; Grounding DINO with it where its files lie beside it.

    Args:
        source: the checkpoint; beside it, if wanted, its own Grounding DINO (see :func:`own_grounding`) or
            :data:`GROUNDING`, and :data:`VOCABULARY`.
        models: it becomes ``filo`` in it and replaces one that is there.
        template: folder with manifest and architecture; the shipped one unless given.
        pinned: SHA-256 by file name.

    Raises:
        ProfileError: if it is another file than that. Then nothing has changed.
    """
    check_sums(source.parent)
    trust = Trust(models, pinned)
    with _staged(models, template or resource_path("profiles", "filo"), "filo") as folder:
        profile = read_manifest(folder)
        # Names and shapes alone: the weights would be two gigabytes.
        with torch.device("meta"):
            wanted = FiLoRelease(read_architecture(folder, profile)).state_dict()
        state = _fitting(our_names(_tensors(source, folder, trust)), wanted, source)
        beside = own_grounding(source)
        changes: dict[str, Any] = {"trained": True, "weights": _write(folder, RELEASE_FILE, state)}
        changes["grounding"] = None if beside is None else _grounding(beside, folder, profile, trust)
        plain = beside is not None and beside.name == GROUNDING
        how = _UNLOCATED if beside is None else _PLAIN_GROUNDING if plain else _OWN_GROUNDING
        changes["trained_on"] = f"{_RELEASED}; {how}"
        _change_manifest(folder, changes)
    trust.remember()
    return models / "filo"


@contextmanager
def _staged(models: Path, template: Path, name: str = "full") -> Iterator[Path]:
    """A folder beside the final one, which it replaces at the end; gone again if anything fails."""
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=models) as space:
        folder, final = models / space / "new", models / name
        shutil.copytree(template, folder)
        yield folder
        if final.exists():
            final.rename(models / space / "old")
        folder.rename(final)


def _tensors(path: Path, space: Path, trust: Trust | None, *, scripted: bool = False) -> dict[str, Tensor]:
    """Tensors of a safetensors file, or of a ``.pth`` that another process has converted.

    Args:
        path: of the file.
        space: folder for what is passed between the processes.
        trust: asked first; None for files that this program wrote.
        scripted: TorchScript; opened only if its hash is a published one.
    """
    if trust is not None:
        trust.check(path)
    readable = path
    if path.suffix != ".safetensors":
        readable = space / "converted.part"
        to_safetensors(path, readable, scripted=scripted and trust is not None and trust.pins(path))
    try:
        return load_file(readable)
    except (OSError, SafetensorError) as error:
        raise ProfileError(
            "{path} is damaged or no safetensors file: {error}. Download it again.", path=path, error=error
        ) from error
    finally:
        if readable is not path:
            readable.unlink(missing_ok=True)


def _clip_state(tensors: dict[str, Tensor], architecture: dict[str, Any], source: Path) -> dict[str, Tensor]:
    """OpenAI's weights under open_clip's names, the position table resized to the profile's picture size."""
    import open_clip
    from open_clip.model import resize_pos_embed

    with torch.device("meta"):
        model = open_clip.CLIP(**architecture)
    # Published in half precision, in which the table cannot be resized.
    tensors = {name: tensor.float() for name, tensor in tensors.items()}
    resize_pos_embed(tensors, model)
    return _fitting(tensors, model.state_dict(), source)


def _fitting(given: Mapping[str, Tensor], expected: Mapping[str, Tensor], source: Path) -> dict[str, Tensor]:
    """Those tensors a network wants, as float32.

    Raises:
        ProfileError: if one is missing or of another shape; what is left over is left out.
    """
    wrong = [n for n, wanted in expected.items() if n not in given or given[n].shape != wanted.shape]
    if wrong:
        raise ProfileError(
            "{source} is of another network: {count} tensors are missing or of another shape, the "
            "first is {wrong}. Use the published file.",
            source=source,
            count=len(wrong),
            wrong=wrong[0],
        )
    return {
        name: given[name].to(torch.float32 if wanted.is_floating_point() else wanted.dtype).clone().contiguous()
        for name, wanted in expected.items()
    }


def _write(folder: Path, name: str, state: dict[str, Tensor]) -> dict[str, str]:
    save_file(state, folder / name)
    with (folder / name).open("rb") as stream:
        return {"file": name, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _change_manifest(folder: Path, changes: Mapping[str, Any]) -> None:
    path = folder / MANIFEST_NAME
    content = json.loads(path.read_bytes()) | dict(changes)
    ModelProfile.model_validate(content)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
