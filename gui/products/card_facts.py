"""What the card of a product says. No widget."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QCoreApplication

from filo_core.proof import Colour, SignedProof
from filo_core.types import ProductDraft, Reference, Verdict
from gui.proof_words import standing_sentence
from gui.translation import in_language
from gui.widgets.verdicts import verdict_word
from gui.wording import number, percentage
from storage.repositories.overview import Lately

NEWEST = 6
"""Verdicts that a card has room for."""


class Mood(StrEnum):
    """How a product stands: its sign and its colour."""

    UNFINISHED = "unfinished"
    READY = "ready"
    UNSURE = "unsure"
    MISSES = "misses"


@dataclass(frozen=True, slots=True)
class CardFacts:
    """One product as its card shows it."""

    name: str
    what: str
    mood: Mood
    state: str
    is_signed: bool
    picture: Reference | None
    """The first good image."""
    newest: tuple[Verdict, ...]
    """The last verdicts, newest first."""
    today: str

    @classmethod
    def of(cls, draft: ProductDraft, proven: SignedProof | None = None, lately: Lately | None = None) -> CardFacts:
        """The card of a draft, what is known of its version in force, and what came by of it today."""
        about, version = draft.description, draft.signed_version
        signed = _tr("not signed yet") if version is None else _tr("version %1").replace("%1", str(version))
        return cls(
            name=about.name,
            what=f"{about.class_name} · {signed}",
            mood=_mood(draft, proven),
            state=next_sentence(draft, proven),
            is_signed=version is not None,
            picture=draft.references[0] if draft.references else None,
            newest=lately.newest if lately is not None else (),
            today=_today(lately),
        )

    @property
    def newest_sentence(self) -> str:
        """The last verdicts in words."""
        if not self.newest:
            return _tr("Nothing inspected yet.")
        words = ", ".join(map(verdict_word, self.newest))
        return _tr("Last verdicts, newest first: %1.").replace("%1", words)

    @property
    def spoken(self) -> str:
        """All that the card shows, for whom it is read out to."""
        return " ".join((f"{self.what}.", self.state, self.newest_sentence, self.today))


def next_sentence(draft: ProductDraft, proven: SignedProof | None = None) -> str:
    """What is to be done with a product next; nothing is ready that is not known to tell bad parts from good ones."""
    step = draft.next_step
    if step is not None:
        return in_language(draft.missing(step))
    if proven is not None and proven.counts.warning:
        return standing_sentence(proven.counts)
    return _tr("Ready to inspect.")


def _mood(draft: ProductDraft, proven: SignedProof | None) -> Mood:
    if draft.next_step is not None:
        return Mood.UNFINISHED
    if proven is None or not proven.counts.warning:
        return Mood.READY
    return Mood.MISSES if proven.counts.standing.colour is Colour.RED else Mood.UNSURE


def _today(lately: Lately | None) -> str:
    if lately is None:
        return ""
    share = lately.share_ok
    if share is None:
        return _tr("Nothing inspected today.")
    said = _tr("Today: %2 OK of %1")
    return said.replace("%1", number(lately.total)).replace("%2", percentage(share))


def _tr(text: str) -> str:
    return QCoreApplication.translate("ProductList", text)
