"""A figure with its words, and a plot with its notes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from gui.theme import SPACE
from gui.widgets.controls import plain_label, set_shown
from gui.widgets.plot import Plot


class FigureTile(QFrame):
    """What it is, the figure in large letters, and its interval or why there is none."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._name = name
        self._figure = plain_label("–", "title", wrap=False)
        self._words = plain_label("", "hint")
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, 8, SPACE, 8)
        layout.setSpacing(0)
        layout.addWidget(plain_label(name))
        layout.addWidget(self._figure)
        layout.addWidget(self._words, 1)
        self.setMinimumWidth(200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    @property
    def figure(self) -> str:
        """The figure shown; a dash where there is none."""
        return self._figure.text()

    @property
    def words(self) -> str:
        """What stands under it."""
        return self._words.text()

    def set_figure(self, figure: str, words: str) -> None:
        """Show ``figure`` and ``words``."""
        self._figure.setText(figure)
        self._words.setText(words)
        self.setAccessibleName(f"{self._name}: {figure}. {words}")


class PlotCard(QFrame):
    """A heading, then the plot with its notes, or the sentence that stands in its place."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.plot = Plot(name, self)
        self.plot.setMinimumHeight(190)
        self.notes = plain_label("", "hint")
        self._sentence = plain_label("")
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        shown = QWidget(self)
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.plot, 1)
        column.addWidget(self.notes)
        self._pages = QStackedLayout()
        self._pages.addWidget(shown)
        self._pages.addWidget(self._sentence)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, 8, SPACE, 8)
        layout.setSpacing(4)
        layout.addWidget(plain_label(name, "heading"))
        layout.addLayout(self._pages, 1)

    @property
    def sentence(self) -> str:
        """What stands in the plot's place; empty while the plot is shown."""
        return self._sentence.text() if self._pages.currentIndex() == 1 else ""

    def show_plot(self, summary: str, notes: str = "") -> None:
        """Show the plot; ``summary`` says in words what it shows."""
        self.plot.setAccessibleDescription(summary)
        self.notes.setText(notes)
        set_shown(self.notes, bool(notes))
        self._pages.setCurrentIndex(0)

    def show_sentence(self, sentence: str) -> None:
        """Say why there is no plot."""
        self._sentence.setText(sentence)
        self._pages.setCurrentIndex(1)

    def add_below(self, widget: QWidget | QLabel) -> None:
        """Controls that belong to the plot."""
        layout = self.layout()
        assert layout is not None
        layout.addWidget(widget)
