"""What is known of a set-up's bad parts, in the language of the window."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from filo_core.calibration.bad_parts import of_ten
from filo_core.proof import Counts, Proof, SignedProof, Standing
from filo_core.statistics.rates import exact_rate
from gui.translation import in_language
from gui.wording import percentage


def standing_sentence(counts: Counts) -> str:
    """The standing as one line."""
    match counts.standing:
        case Standing.WORDS_ALONE:
            return QCoreApplication.translate(
                "Proof", "No good part shown: it judges by words alone, its limits are a guess."
            )
        case Standing.NEVER_SHOWN:
            return QCoreApplication.translate("Proof", "Never shown a bad part: it may miss everything.")
        case Standing.NOT_JUDGED:
            text = QCoreApplication.translate("Proof", "Bad parts not judged under this recipe: %1. It may miss them.")
            return text.replace("%1", str(counts.bad))
        case Standing.MISSES:
            text = QCoreApplication.translate("Proof", "Misses %1 of %2 bad parts.")
            return text.replace("%1", str(counts.missed)).replace("%2", str(counts.bad))
        case Standing.BLURRED:
            text = QCoreApplication.translate(
                "Proof", "Stops %1 of %1 bad parts, but some of your %2 good parts look no better."
            )
        case Standing.TELLS:
            text = QCoreApplication.translate("Proof", "Tells your %2 good parts from %1 bad ones.")
    return text.replace("%1", str(counts.bad)).replace("%2", str(counts.good))


def signed_sentence(signed: SignedProof) -> str:
    """What Live and the list of products carry of a version; empty where bad parts are told apart."""
    if signed.counts.standing is Standing.TELLS:
        return ""
    sentence = standing_sentence(signed.counts)
    if not signed.reason:
        return sentence
    why = QCoreApplication.translate("Proof", "Signed anyway: %1")
    return f"{sentence} {why.replace('%1', signed.reason)}"


def bound_sentence(proof: Proof) -> str:
    """What the counts carry, with the good parts that have to be looked at; a line under the bar."""
    words = [_stopped(len(proof.doubtful), len(proof.good))] if proof.good else []
    if proof.most_missed is not None:
        text = QCoreApplication.translate(
            "Proof", "Of 10 bad parts like these up to %1 may pass (95 % interval, from %2 shown)."
        )
        words.append(text.replace("%1", in_language(of_ten(proof.most_missed))).replace("%2", str(len(proof.bad))))
    return " ".join(words)


def _stopped(count: int, of: int) -> str:
    rate = exact_rate(count, of)
    text = QCoreApplication.translate("Proof", "%1 of %2 good parts would be stopped (%3 to %4 of such parts, 95 %).")
    values = (str(count), str(of), percentage(rate.lower), percentage(rate.upper))
    for place, value in enumerate(values, start=1):
        text = text.replace(f"%{place}", value)
    return text
