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
    from torch import Tensor

    from filo_core.learning.naming_looks import Looks
    from filo_core.words.encoder import SentenceEncoder

    Floats = NDArray[np.float32]

LARGEST_HEAD_BYTES = 1_000_000
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
_HIDDEN = 192
_EPOCHS = 40
_BATCH = 256
_DROPOUT = 0.35
_NOISE = 0.15
_SMOOTHING = 0.05
_SCALE = 12.0
_CALIBRATED_ON = 8
"""Every so many-th part is kept out of training, and the temperature is found on it."""
_FLOOR_RATE = 0.05
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
        raise FolderError(f"Looks of {_CALIBRATED_ON} parts are the least to learn from. Gather more.")
    captions = [encoder.meanings(captions_of(kind)) for kind in KINDS] + [encoder.meanings(GOOD_CAPTIONS)]
    model = _Model(looks.where(~out), captions, seed)
    model.train()
    head = model.head(sharpness=1.0, floor=0.0)
    return _calibrated(head, looks.where(out))


class _Model:
    """The head in torch."""

    def __init__(self, looks: Looks, captions: Sequence[Floats], seed: int) -> None:
        torch.manual_seed(seed)
        self._rng = np.random.default_rng(seed)
        self._captions = [torch.from_numpy(own) for own in captions]
        seen = torch.from_numpy(looks.looks.astype(np.float32))
        self._mean, self._scale = seen.mean(0), 1.0 / seen.std(0).clamp_min(1e-3)
        self._seen = (seen - self._mean) * self._scale
        self._kinds = torch.from_numpy(looks.kinds)
        counts = torch.bincount(self._kinds, minlength=len(captions)).float().clamp_min(1.0)
        self._weights = (counts.mean() / counts).sqrt()
        width = self._seen.shape[1]
        self._first, self._second = nn.Linear(width, _HIDDEN), nn.Linear(_HIDDEN, SIZE)
        self._net = nn.Sequential(self._first, nn.ReLU(), nn.Dropout(_DROPOUT), self._second)
        self._bias = nn.Parameter(torch.zeros(len(captions)))
        with torch.no_grad():
            # A random direction lies equally far from every caption.
            self._second.weight.mul_(0.5)

    def train(self) -> None:
        """Learn, with a rate that falls to nothing."""
        steps = _EPOCHS * (len(self._kinds) // _BATCH + 1)
        optimizer = torch.optim.AdamW([*self._net.parameters(), self._bias], lr=1e-3, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=steps)
        self._net.train()
        for _ in range(steps):
            rows = torch.from_numpy(self._rng.integers(len(self._kinds), size=_BATCH))
            seen = self._seen[rows]
            seen = seen + _NOISE * torch.randn_like(seen)
            # Now one caption of a kind, now another: all of them are the kind's place, not one word's.
            drawn = torch.stack([own[int(self._rng.integers(len(own)))] for own in self._captions])
            centres = functional.normalize(0.5 * self._centres() + 0.5 * drawn, dim=-1)
            logits = _SCALE * (functional.normalize(self._net(seen), dim=-1) @ centres.T + self._bias)
            loss = functional.cross_entropy(logits, self._kinds[rows], self._weights, label_smoothing=_SMOOTHING)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
        self._net.eval()

    def head(self, sharpness: float, floor: float) -> NamingHead:
        """What was learned, for use without torch."""
        first, second = self._first, self._second
        arrays = [self._mean, self._scale, first.weight.T, first.bias, second.weight.T, second.bias]
        mean, scale, one, one_bias, two, two_bias = (_half(array) for array in arrays)
        return NamingHead(
            kinds=tuple(kind.value for kind in KINDS),
            groups=tuple(next(group for group, own in GROUPS.items() if kind in own) for kind in KINDS),
            words=tuple(captions_of(kind) for kind in KINDS),
            sharpness=sharpness,
            floor=floor,
            identity="",
            mean=mean,
            scale=scale,
            first=one,
            first_bias=one_bias,
            second=two,
            second_bias=two_bias,
            captions=_half(self._centres()),
            bias=_half(self._bias),
            spoken=_half(torch.cat(self._captions[:NONE])),
        )

    def _centres(self) -> Tensor:
        return torch.stack([functional.normalize(own.mean(0), dim=0) for own in self._captions])


def meanings_of(head: NamingHead, looks: NDArray[np.float16]) -> Floats:
    """``(n, 384)`` of unit length of ``(n, D)`` looks."""
    hidden = np.maximum((looks.astype(np.float32) - head.mean) * head.scale @ head.first + head.first_bias, 0.0)
    found = hidden @ head.second + head.second_bias
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6), np.float32)


def shares_of(head: NamingHead, looks: NDArray[np.float16]) -> Floats:
    """``(n, K + 1)`` shares of ``(n, D)`` looks."""
    logits = head.sharpness * (meanings_of(head, looks) @ head.captions.T + head.bias)
    risen = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(risen / risen.sum(axis=1, keepdims=True), np.float32)


def figures_of(head: NamingHead, looks: Looks) -> HeadFigures:
    """How well a head names the true masks of anomalies among its own kinds, and how often it names good parts."""
    shares = shares_of(head, looks.looks)
    named = looks.true_masks
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
    content = save({name: getattr(head, name).astype(np.float16) for name in TENSORS}, {"about": json.dumps(about)})
    if len(content) > LARGEST_HEAD_BYTES:
        raise ProfileError(f"The head takes {len(content)} bytes, more than the {LARGEST_HEAD_BYTES} it may.")
    with whole_file(path) as space:
        space.write_bytes(content)
    return read_head(path, hashlib.sha256(content).hexdigest())


def _calibrated(head: NamingHead, looks: Looks) -> tuple[NamingHead, HeadFigures]:
    """The head with the temperature that makes its shares likeliest, and the floor that good parts seldom reach."""
    cosines = meanings_of(head, looks.looks) @ head.captions.T + head.bias
    # Found masks are what the detector has, good regions what it errs on: each counts as often as it comes.
    best = min(np.geomspace(4.0, 60.0, 60), key=lambda sharp: _surprise(sharp * cosines, looks.kinds))
    head = replace(head, sharpness=float(best))
    good = shares_of(head, looks.looks[looks.kinds == NONE])[:, :NONE].max(axis=1)
    floor = max(float(np.quantile(good, 1.0 - _FLOOR_RATE)) if len(good) else 0.0, _LEAST_FLOOR)
    head = replace(head, floor=round(floor, 3))
    return head, figures_of(head, looks)


def _surprise(logits: Floats, kinds: NDArray[np.int64]) -> float:
    risen = logits - logits.max(axis=1, keepdims=True)
    log_shares = risen - np.log(np.exp(risen).sum(axis=1, keepdims=True))
    return float(-log_shares[np.arange(len(kinds)), kinds].mean())


def _half(tensor: Tensor) -> Floats:
    """As it is kept: in half precision."""
    return np.asarray(tensor.detach().numpy().astype(np.float16), np.float32)
