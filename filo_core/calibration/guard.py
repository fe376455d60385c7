"""A promise beside good parts of other sessions: what stands there, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from filo_core.sentence import Sentence
from filo_core.statistics.rates import Rate, percent
from filo_core.types import Verdict

if TYPE_CHECKING:
    from filo_core.sessions import ToldBy


@dataclass(frozen=True, slots=True)
class Source:
    """A day or a declared session that good parts of the evidence come from."""

    name: str
    """A day as ``2026-11-28``, or what a person calls the session; empty where neither is known."""
    parts: int
    told_by: ToldBy | None = None
    """None where a person named it, or nothing says when."""


@dataclass(frozen=True, slots=True)
class SessionRate:
    """How many good parts of one session are refused under limits that were set without them, or with them."""

    session: str
    rate: Rate
    """Refused as the promise means it, with the exact 95 % interval."""
    doubtful: int
    """Good parts that do not pass as OK, those refused among them."""
    p_value: float | None
    """Chance of so many refused or more where the promise holds; None without a promise."""
    exceeds: bool
    """Whether the exact test says that the promise does not hold for this session."""
    joined: bool = False
    """Whether its parts are evidence for these limits by now."""

    @property
    def widened(self) -> float:
        """Largest share of refused good parts that is still compatible with what was seen, in [0, 1]."""
        return self.rate.upper


@dataclass(frozen=True, slots=True)
class Guard:
    """A promise, where its evidence comes from, and what good parts of other sessions say of it."""

    promise: float | None
    """Largest share of good parts refused; None where nothing is promised."""
    refused_as: Verdict
    """What the promise is about: NG alone, or REVIEW for all that does not pass."""
    evidence: tuple[Source, ...]
    sessions: tuple[SessionRate, ...] = ()
    waiting: tuple[str, ...] = ()
    """Names of sessions whose parts were not judged under this set-up."""

    @property
    def one_session(self) -> bool:
        """Whether the promise rests on parts of one day or session, or on nobody knows which."""
        return len(self.evidence) < 2

    @property
    def exceeded(self) -> tuple[SessionRate, ...]:
        """Sessions for which the promise does not hold."""
        return tuple(session for session in self.sessions if session.exceeds)

    @property
    def stated(self) -> float | None:
        """What has to be expected of sessions like those that were shown: the promise, widened where they demand it."""
        shares = [session.widened for session in self.sessions]
        if self.promise is None or not shares:
            return self.promise if self.promise is not None else max(shares, default=None)
        return max(self.promise, *shares)

    @property
    def refused_word(self) -> str:
        """What the promise is about, in words."""
        return Sentence("called NG" if self.refused_as is Verdict.NG else "refused")

    @property
    def sentence(self) -> str:
        """All of it for a person; empty where nothing is promised and no session was shown."""
        words = [evidence_sentence(self)] if self.promise is not None else []
        words += [session_sentence(self, session) for session in self.sessions]
        words += [
            Sentence("The parts of {name} were not judged under this set-up yet.", name=name) for name in self.waiting
        ]
        if self.sessions and self.stated is not None:
            words.append(
                Sentence(
                    "So for sessions like these up to {stated} of good parts {refused_word} is stated.",
                    stated=percent(self.stated),
                    refused_word=self.refused_word,
                )
            )
        return " ".join(words)


def evidence_sentence(guard: Guard) -> str:
    """Which sessions the evidence comes from."""
    named = [_source(source) for source in guard.evidence if source.name]
    if not named:
        first = Sentence("It is not known of which days its good parts are")
    elif guard.one_session:
        return Sentence(
            "All its good parts are of one session ({named}), so the promise is about that one. Show "
            "good parts of another day or shift.",
            named=named[0],
        )
    else:
        return Sentence(
            "Its good parts are of {count} sessions: {named}.", count=len(guard.evidence), named=", ".join(named)
        )
    return Sentence(
        "{first}, so the promise is about parts like them. Show good parts of another day or shift.", first=first
    )


def session_sentence(guard: Guard, session: SessionRate) -> str:
    """What one session says of the promise."""
    counted = Sentence(
        "Session {session}: {refused_word} {sentence}",
        session=session.session,
        refused_word=guard.refused_word,
        sentence=session.rate.sentence,
    )
    others = session.doubtful - session.rate.count
    if others:
        counted = Sentence("{counted}, {others} more for review", counted=counted, others=others)
    if session.joined:
        return Sentence("{counted}; these parts are part of the evidence.", counted=counted)
    if guard.promise is None or session.p_value is None:
        return Sentence("{counted}; nothing was promised.", counted=counted)
    promised = Sentence("promised at most {promise}", promise=percent(guard.promise))
    if session.exceeds:
        return Sentence(
            "{counted}: more than promised ({promised}; exact test, p = {p_value:.2g}). Set the "
            "limits again with these parts, or find out what changed.",
            counted=counted,
            promised=promised,
            p_value=session.p_value,
        )
    return Sentence(
        "{counted}: no more than promised as far as {of} parts can say ({promised}).",
        counted=counted,
        of=session.rate.of,
        promised=promised,
    )


def _source(source: Source) -> str:
    count = "1 part" if source.parts == 1 else Sentence("{parts} parts", parts=source.parts)
    told = Sentence(", by {told_by}", told_by=source.told_by) if source.told_by is not None else ""
    return f"{source.name}, {count}{told}"
