"""Puts good and bad parts that are shown into the golden set, away from the GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from filo_core.calibration.synthetic import SyntheticKind, draw, likely_part
from filo_core.errors import EvidenceError
from filo_core.imaging import encode_frame, read_image
from filo_core.types import ProductKind, SourceImage, Verdict
from gui.background import Background, sentence_of
from gui.products.wizard.session import DraftSession
from workflows.products.golden import GoldenSets
from workflows.products.sessions import SessionParts

if TYPE_CHECKING:
    from filo_core.line.sources.base import Frame

_DRAWN_SHARE = 0.1
"""Longest extent of a defect that is drawn, of the picture's shorter side."""
_DRAWN_CONTRAST = 0.5


class ShownParts(QObject):
    """One thread works in order, so that adding and removing cannot overtake each other."""

    stored = Signal()
    """The golden set is another one now."""
    problem_found = Signal(str, str)
    """A sentence for the user, and technical details (may be empty)."""

    def __init__(self, session: DraftSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._background = Background()

    def add_files(self, paths: Sequence[Path], *, bad: bool) -> None:
        """Show the pictures of files."""
        self._add(lambda: [read_image(path) for path in paths], bad=bad)

    def add_frame(self, frame: Frame, name: str, *, bad: bool) -> None:
        """Show a picture that was taken with a camera."""
        self._add(lambda: [encode_frame(frame.pixels, name, frame.captured_at, frame.frame_id)], bad=bad)

    def draw_defect(self, image_hash: str = "") -> None:
        """Draw a defect on a good image, the first one unless another is named, and show it as a bad part."""
        catalogue, name = self._session.state.workbench.catalogue, self._session.name

        def drawn() -> list[SourceImage]:
            references = catalogue.references(name)
            if not references:
                raise EvidenceError("There is no good image to draw on. Add one first.")
            image = next((one for one in references if one.image_hash == image_hash), references[0])
            rng = np.random.default_rng()
            kind = list(SyntheticKind)[int(rng.integers(len(SyntheticKind)))]
            is_object = catalogue.draft(name).description.kind is ProductKind.OBJECT
            where = likely_part(image.pixels) if is_object else None
            size = max(2, round(_DRAWN_SHARE * min(image.pixels.shape[:2])))
            made = draw(image.pixels, kind, size, _DRAWN_CONTRAST, rng, where)
            title = f"drawn {kind.value} on {Path(image.name).stem}.png"
            return [encode_frame(made.pixels, title, datetime.now(UTC), 0)]

        self._add(drawn, bad=True)

    def add_session(self, paths: Sequence[Path]) -> None:
        """Show good parts of another day; the session is called by the day that its pictures say."""
        sessions, name, by = self._sessions(), self._session.name, self._session.state.operator

        def work() -> None:
            images = [read_image(path) for path in paths]
            sessions.show(name, sessions.proposed_name(name, images), images, by)

        self._background.run(work, lambda _: self.stored.emit(), self._tell)

    def join_sessions(self) -> None:
        """Make the good parts of other days evidence."""
        sessions, name, by = self._sessions(), self._session.name, self._session.state.operator
        self._background.run(lambda: sessions.join(name, by=by), lambda _: self.stored.emit(), self._tell)

    def remove(self, image_hashes: Sequence[str]) -> None:
        """Take parts out of the golden set, and out of their sessions."""
        golden, name, by = self._golden(), self._session.name, self._session.state.operator
        sessions = self._sessions()

        def work() -> None:
            known = {part.image_hash for part in golden.parts(name)}
            for image_hash in image_hashes:
                if image_hash in known:
                    golden.remove(name, image_hash, by)
            sessions.withdraw(name, image_hashes, by)

        self._background.run(work, lambda _: self.stored.emit(), self._tell)

    def close(self) -> None:
        """Stop the thread; what was asked for and has not begun is not done."""
        self._background.close()

    def _golden(self) -> GoldenSets:
        workbench = self._session.state.workbench
        return GoldenSets(workbench.storage, workbench.access)

    def _sessions(self) -> SessionParts:
        workbench = self._session.state.workbench
        return SessionParts(workbench.storage, workbench.access)

    def _add(self, read: Callable[[], list[SourceImage]], *, bad: bool) -> None:
        golden, name, by = self._golden(), self._session.name, self._session.state.operator
        known = Verdict.NG if bad else Verdict.OK

        def work() -> None:
            golden.add_shown(name, read(), known, by)

        self._background.run(work, lambda _: self.stored.emit(), self._tell)

    def _tell(self, error: Exception) -> None:
        sentence, details = sentence_of(error)
        self.problem_found.emit(sentence or self.tr("The picture could not be used. Try another one."), details)
