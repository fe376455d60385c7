"""A product begun from pictures that nobody has sorted: which look good, and which a person should look at first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from filo_core.errors import FolderError, UnreadableImageError
from filo_core.events import StepDone, UnsortedPicture, UnsortedProposal, UnsortedRanked
from filo_core.imaging import list_images, read_image

if TYPE_CHECKING:
    from filo_core.engine import Engine
    from filo_core.types import SourceImage

FEWEST, MOST = 12, 200
"""Pictures of an unsorted folder: with fewer, what is odd cannot be told from what is usual."""


def unsorted_steps(folder: Path) -> Callable[[Engine], Iterator[StepDone | UnsortedProposal]]:
    """A proposal from an unsorted folder; :class:`UnsortedProposal` comes last.

    Raises:
        FolderError: if the folder cannot be listed, or does not hold 12 to 200 pictures that can be read.
        ProfileError: from the steps, if the profile cannot sort pictures.
    """
    paths = list_images(folder).images
    if len(paths) > MOST:
        raise FolderError(
            "{folder} holds {count} pictures, more than the {most} that are sorted at a time.",
            folder=folder,
            count=len(paths),
            most=MOST,
        )
    _require(folder, len(paths))

    def run(engine: Engine) -> Iterator[StepDone | UnsortedProposal]:
        pictures = _Pictures(paths)
        scores: tuple[float, ...] = ()
        try:
            for event in engine.rank_unsorted(pictures, len(paths)):
                if isinstance(event, UnsortedRanked):
                    scores = event.scores
                else:
                    yield event
        except ValueError:
            # Hardly any of them can be read: that is what a person must be told.
            _require(folder, len(pictures.seen))
            raise
        _require(folder, len(pictures.seen))
        ranked = sorted(map(UnsortedPicture, pictures.seen, scores), key=lambda picture: picture.score)
        yield UnsortedProposal(tuple(ranked), tuple(pictures.repeated), tuple(pictures.unreadable))

    return run


def _require(folder: Path, count: int) -> None:
    if count < FEWEST:
        raise FolderError(
            "{folder} holds {count} different pictures that can be read. Sorting needs {fewest}: with "
            "fewer, what is odd cannot be told from what is usual. Choose good parts by eye instead.",
            folder=folder,
            count=count,
            fewest=FEWEST,
        )


class _Pictures:
    """Reads them one after the other; remembers which were of use."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self._paths = paths
        self.seen: list[Path] = []
        self.repeated: list[Path] = []
        self.unreadable: list[Path] = []

    def __iter__(self) -> Iterator[SourceImage]:
        known: set[str] = set()
        for path in self._paths:
            try:
                image = read_image(path)
            except UnreadableImageError:
                self.unreadable.append(path)
                continue
            if image.image_hash in known:
                self.repeated.append(path)
                continue
            known.add(image.image_hash)
            self.seen.append(path)
            yield image
