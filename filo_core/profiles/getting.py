"""The full profile from the network: what is missing is fetched, then installed whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filo_core.profiles.downloads import download, download_published, kept_downloads, never
from filo_core.profiles.published import PINNED, PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from filo_core.profiles.fetching import Report
    from filo_core.profiles.published import WantedWeights


def get_full(
    models: Path,
    report: Report,
    *,
    url: str = "",
    stopped: Callable[[], bool] = never,
    wanted: Sequence[WantedWeights] = PUBLISHED,
    template: Path | None = None,
    pinned: Mapping[str, str] = PINNED,
) -> Path:
    """Fetch and install the full profile; what has come is kept until that is done.

    Args:
        models: the user's folder of models.
        report: file name, bytes so far, bytes in all where that is known.
        url: a folder on a web server with the files and their ``SHA256SUMS``; their authors' addresses without one.
        stopped: True ends the fetching.
        wanted: what to fetch from the authors.
        template: folder with manifest and architecture; the shipped one unless given.
        pinned: SHA-256 by file name.

    Raises:
        ProfileError: if something cannot be had or is not what was published. Then nothing was installed.
        DownloadStoppedError: when told to stop.
    """
    # Loads torch: what cannot run here need not be fetched.
    from filo_core.profiles.install import install_full

    with kept_downloads(models, "full-own" if url else "full") as folder:
        if url:
            download(url, folder, report, stopped)
        else:
            download_published(folder, report, wanted, stopped)
        return install_full(folder, models, template, pinned)
