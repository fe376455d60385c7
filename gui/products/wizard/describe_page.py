"""Step one: a name. What else can be said of a product is folded away, with values that do for most."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QGridLayout, QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from filo_core.types import USUAL_NOUN, ProductDescription, ProductDraft, ProductKind, WizardStep
from gui.letters import Size, lettered
from gui.products.wizard.page import WizardPage
from gui.products.wizard.session import DraftSession
from gui.theme import current_theme
from gui.translation import in_language
from gui.widgets.controls import button, plain_label, set_shown
from storage.columns import LONGEST_NAME

_LONGEST_NOUN = 80
_LOWEST_CARD_PX = 104
_BESIDE_WORDS_PX, _ABOVE_WORDS_PX = 124, 32


class ChoiceCard(QAbstractButton):
    """A large choice: a drawing, a word, and what it means."""

    def __init__(self, kind: ProductKind, title: str, meaning: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._kind = kind
        self._meaning = meaning
        self.setText(title)
        self.setCheckable(True)
        self.setAccessibleName(title)
        self.setAccessibleDescription(meaning)
        self.setMinimumWidth(260)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(320))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        title = QFontMetricsF(self._title_font()).height()
        flags = int(Qt.TextFlag.TextWordWrap)
        room = QRectF(0, 0, width - _BESIDE_WORDS_PX, 9999)
        told = QFontMetricsF(self.font()).boundingRect(room, flags, self._meaning)
        return max(_LOWEST_CARD_PX, round(title + told.height()) + _ABOVE_WORDS_PX)

    def _title_font(self) -> QFont:
        return lettered(self.font(), Size.HEADING, strong=True)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = current_theme()
        rect = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        chosen = self.isChecked()
        painter.setPen(QPen(QColor(theme.accent.ground if chosen else theme.border), 3 if chosen else 1))
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(rect, 8, 8)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.text), 1.5, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(rect.adjusted(4, 4, -4, -4), 5, 5)
        picture = QRectF(rect.left() + 16, rect.center().y() - 32, 64, 64)
        self._paint_picture(painter, picture)
        words = QRectF(picture.right() + 16, rect.top() + 12, rect.right() - picture.right() - 52, rect.height() - 20)
        self._paint_words(painter, words)
        self._paint_mark(painter, QRectF(rect.right() - 32, rect.top() + 12, 20, 20))
        painter.end()

    def _paint_picture(self, painter: QPainter, rect: QRectF) -> None:
        theme = current_theme()
        painter.save()
        painter.setPen(QPen(QColor(theme.text), 2))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(rect, 4, 4)
        painter.setClipRect(rect.adjusted(1, 1, -1, -1))
        if self._kind is ProductKind.OBJECT:
            painter.setBrush(QColor(theme.muted))
            painter.drawEllipse(rect.adjusted(15, 15, -15, -15))
            painter.setBrush(QColor(theme.raised))
            painter.drawEllipse(rect.adjusted(25, 25, -25, -25))
        else:
            painter.setPen(QPen(QColor(theme.muted), 2))
            for offset in range(-64, 128, 9):
                left, right = rect.left() + offset, rect.left() + offset + 64
                painter.drawLine(QPointF(left, rect.top()), QPointF(right, rect.bottom()))
                painter.drawLine(QPointF(left, rect.bottom()), QPointF(right, rect.top()))
        painter.restore()

    def _paint_words(self, painter: QPainter, rect: QRectF) -> None:
        theme = current_theme()
        painter.setFont(self._title_font())
        painter.setPen(QColor(theme.text))
        flags = int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        used = painter.boundingRect(rect, flags, self.text())
        painter.drawText(rect, flags, self.text())
        painter.setFont(self.font())
        painter.setPen(QColor(theme.muted))
        rest = rect.adjusted(0, used.height() + 3, 30, 0)
        painter.drawText(rest, flags | int(Qt.TextFlag.TextWordWrap), self._meaning)

    def _paint_mark(self, painter: QPainter, rect: QRectF) -> None:
        theme = current_theme()
        painter.setPen(QPen(QColor(theme.accent.ground if self.isChecked() else theme.border), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(rect)
        if self.isChecked():
            painter.setBrush(QColor(theme.accent.ground))
            painter.drawEllipse(rect.adjusted(5, 5, -5, -5))


class DescribePage(WizardPage):
    """Name, class noun, object or texture, domain; written to the database when the page is left."""

    step = WizardStep.DESCRIBE

    list_wanted = Signal()
    """The list of what can go wrong is to be shown."""

    def __init__(self, session: DraftSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.name_edit = self._line_edit(
            self.tr("Product name"), self.tr("for example: Housing 4711, left"), LONGEST_NAME
        )
        self.noun_edit = self._line_edit(self.tr("What it is"), self.tr("for example: metal nut"), _LONGEST_NOUN)
        self.domain_edit = self._line_edit(self.tr("Domain"), self.tr("for example: industrial"), _LONGEST_NOUN)
        self.object_card = ChoiceCard(
            ProductKind.OBJECT,
            self.tr("An object"),
            self.tr("A part with an outline: a nut, a board, a biscuit."),
            self,
        )
        self.texture_card = ChoiceCard(
            ProductKind.TEXTURE,
            self.tr("A surface"),
            self.tr("Fills the whole picture: fabric, wood, paper, sheet metal."),
            self,
        )
        self.more_button = button(self.tr("&More"), checkable=True)
        self.list_button = button(self.tr("&List what can go wrong …"), "edit")
        self._more = QWidget(self)
        self._kinds = QButtonGroup(self)
        for card in (self.object_card, self.texture_card):
            self._kinds.addButton(card)
        self._lay_out()
        self._kinds.buttonClicked.connect(self.completeness_changed)
        self.more_button.toggled.connect(self._fold)
        self.list_button.clicked.connect(self._on_list_clicked)
        session.failed.connect(self._on_failed)

    def _line_edit(self, name: str, example: str, longest: int) -> QLineEdit:
        edit = QLineEdit(self)
        edit.setAccessibleName(name)
        edit.setPlaceholderText(example)
        edit.setMaxLength(longest)
        edit.textChanged.connect(self.completeness_changed)
        edit.returnPressed.connect(self.next_requested)
        return edit

    def _lay_out(self) -> None:
        fields = (
            (self.tr("&Product name"), self.name_edit, self.tr("As written on the order or the drawing.")),
            (
                self.tr("What it &is"),
                self.noun_edit,
                self.tr("The noun you would say to a colleague, in English: the model reads it."),
            ),
            (
                self.tr("Do&main"),
                self.domain_edit,
                self.tr("Optional. One adjective for the kind of picture: industrial, medical, electronic."),
            ),
        )
        name = QGridLayout()
        self._form(name)
        more = QGridLayout(self._more)
        more.setContentsMargins(0, 0, 0, 0)
        self._form(more)
        for number, (title, edit, hint) in enumerate(fields):
            form, row = (name, 0) if number == 0 else (more, 3 * number - 3)
            label = plain_label(title, wrap=False)
            label.setBuddy(edit)
            edit.setMaximumWidth(560)
            form.addWidget(label, row, 0)
            form.addWidget(edit, row, 1)
            form.addWidget(plain_label(hint, "hint"), row + 1, 1)
            form.setRowMinimumHeight(row + 2, 12)
        cards = QHBoxLayout()
        cards.setSpacing(8)
        cards.addWidget(self.object_card)
        cards.addWidget(self.texture_card)
        more.addWidget(plain_label(self.tr("Kind"), wrap=False), 6, 0)
        more.addLayout(cards, 6, 1)
        listing = QHBoxLayout()
        listing.addWidget(self.list_button)
        listing.addStretch(1)
        more.addLayout(listing, 7, 1)
        folding = QHBoxLayout()
        folding.addWidget(self.more_button)
        folding.addStretch(1)
        name.addLayout(folding, 3, 1)
        self.body.addLayout(name)
        self.body.addWidget(self._more)
        self.body.addStretch(1)
        self._order()

    def _order(self) -> None:
        for first, second in (
            (self.name_edit, self.more_button),
            (self.more_button, self.noun_edit),
            (self.noun_edit, self.domain_edit),
            (self.domain_edit, self.object_card),
            (self.object_card, self.texture_card),
            (self.texture_card, self.list_button),
        ):
            QWidget.setTabOrder(first, second)

    @staticmethod
    def _form(form: QGridLayout) -> None:
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(4)
        form.setColumnMinimumWidth(0, 130)
        form.setColumnStretch(1, 1)

    def description(self) -> ProductDescription:
        """What the fields say now."""
        return ProductDescription(
            name=self.name_edit.text().strip(),
            class_name=self.noun_edit.text().strip() or (USUAL_NOUN if self.name_edit.text().strip() else ""),
            kind=ProductKind.TEXTURE if self.texture_card.isChecked() else ProductKind.OBJECT,
            domain=self.domain_edit.text().strip(),
        )

    def enter(self) -> None:
        draft = self.session.draft
        shown = draft.description if draft else ProductDescription(name="", class_name="")
        self.message.clear()
        self.name_edit.setText(shown.name)
        self.noun_edit.setText("" if shown.class_name == USUAL_NOUN else shown.class_name)
        self.domain_edit.setText(shown.domain)
        (self.texture_card if shown.kind is ProductKind.TEXTURE else self.object_card).setChecked(True)
        said = bool(self.noun_edit.text() or shown.domain) or shown.kind is ProductKind.TEXTURE
        self.more_button.setChecked(said or self.session.state.asks_for_list)
        self._fold()
        self.name_edit.setFocus()

    @Slot()
    def _fold(self) -> None:
        set_shown(self._more, self.more_button.isChecked())

    @Slot()
    def _on_list_clicked(self) -> None:
        if self.missing():
            self.message.show_note(self.missing())
        else:
            self.list_wanted.emit()

    def leave(self) -> bool:
        self.message.clear()
        if self.missing():
            # A product without a name or noun is not worth keeping; a known one keeps its old description.
            return True
        return self.session.describe(self.description())

    def missing(self) -> str:
        return in_language(ProductDraft(self.description()).missing(self.step))

    def _on_failed(self, error: Exception) -> None:
        if self.isVisible():
            self.message.show_error(in_language(str(error)))
