"""Reading what a language model answered: an untrusted body becomes anomaly types or a sentence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from filo_core.descriptions.cleaning import clean_phrase, clean_phrases
from filo_core.errors import LanguageModelError
from filo_core.sentence import Sentence
from filo_core.types import AnomalyType, Provenance, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

_REASONING = re.compile(r"^.*</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[a-zA-Z]*\s*(.*?)```", re.DOTALL)
_REFUSING = re.compile(
    r"\W*(?:i['\u2019]?m\s+(?:very\s+)?sorry|sorry|i\s+(?:cannot|can['\u2019]?t|am\s+unable)|as\s+an\s+ai)\b", re.I
)
_REFUSED = Sentence("The language model declined to answer. Say more exactly what the part is, or try another model.")
_UNREADABLE = Sentence(
    "The language model answered, but not with a list that can be read. Ask again, or try another model."
)


def _known_severity(value: object) -> object:
    """A word that no severity has becomes MAJOR: the person who signs off decides."""
    text = value.strip().lower() if isinstance(value, str) else ""
    return text if text in list(Severity) else Severity.MAJOR


def _entry(value: object) -> object:
    return {"name": value, "severity": Severity.MAJOR} if isinstance(value, str) else value


def _answer(value: object) -> object:
    return {"anomalies": value} if isinstance(value, list) else value


class _Entry(BaseModel):
    name: str
    severity: Annotated[Severity, BeforeValidator(_known_severity)] = Severity.MAJOR


class _Answer(BaseModel):
    anomalies: list[Annotated[_Entry, BeforeValidator(_entry)]]


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    """What is needed of a chat completion; servers differ in the rest."""

    choices: Annotated[list[_Choice], Field(min_length=1)]


_ANSWER = TypeAdapter[_Answer](Annotated[_Answer, BeforeValidator(_answer)])
_ENTRY = TypeAdapter[_Entry](Annotated[_Entry, BeforeValidator(_entry)])
_WHOLE_OBJECT = re.compile(r"\{[^{}\[\]]*\}")
_WHOLE_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"(?=\s*[,\]])')
_BULLET = re.compile(r"^\s*(?:[-*+•–]|\(?\d{1,2}[.):])\s+(\S.*)$")
_SEVERITY = re.compile(rf"[(:–-]\s*({'|'.join(Severity)})\b", re.IGNORECASE)
_FEWEST_LINES = 2
"""A single line behind a dash is no list."""

ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "anomalies": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "severity": {"type": "string", "enum": [severity.value for severity in Severity]},
                },
                "required": ["name", "severity"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["anomalies"],
    "additionalProperties": False,
}
"""JSON schema of the answer in the subset that every structured-output server takes: no references, no defaults."""


def read_answer(body: bytes) -> tuple[AnomalyType, ...]:
    """Anomaly types in the body of a chat completion.

    Args:
        body: as it came from the server; untrusted. The list may stand bare, in a Markdown fence, after a model's
            reasoning or amid other words, and its entries may be objects or plain strings; it may be bullets or numbers
            in place of JSON. Of one that was cut short the entries that are whole count.

    Returns:
        1 to 20 enabled types of provenance LANGUAGE_MODEL with cleaned names, in the order answered. A severity that
        is none of ours becomes MAJOR.

    Raises:
        LanguageModelError: a refusal, an answer cut off, no list, or nothing on it that a camera can see.
    """
    choice = _first_choice(body)
    text = choice.message.content or ""
    if choice.message.refusal or choice.finish_reason == "content_filter":
        raise LanguageModelError(_REFUSED)
    answer = next(_parsed(text), None)
    if answer is None and not _REFUSING.match(text):
        answer = _what_is_whole(text) or _listed(text)
    if answer is None:
        if choice.finish_reason == "length":
            raise LanguageModelError(
                "The answer of the language model was cut off by its own limit on length. Allow it more, or try "
                "another model."
            )
        raise LanguageModelError(_REFUSED if _REFUSING.match(text) else _UNREADABLE)
    # The first of two entries with one name wins, as it does in clean_phrases.
    severities = {clean_phrase(entry.name): entry.severity for entry in reversed(answer.anomalies)}
    names = clean_phrases(entry.name for entry in answer.anomalies)
    if not names:
        raise LanguageModelError(
            "The language model named nothing that a camera can see. Ask again, or say more exactly what the part is."
        )
    return tuple(AnomalyType(name, severities[name], provenance=Provenance.LANGUAGE_MODEL) for name in names)


def _what_is_whole(text: str) -> _Answer | None:
    """The entries before the place where a list was cut; None where there is none."""
    spoken = _REASONING.sub("", text)
    start = spoken.find("[")
    if start < 0:
        return None
    entries = []
    whole = _WHOLE_OBJECT if spoken[start + 1 :].lstrip().startswith("{") else _WHOLE_TEXT
    for found in whole.finditer(spoken, start + 1):
        try:
            entries.append(_ENTRY.validate_json(found[0]))
        except ValidationError:
            continue
    return _Answer(anomalies=entries) if entries else None


def _listed(text: str) -> _Answer | None:
    """Entries behind bullets or numbers, two or more of them; a word of severity behind one counts."""
    found = [match[1] for line in _REASONING.sub("", text).splitlines() if (match := _BULLET.match(line))]
    if len(found) < _FEWEST_LINES:
        return None
    return _Answer(anomalies=[_Entry(name=_plain(line), severity=_said_severity(line)) for line in found])


def _plain(line: str) -> str:
    return line.replace("**", "").replace("`", "").replace('"', "").strip()


def _said_severity(line: str) -> Severity:
    found = _SEVERITY.search(line)
    return Severity(found[1].lower()) if found else Severity.MAJOR


def _first_choice(body: bytes) -> _Choice:
    try:
        return _Completion.model_validate_json(body).choices[0]
    except ValidationError:
        problem = _UNREADABLE
    # Raised out here: the validation error holds the body.
    raise LanguageModelError(problem)


def _parsed(text: str) -> Iterator[_Answer]:
    """Every reading of ``text`` that is an answer, the strictest first."""
    spoken = _REASONING.sub("", text)
    candidates = [spoken, *_FENCE.findall(spoken)]
    for opening, closing in ("{}", "[]"):
        start, end = spoken.find(opening), spoken.rfind(closing)
        if 0 <= start < end:
            candidates.append(spoken[start : end + 1])
    for candidate in candidates:
        try:
            yield _ANSWER.validate_json(candidate)
        except ValidationError:
            continue
