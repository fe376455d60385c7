"""Trains the head that names regions from words alone: looks of synthetic anomalies against meanings of captions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from filo_core.errors import FolderError, ProfileError
from filo_core.learning.anomaly_lexicon import LEXICON, AnomalyKind
from filo_core.learning.named_regions import KINDS, NONE
from filo_core.learning.naming_measures import calibration_error
from filo_core.naming.zero_shot import TENSORS, NamingHead, read_head
from filo_core.whole_files import whole_file
from filo_core.words.specs import SIZE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from filo_core.learning.naming_looks import Looks
    from filo_core.words.encoder import SentenceEncoder

    Floats = NDArray[np.float32]

LARGEST_HEAD_BYTES = 4_000_000
GROUPS = {
    "crack-like": (AnomalyKind.SCRATCH, AnomalyKind.CRACK, AnomalyKind.CUT, AnomalyKind.THREAD),
    "stain-like": (
        AnomalyKind.STAIN,
        AnomalyKind.CONTAMINATION,
        AnomalyKind.CORROSION,
        AnomalyKind.LIQUID,
        AnomalyKind.ABRASION,
    ),
    "missing": (AnomalyKind.MISSING_PART, AnomalyKind.HOLE, AnomalyKind.BROKEN_EDGE),
    "extra": (AnomalyKind.EXTRA_PART, AnomalyKind.FOREIGN_OBJECT, AnomalyKind.BURR),
    "deformed": (AnomalyKind.DEFORMATION, AnomalyKind.DENT, AnomalyKind.WRINKLE),
    "misplaced": (AnomalyKind.MISPLACED_PART, AnomalyKind.SWAPPED_PART, AnomalyKind.ROTATED_PART),
    "colour": (AnomalyKind.COLOR_CHANGE,),
    "print": (AnomalyKind.MISPRINT,),
}
"""Broad kinds, and what belongs to each."""
GOOD_CAPTIONS = ("good part", "flawless surface", "part without defect", "nothing wrong", "perfect part", "background")
_THING = "part"
_HIDDEN = 1024
"""Of the first layer: as many as fit the file, and the time that a name may take."""
_LOOK_DROPOUT, _HIDDEN_DROPOUT = 0.17, 0.5
_ROUNDS, _BATCH, _RATE, _DECAY = 12, 512, 2e-3, 0.05
_SMOOTHING = 0.05
"""All of these were chosen on the parts that are kept out of training, never on those that figures are of."""
_CALIBRATED_ON = 8
"""Every so many-th part is kept out of training, and the temperature is found on it."""
_FLOOR_RATE = 0.08
"""Share of regions of good parts, of those kept out, that may be named."""
_LEAST_FLOOR = 0.35


@dataclass(frozen=True, slots=True)
class HeadFigures:
    """How well a head does on what was kept out of training, shares in [0, 1]."""

    regions: int
    first: float
    first_three: float
    calibration_error: float
    good_named: float


def captions_of(kind: AnomalyKind) -> tuple[str, ...]:
    """Plain captions of a kind."""
    return tuple(dict.fromkeys(phrase.format(_THING) for phrase in LEXICON[kind]))


def train_head(looks: Looks, encoder: SentenceEncoder, seed: int) -> tuple[NamingHead, HeadFigures]:
    """A head trained on looks, its temperature and floor found on the parts that were kept out.

    Raises:
        FolderError: if the looks are of too few parts to keep any out.
    """
    out = looks.parts % _CALIBRATED_ON == _CALIBRATED_ON - 1
    if not out.any() or out.all():
        raise FolderError("Looks of {least} parts are the least to learn from. Gather more.", least=_CALIBRATED_ON)
    captions = [encoder.meanings(captions_of(kind)) for kind in KINDS] + [encoder.meanings(GOOD_CAPTIONS)]
    model = _TrainedHead(looks.where(~out), captions, seed)
    model.train()
    head = model.head(sharpness=1.0, floor=0.0)
    return _calibrated(head, looks.where(out))


class _TrainedHead:
    """Two layers, found by descent on what the captions' kinds should be; on a CPU the same data give the same head."""

    def __init__(self, looks: Looks, captions: Sequence[Floats], seed: int) -> None:
        seen = looks.looks.astype(np.float32)
        self._mean, self._scale = seen.mean(axis=0), 1.0 / np.maximum(seen.std(axis=0), 1e-3)
        self._captions = captions
        self._seed = seed
        self._seen = torch.from_numpy(np.asarray((seen - self._mean) * self._scale, np.float32))
        self._kinds = torch.from_numpy(looks.kinds)
        counts = torch.bincount(self._kinds, minlength=len(captions)).float().clamp_min(1.0)
        self._weights = (counts.mean() / counts).sqrt()
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self._first = nn.Linear(seen.shape[1], _HIDDEN)
            self._outer = nn.Linear(_HIDDEN, len(captions))

    def train(self) -> None:
        """Find both layers: a fixed number of rounds, the rate rising and falling once."""
        model = nn.Sequential(
            nn.Dropout(_LOOK_DROPOUT), self._first, nn.ReLU(), nn.Dropout(_HIDDEN_DROPOUT), self._outer
        )
        optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=_DECAY)
        count, batch = len(self._kinds), min(_BATCH, len(self._kinds))
        rounds = _ROUNDS * (count // batch)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=rounds + 1)
        with torch.random.fork_rng():
            torch.manual_seed(self._seed)
            for _ in range(_ROUNDS):
                order = torch.randperm(count)
                for begin in range(0, count // batch * batch, batch):
                    chosen = order[begin : begin + batch]
                    loss = functional.cross_entropy(
                        model(self._seen[chosen]), self._kinds[chosen], self._weights, label_smoothing=_SMOOTHING
                    )
                    optimizer.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimizer.step()
                    schedule.step()

    def head(self, sharpness: float, floor: float) -> NamingHead:
        """What was learned, in the space of meanings, for use without torch."""
        centres = np.stack([own.mean(axis=0) / np.linalg.norm(own.mean(axis=0)) for own in self._captions])
        # The place whose products with the captions are the softmax's logits.
        second = self._outer.weight.detach().numpy().T @ np.linalg.pinv(centres.T)
        return NamingHead(
            kinds=tuple(kind.value for kind in KINDS),
            groups=tuple(next(group for group, own in GROUPS.items() if kind in own) for kind in KINDS),
            words=tuple(captions_of(kind) for kind in KINDS),
            sharpness=sharpness,
            floor=floor,
            identity="",
            mean=_half(self._mean),
            scale=_half(self._scale),
            first=_half(self._first.weight.detach().numpy().T),
            first_bias=_half(self._first.bias.detach().numpy()),
            second=_half(second),
            second_bias=np.zeros(SIZE, np.float32),
            captions=_half(centres),
            bias=_half(self._outer.bias.detach().numpy()),
            spoken=_half(np.concatenate(self._captions[:NONE])),
        )


def meanings_of(head: NamingHead, looks: NDArray[np.float16]) -> Floats:
    """``(n, 384)`` of ``(n, D)`` looks."""
    hidden = np.maximum((looks.astype(np.float32) - head.mean) * head.scale @ head.first + head.first_bias, 0.0)
    return np.asarray(hidden @ head.second + head.second_bias, np.float32)


def shares_of(head: NamingHead, looks: NDArray[np.float16]) -> Floats:
    """``(n, K + 1)`` shares of ``(n, D)`` looks."""
    logits = head.sharpness * (meanings_of(head, looks) @ head.captions.T + head.bias)
    risen = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(risen / risen.sum(axis=1, keepdims=True), np.float32)


def figures_of(head: NamingHead, looks: Looks, *, found: bool = False) -> HeadFigures:
    """How well a head names anomalies among its own kinds, and how often it names good parts.

    Args:
        head: which.
        looks: of what.
        found: under masks as the map finds them, and grown ones, rather than the true ones.
    """
    shares = shares_of(head, looks.looks)
    named = ~looks.true_masks & (looks.kinds != NONE) if found else looks.true_masks
    of_kinds, kinds = shares[named][:, :NONE], looks.kinds[named]
    order = np.argsort(-of_kinds, axis=1)
    right = order[:, 0] == kinds
    good = shares[looks.kinds == NONE][:, :NONE].max(axis=1)
    return HeadFigures(
        regions=int(named.sum()),
        first=float(right.mean()),
        first_three=float((order[:, :3] == kinds[:, None]).any(axis=1).mean()),
        calibration_error=calibration_error(of_kinds.max(axis=1), right),
        good_named=float((good >= head.floor).mean()),
    )


def write_head(path: Path, head: NamingHead, trained_by: str) -> NamingHead:
    """Write a head; back comes what is read of the file.

    Raises:
        ProfileError: if it would be larger than :data:`LARGEST_HEAD_BYTES`.
    """
    from safetensors.numpy import save

    about = {
        "kinds": head.kinds,
        "groups": head.groups,
        "words": head.words,
        "sharpness": head.sharpness,
        "floor": head.floor,
        "trained_by": trained_by,
    }
    # The format writes memory as it lies: a transposed view would come back as something else.
    tensors = {name: np.ascontiguousarray(getattr(head, name), np.float16) for name in TENSORS}
    content = save(tensors, {"about": json.dumps(about)})
    if len(content) > LARGEST_HEAD_BYTES:
        raise ProfileError(
            "The head takes {count} bytes, more than the {most} it may.",
            count=len(content),
            most=LARGEST_HEAD_BYTES,
        )
    with whole_file(path) as space:
        space.write_bytes(content)
    return read_head(path, hashlib.sha256(content).hexdigest())


def _calibrated(head: NamingHead, looks: Looks) -> tuple[NamingHead, HeadFigures]:
    """The head with the temperature that makes its shares likeliest, and the floor that good parts seldom reach."""
    logits = meanings_of(head, looks.looks) @ head.captions.T + head.bias
    # Found masks are what the detector has, good regions what it errs on: each counts as often as it comes.
    best = min(np.geomspace(0.2, 3.0, 60), key=lambda sharp: _surprise(sharp * logits, looks.kinds))
    head = replace(head, sharpness=float(best))
    good = shares_of(head, looks.looks[looks.kinds == NONE])[:, :NONE].max(axis=1)
    floor = max(float(np.quantile(good, 1.0 - _FLOOR_RATE)) if len(good) else 0.0, _LEAST_FLOOR)
    head = replace(head, floor=round(floor, 3))
    return head, figures_of(head, looks)


def _surprise(logits: Floats, kinds: NDArray[np.int64]) -> float:
    risen = logits - logits.max(axis=1, keepdims=True)
    log_shares = risen - np.log(np.exp(risen).sum(axis=1, keepdims=True))
    return float(-log_shares[np.arange(len(kinds)), kinds].mean())


def _half(values: NDArray[np.floating]) -> Floats:
    """As it is kept: in half precision."""
    return np.asarray(np.asarray(values).astype(np.float16), np.float32)
