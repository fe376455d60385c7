"""Published methods beside the profile, by name: AnomalyDINO at both sizes of its paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filo_core.benchmark.baselines import Contender
from filo_core.benchmark.comparisons.anomaly_dino import MASKED, SIZES_PX, AnomalyDino
from filo_core.errors import FiloError, ProfileError
from filo_core.imaging import read_image
from filo_core.trunks.last_block import PreparedBlock, published_last_block
from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.session import open_trunk
from filo_core.trunks.specs import Network
from filo_core.trunks.store import INSTALL, TrunkStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from filo_core.benchmark.categories import Category
    from filo_core.benchmark.comparisons.anomaly_dino import PatchEncoder
    from filo_core.benchmark.measuring import MakeDetector
    from filo_core.method.interfaces import Detector
    from filo_core.trunks.specs import TrunkSpec

ANOMALY_DINO = {f"anomalydino-{side}": side for side in SIZES_PX}
PUBLISHED_AUROC = 97.7
"""Per cent, image AUROC on MVTec AD with four shots at 672 px, as its authors print it."""


def named_contenders(names: str, device: str, installed: Path | None = None) -> tuple[Contender, ...]:
    """The methods of ``names``, which commas separate.

    Args:
        names: of :data:`ANOMALY_DINO`; none for an empty text.
        device: ``cpu`` or ``cuda``.
        installed: the user's folder of models.

    Raises:
        FiloError: if there is no such method.
        ProfileError: if no trunk that it could look through is on this machine.
    """
    wanted = [name.strip().lower() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in ANOMALY_DINO:
            raise FiloError(
                "There is no method {name!r} to measure by name. There are {known}.",
                name=name[:40],
                known=", ".join(ANOMALY_DINO),
            )
    if not wanted:
        return ()
    encoder, note = encoder_of(TrunkStore(installed), device)
    like = "-like" if note else ""
    return tuple(
        Contender(
            f"AnomalyDINO{like}, {ANOMALY_DINO[name]} px",
            anomaly_dino_maker(encoder, ANOMALY_DINO[name]),
            note or f"AnomalyDINO's authors print {PUBLISHED_AUROC} image AUROC on MVTec AD with four shots at 672 px.",
        )
        for name in dict.fromkeys(wanted)
    )


def anomaly_dino_maker(encoder: PatchEncoder, side: int) -> MakeDetector:
    """Sets AnomalyDINO up for a category, with its authors' choice of what is masked."""

    def make(references: Sequence[Path], category: Category) -> Detector:
        pictures = [read_image(path).pixels for path in references]
        return AnomalyDino(encoder, pictures, side, masked=category.root.name.lower() in MASKED)

    return make


def encoder_of(store: TrunkStore, device: str) -> tuple[PatchEncoder, str]:
    """The published DINOv2 where its file is here, else the packaged one and the sentence that says so.

    Raises:
        ProfileError: if neither is on this machine.
    """
    deep = [spec for spec in shipped_trunks() if spec.network is Network.DINOV2_S]
    published = next((spec for spec in deep if store.published_file(spec) is not None), None)
    if published is not None:
        return published_last_block(store, published, device), ""
    packaged = next(iter(store.present(deep)), None)
    if packaged is None:
        raise ProfileError("DINOv2 is not on this machine. Run '{install}'.", install=INSTALL)
    return PreparedBlock(open_trunk(store, packaged, device)), _stand_in(packaged)


def _stand_in(spec: TrunkSpec) -> str:
    return (
        f"AnomalyDINO-like: it looks through {spec.title}, whose last block is not in the graph that is here, so the "
        f"one before is read. With the published file it is AnomalyDINO: '{INSTALL}'."
    )
