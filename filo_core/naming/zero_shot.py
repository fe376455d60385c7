"""Names from words alone: what a region looks like is put where captions of such anomalies lie, then read as phrases.

A head of two layers maps a region's look (:mod:`filo_core.naming.region_look`) to the space of sentence meanings. The
captions of each generic kind of anomaly, and those of good parts, lie there; a softmax over the kinds, with a
temperature found on pictures it never saw, gives their shares. The list of a product is read second: each phrase takes
of a kind's share by how near its meaning is to that kind's captions, and what no phrase fits is "none of these".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from filo_core.shipped_tensors import none_in, read_shipped
from filo_core.types import TOP_SHARES, UNKNOWN_TYPE, TypeShare

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

NONE = "none of these"
"""The last kind of every head: no anomaly, or none that it knows."""
CLEAR = 0.5
"""Share from which a broad kind is said of a region whose name is unknown."""
_SHARPNESS = 0.05
"""Difference of two similarities that makes one phrase e times likelier than the other."""
_TIE = 1e-3
_SPECIAL = 0.3
"""By how much less a phrase is like a kind's plainest caption to be e times less likely than the plainest phrase."""
_STRANGE = 0.5
"""Similarity at which a phrase is as likely not what is meant."""
_OFF_LIST = 0.35
"""How likely a kind is that no phrase of the list means, beside one that a phrase does."""
TENSORS = ("mean", "scale", "first", "first_bias", "second", "second_bias", "captions", "bias", "spoken")
_WHAT = "head for names"


@dataclass(frozen=True, slots=True)
class Named:
    """What a region is called."""

    name: str
    """A phrase of the list, or :data:`~filo_core.types.UNKNOWN_TYPE`."""
    share: float
    """Of that name, in [0, 1]; 0 where it is unknown."""
    shares: tuple[TypeShare, ...]
    """The best three phrases, best first; what is left of 1 is others and none of these."""
    broad: TypeShare | None = None
    """Of one that is unknown: the broad kind that it is all the same; None where that is not clear either."""


UNNAMED = Named(UNKNOWN_TYPE, 0.0, ())
"""Where nothing names regions."""


@dataclass(frozen=True, slots=True, eq=False)
class NamingHead:
    """A trained head, and the captions it was contrasted with.

    Shapes: ``mean`` and ``scale`` (D,), ``first`` (D, H), ``second`` (H, 384), ``captions`` (K + 1, 384) of unit
    length, the last one of good parts, ``bias`` (K + 1,).
    """

    kinds: tuple[str, ...]
    """Generic kinds, in the order of ``captions`` but for its last row."""
    groups: tuple[str, ...]
    """The broad kind of each: crack-like, stain-like, missing …"""
    words: tuple[tuple[str, ...], ...]
    """Captions of each kind, which phrases are held against."""
    sharpness: float
    """Factor of the products with the captions: the inverse of the calibrated temperature."""
    floor: float
    """Share below which a region is unknown."""
    identity: str
    """SHA-256 of its file."""
    mean: Floats
    scale: Floats
    first: Floats
    first_bias: Floats
    second: Floats
    second_bias: Floats
    captions: Floats
    bias: Floats
    spoken: Floats
    """``(n, 384)``: meanings of all ``words``, one kind after the other."""

    @property
    def captions_of_kinds(self) -> tuple[Floats, ...]:
        """Meanings of the captions of each kind."""
        return tuple(np.split(self.spoken, np.cumsum([len(own) for own in self.words])[:-1]))

    def shares(self, look: Floats) -> Floats:
        """``(K + 1,)``: shares of the kinds and of :data:`NONE`, of ``(D,)``; they add up to 1."""
        return self.of_meaning(self.meaning(look))

    def meaning(self, look: Floats) -> Floats:
        """``(384,)``: where the look lies among captions; the longer, the surer."""
        hidden = np.maximum((look - self.mean) * self.scale @ self.first + self.first_bias, 0.0)
        return np.asarray(hidden @ self.second + self.second_bias, np.float32)

    def of_meaning(self, meaning: Floats) -> Floats:
        """Shares of what lies at ``meaning``."""
        logits = self.sharpness * (self.captions @ meaning + self.bias)
        risen = np.exp(logits - logits.max())
        return np.asarray(risen / risen.sum(), np.float32)


class ZeroShotNames:
    """Names of regions of one product.

    Args:
        head: for the trunks it is looked at with.
        phrases: of its list, each once.
        likely: ``(K, J)`` from :func:`phrase_shares`.
        encoder: identity of what read the phrases.
    """

    def __init__(self, head: NamingHead, phrases: Sequence[str], likely: Floats, encoder: str = "") -> None:
        self.named_by = f"{head.identity}:{encoder}"
        self._head = head
        self._phrases = tuple(phrases)
        self._likely = likely

    def name(self, look: Floats) -> Named:
        """What a region with this look is called."""
        shares = self._head.shares(look)
        # The list says what can go wrong: what it leaves out is less likely, though it happens.
        on_list = np.minimum(self._likely.sum(axis=1), 1.0)
        kinds = shares[:-1] * (_OFF_LIST + (1.0 - _OFF_LIST) * on_list)
        kinds = kinds / max(float(kinds.sum() + shares[-1]), 1e-9)
        found = named(self._phrases, kinds @ self._likely, self._head.floor)
        return found if found.share else replace(found, broad=broad_kind(self._head.groups, kinds))


def named(phrases: Sequence[str], shares: Floats, floor: float) -> Named:
    """The name that ``(J,)`` shares of the phrases amount to; what is left of 1 is none of them."""
    order = np.argsort(-shares, kind="stable")[:TOP_SHARES]
    best = tuple(TypeShare(phrases[at], float(shares[at])) for at in order)
    if not best or best[0].share < floor:
        return Named(UNKNOWN_TYPE, 0.0, best)
    return Named(best[0].name, best[0].share, best)


def broad_kind(groups: Sequence[str], kinds: Floats) -> TypeShare | None:
    """The broad kind that has most of ``(K,)`` shares of the kinds, where that is clear; None otherwise.

    Args:
        groups: the broad kind of each kind.
        kinds: shares; what is left of 1 is none of these.
    """
    found: dict[str, float] = {}
    for group, share in zip(groups, kinds, strict=True):
        found[group] = found.get(group, 0.0) + float(share)
    best = max(found, key=lambda group: found[group])
    return TypeShare(best, found[best]) if found[best] >= CLEAR else None


def phrase_shares(phrases: Floats, captions: Sequence[Floats]) -> Floats:
    """Share of each kind that each phrase takes.

    Args:
        phrases: ``(J, 384)`` meanings of the list's phrases, unit length.
        captions: a kind, ``(n, 384)`` meanings of its captions, the plainest first.

    Returns:
        ``(K, J)``; a row adds up to less than 1, and to next to nothing where no phrase means such a thing.
    """
    similar = np.stack([(phrases @ own.T).max(axis=1) for own in captions])
    # A phrase belongs to the kinds it is nearest to: being a little like everything is no claim on anything.
    own = similar - np.maximum(similar.max(axis=0, keepdims=True) - similar, 0.0)
    weight = np.exp((own - _STRANGE) / _SHARPNESS)
    # Of several phrases for one kind the plainest is likeliest: "tool mark" beside "scratch" is a special scratch.
    plain = np.stack([phrases @ caption[0] for caption in captions])
    leader = (own + _TIE * plain).argmax(axis=1)
    special = np.minimum(plain - plain[np.arange(len(plain)), leader][:, None], 0.0)
    weight = weight * np.exp(special / _SPECIAL)
    return np.asarray(weight / (weight.sum(axis=1, keepdims=True) + 1.0), np.float32)


def read_head(path: Path, sha256: str = "") -> NamingHead:
    """The head in a safetensors file.

    Args:
        path: of the file.
        sha256: what its content must hash to; empty asks for nothing.

    Raises:
        ProfileError: if it is missing, altered, cut short, or holds values that are not numbers.
    """
    found = read_shipped(path, sha256, _WHAT)
    try:
        about = json.loads(found.about["about"])
        head = NamingHead(
            kinds=tuple(about["kinds"]),
            groups=tuple(about["groups"]),
            words=tuple(map(tuple, about["words"])),
            sharpness=float(about["sharpness"]),
            floor=float(about["floor"]),
            identity=found.identity,
            **{name: found.tensors[name] for name in TENSORS},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise none_in(path, _WHAT, error) from error
    return head
