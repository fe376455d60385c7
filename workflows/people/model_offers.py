"""Models that can be fetched on demand: what each is, how large, under which licence, and whether it is here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import ProfileError
from filo_core.profiles.downloads import never
from filo_core.profiles.manifest import read_manifest
from filo_core.profiles.published import PUBLISHED, WantedWeights
from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.store import TrunkStore
from workflows.people.installing import install_model
from workflows.people.rights import Right, asks

if TYPE_CHECKING:
    from filo_core.profiles.fetching import Report
    from workflows.people.access import Access

FULL, EYES = "full", "eyes"
"""Names of the two models on offer, as ``main.py models install`` takes them."""


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A model that can be had from the network."""

    name: str
    parts: tuple[WantedWeights, ...]
    here: bool

    @property
    def size(self) -> int:
        """Bytes to fetch at most."""
        return sum(part.sizes[1] for part in self.parts if part.sizes is not None)

    @property
    def licences(self) -> tuple[str, ...]:
        """Of its parts, each once."""
        return tuple(dict.fromkeys(part.licence for part in self.parts))


def model_offers(models: Path) -> tuple[ModelOffer, ...]:
    """What can be fetched, and what of it is here.

    Args:
        models: the user's folder of models.
    """
    store = TrunkStore(models)
    trunks = [spec for spec in shipped_trunks() if spec.url]
    here = all(store.folder(spec) is not None for spec in trunks)
    return (
        ModelOffer(FULL, PUBLISHED, _is_full_here(models)),
        ModelOffer(EYES, tuple(spec.wanted for spec in trunks), here),
    )


@asks(Right.INSTALL)
def fetch_model(
    access: Access, models: Path, name: str, report: Report, stopped: Callable[[], bool] = never, url: str = ""
) -> Path:
    """Fetch a model on offer, check it and install it: whole, or not at all.

    Args:
        access: asked before anything is fetched.
        models: the user's folder of models.
        name: of the offer.
        report: file name, bytes so far, bytes in all where that is known.
        stopped: True ends the fetching; what has come is kept for the next time.
        url: for the full profile, a folder on a web server in place of the authors' addresses.

    Raises:
        AccessError: if there are users, and nobody is signed in who may do this.
        ProfileError: if it cannot be had, or this installation has no torch to make it with.
        DownloadStoppedError: when told to stop.
    """

    def put() -> Path:
        if find_spec("torch") is None:
            raise ProfileError(
                "This needs torch, which a station does without. Install it on a machine that has torch, "
                "and copy {models} from there.",
                models=models,
            )
        return _full(models, report, stopped, url) if name == FULL else _eyes(models, report, stopped)

    return install_model(access, models, name, put)


def _full(models: Path, report: Report, stopped: Callable[[], bool], url: str) -> Path:
    from filo_core.profiles.getting import get_full

    return get_full(models, report, url=url, stopped=stopped)


def _eyes(models: Path, report: Report, stopped: Callable[[], bool]) -> Path:
    from filo_core.trunks.installing import install_published

    store = TrunkStore(models)
    install_published(store, shipped_trunks(), models, report, stopped)
    return store.user_folder or models


def _is_full_here(models: Path) -> bool:
    try:
        return read_manifest(models / FULL).trained
    except ProfileError:
        return False
