"""Anomaly phrases made fit for a prompt: short, visible, plain text. What a model wrote is untrusted."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING

from filo_core.types import UNKNOWN_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_LENGTH = 60
"""Characters of one anomaly phrase."""
MAX_PHRASES = 20
"""Anomaly types of one list."""
_MAX_WORDS = 6
"""A noun phrase; what is longer is a sentence."""
_MIN_CHARACTERS = 3
"""Of the longest word."""
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
"""Writing in which one or two signs are a word."""
_MAX_RAW_LENGTH = 400
"""What is longer before cleaning is no phrase at all."""
_MARKS_PER_LETTER = 2
"""Enough for every written language; more is decoration that climbs over the neighbouring lines."""

_SCRIPT = re.compile(r"<(script|style)\b.*?(</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
_TERMINAL_CODE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_ADDRESS = re.compile(r"https?:|www\.|\w@\w|\w://", re.IGNORECASE)
_LIST_MARKER = re.compile(r"^\s*(?:(?:\d{1,3}|[a-zA-Z])[.):]\s+|[-*•#>]+\s*)+")
_EXPLANATION = re.compile(r"\s*(?:[:;]\s|\s[-–—]+\s|(?<=\w)\s*[(\[]|,\s).*$", re.DOTALL)
_CODE = re.compile(r"[<>{}=\\|$]|&#?\w+;")
"""Left after the markup is gone, these betray a program, not a phrase."""
_ARTICLE = re.compile(r"^(?:an?|the|some|any|possible|visible)\s+(?=\S)")
_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2212"
_APOSTROPHES = "\u2018\u2019\u02bc\u2032`\u00b4"

_NOT_VISIBLE = re.compile(
    r"""\b(?:
      odou?r | smell | stench | stink(?:y|ing)?\b | scent | aroma | fragran | malodor
    | tast | flavou?r | bitterness | sour(?:ness)?\b | rancid | stale
    | sounds?\b | nois[ey] | rattl | squeak | audib | acoustic | creak | hum(?:ming)?\b | buzz
    | hardness | softness | stiffness | brittleness | toughness | elasticity | flexib | rigidity | tensile | strength
    | weigh | under-?weight | over-?weight | heaviness | viscosity | torque(?!\ (?:mark|stripe|seal)) | tightness
    | temperature | overheat | conductiv | resistance | resistivity | impedance | capacitance
    | voltage | current\b | power\ loss | short[ -]circuit | open[ -]circuit | insulation\ failure
    | electrical\ (?:fail|fault|short|defect|problem|issue)
    | vibrat | malfunction | function | performance | software | firmware | battery\ life | durability
    | (?:internal|inner)\ (?:crack|void|damage|defect|corrosion|porosity|fault|failure|short)
    | hidden | subsurface | fatigue\b | moisture\ content
    | toxic | allergen | microb | bacteri | pathogen | expired\b | potency | dissolution | acidity | nutrition
    | (?:wrong|incorrect|inaccurate)\ dos(?:e|age)
    )""",
    re.VERBOSE,
)
_NOT_VISIBLE_ELSEWHERE = re.compile(
    r"""
      ger[uü]che?\b | geruch | gestank | stinkt | geschmack | schmeckt | duft
    | ger[äa]usch | klapper | quietsch | knarr | brumm | \bl[äa]rm | \bton\b | akustisch
    | h[äa]rte\b | steifigkeit | elastizit | spr[öo]digkeit | festigkeit | biegsamkeit | zugfest
    | gewicht | viskosit | drehmoment(?!\ ?(?:markier|siegel))
    | temperatur | [üu]berhitz | leitf[äa]hig | (?:hoher|falscher)\ widerstand
    | spannung(?!s?riss) | stromausfall | kurzschluss
    | elektrisch(?:er?|es)?\ (?:ausfall|fehler|defekt)
    | vibrat | fehlfunktion | funktion | leistungsabfall | software | batterielaufzeit | haltbarkeit
    | (?:innerer|inneren|innere|interner|interne|verdeckter?)\ (?:riss|hohlraum|schaden|defekt|korrosion|fehler)
    | erm[üu]dung | feuchtigkeitsgehalt | giftig | keimbelastung | bakterien | abgelaufen | wirkstoff
    | 气味 | 异味 | 臭味 | 味道 | 口感 | 变味 | 声音 | 异响 | 噪音 | 噪声 | 杂音
    | 硬度 | 强度 | 刚度 | 韧性 | 弹性 | 脆性 | 重量 | 超重 | 过轻 | 粘度 | 扭矩(?!标) | 扭力(?!标)
    | 温度 | 过热 | 导电 | 电阻(?:值|过|偏|异常) | 电压 | 电流 | 短路 | 断路 | 漏电 | 绝缘失效
    | 振动 | 震动 | 功能 | 失灵 | 性能 | 软件 | 电池寿命 | 耐久 | 使用寿命
    | 内部(?:裂纹|裂缝|缺陷|损伤|空洞|气孔|腐蚀) | 隐裂 | 疲劳 | 含水 | 有毒 | 细菌 | 过期 | 剂量
    """,
    re.VERBOSE,
)
"""The same in German and Chinese: models answer in the language of the product's name whatever they are asked."""
# fmt: off
_GENERIC_WORDS = frozenset({
    "abnormality", "abnormal", "anomaly", "anomalous", "bad", "broken", "damage", "damaged", "defect", "defective",
    "error", "fault", "faulty", "flaw", "imperfection", "irregularity", "issue", "mistake", "problem", "visual",
    "quality", "surface", "physical", "other", "various", "general", "miscellaneous", "thing", "none", "nothing",
    "normal", "flawless", "perfect", "good", "ok", "okay", "unblemished", "na", "unknown",
    "fehler", "defekt", "schaden", "beschädigung", "mangel", "anomalie", "sonstige", "sonstiges", "keine",
    "缺陷", "损坏", "损伤", "异常", "瑕疵", "问题", "其他", "无",
})
# fmt: on
"""Words of the generic states (III-B) and of empty answers: a phrase of nothing else tells no type apart."""
_NEGATIONS = frozenset({"no", "not", "without", "zero"})
_KEEP_FINAL_S = ("ss", "us", "is")
_ES_PLURALS = ("sses", "xes", "zzes", "ches", "shes")
_MIN_PLURAL = 4


def clean_phrases(phrases: Iterable[str]) -> tuple[str, ...]:
    """Visible noun phrases, ready to stand in a prompt and on a screen.

    Args:
        phrases: as a language model or a file gave them; untrusted.

    Returns:
        At most :data:`MAX_PHRASES`, in the order given, lower-case, each at most :data:`MAX_LENGTH` characters of
        letters, digits, spaces, hyphens and apostrophes. Dropped: duplicates (singular and plural are the same),
        sentences, addresses, what a camera cannot see, and words that say only that something is wrong.
    """
    kept: dict[str, str] = {}
    for phrase in phrases:
        cleaned = clean_phrase(phrase)
        if cleaned:
            kept.setdefault(phrase_key(cleaned), cleaned)
        if len(kept) == MAX_PHRASES:
            break
    return tuple(kept.values())


def clean_phrase(phrase: str) -> str:
    """One phrase as :func:`clean_phrases` keeps it, or empty where it would be dropped."""
    if len(phrase) > _MAX_RAW_LENGTH or _ADDRESS.search(phrase):
        return ""
    bare = _LIST_MARKER.sub("", _without_markup(phrase))
    if _CODE.search(bare):
        return ""
    text = _plain_words(_EXPLANATION.sub("", bare))
    previous = ""
    while text != previous:
        previous, text = text, _ARTICLE.sub("", text)
    words = text.split()
    too_long = len(text) > MAX_LENGTH or len(words) > _MAX_WORDS
    unseen = _NOT_VISIBLE.search(text) or _NOT_VISIBLE_ELSEWHERE.search(text)
    if too_long or not _says_something(words) or unseen:
        return ""
    return text


def normalise_name(name: str) -> str:
    """The name of one anomaly type as a person typed it, in the form the program uses.

    A person's word counts: nothing is dropped for being invisible or general.

    Returns:
        Lower-case plain text of at most :data:`MAX_LENGTH` characters, cut between words. Empty where nothing is
        left, and for :data:`~filo_core.types.UNKNOWN_TYPE`, which is reserved for regions without a type.
    """
    text = _plain_words(_without_markup(name[:_MAX_RAW_LENGTH]))
    if len(text) > MAX_LENGTH:
        cut = text[: MAX_LENGTH + 1].rpartition(" ")[0] or text[:MAX_LENGTH]
        text = cut.strip(" -'")
    return "" if text == UNKNOWN_TYPE else text


def without_marker(line: str) -> str:
    """A line of a list without the bullet or number that it begins with."""
    return _LIST_MARKER.sub("", line)


def phrase_key(phrase: str) -> str:
    """What two cleaned phrases share when they name the same thing: singular words without hyphens."""
    return " ".join(singular(word) for word in phrase.replace("-", " ").split())


def singular(word: str) -> str:
    """English singular of a lower-case word, by rule; irregular plurals stay as they are."""
    if len(word) < _MIN_PLURAL or not word.endswith("s") or word.endswith(_KEEP_FINAL_S):
        return word
    if word.endswith("ies") and len(word) > _MIN_PLURAL:
        return word[:-3] + "y"
    return word[:-2] if word.endswith(_ES_PLURALS) else word[:-1]


def _without_markup(text: str) -> str:
    decoded = _TERMINAL_CODE.sub(" ", html.unescape(text))
    return _LINK.sub(r"\1", _TAG.sub(" ", _SCRIPT.sub(" ", decoded)))


def _plain_words(text: str) -> str:
    """Lower-case letters, marks, digits, inner hyphens and apostrophes; everything else separates words."""
    text = text.replace("/", " or ").replace("&", " and ")
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFKC", text).lower():
        category = unicodedata.category(character)
        if category[0] == "M":
            marks += 1
            follows_letter = bool(kept) and kept[-1] != " "
            if follows_letter and marks <= _MARKS_PER_LETTER and not unicodedata.name(character, "").startswith("VAR"):
                kept.append(character)
            continue
        marks = 0
        if category[0] == "L" or category == "Nd":
            kept.append(character)
        elif character == "-" or character in _HYPHENS:
            kept.append("-")
        elif character == "'" or character in _APOSTROPHES:
            kept.append("'")
        elif category != "Cf":  # zero-width and direction marks vanish, they separate nothing
            kept.append(" ")
    words = (word.strip("-'") for word in "".join(kept).split())
    return " ".join(word for word in words if word)


def _says_something(words: list[str]) -> bool:
    if not any(character.isalpha() for word in words for character in word):
        return False
    longest = max(map(len, words), default=0)
    if longest < _MIN_CHARACTERS and not any(map(_IDEOGRAPH.search, words)):
        return False
    telling = [word for word in words if singular(word) not in _GENERIC_WORDS and word not in _NEGATIONS]
    return bool(telling)
