"""Fixed prompt templates of FusDes (III-B): ``A [domain] photo of [state] [cls] (with [anomaly cls] at [pos])``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from filo_core.types import ProductKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from filo_core.types import Position

NORMAL_STATES = (
    "{}",
    "flawless {}",
    "perfect {}",
    "unblemished {}",
    "{} without flaw",
    "{} without defect",
    "{} without damage",
)
GENERIC_ANOMALOUS_STATES = ("damaged {}", "broken {}", "{} with flaw", "{} with defect", "{} with damage")
DOMAINS = {
    ProductKind.OBJECT: ("industrial", "manufacturing"),
    ProductKind.TEXTURE: ("industrial", "textural", "surface"),
}


def domains_of(kind: ProductKind, domain: str) -> tuple[str, ...]:
    """The product's own domain word, or the method's for its kind where none was given."""
    return (domain,) if domain else DOMAINS[kind]


def photo(domain: str, thing: str) -> str:
    """One sentence of the template."""
    article = "An" if domain[:1].lower() in "aeiou" else "A"
    return f"{article} {domain} photo of {thing}"


def normal_prompts(class_name: str, domains: Sequence[str]) -> tuple[str, ...]:
    """Every normal state under every domain."""
    return tuple(photo(domain, state.format(class_name)) for domain in domains for state in NORMAL_STATES)


def generic_anomalous_prompts(class_name: str, domains: Sequence[str]) -> tuple[str, ...]:
    """Every generic anomalous state under every domain."""
    return tuple(photo(domain, state.format(class_name)) for domain in domains for state in GENERIC_ANOMALOUS_STATES)


def anomaly_prompts(
    class_name: str, anomaly: str, domains: Sequence[str], positions: Sequence[Position]
) -> tuple[str, ...]:
    """One anomaly type under every domain at every position."""
    return tuple(
        photo(domain, f"abnormal {class_name} with {anomaly} at {position.value}")
        for domain in domains
        for position in positions
    )


def described_prompts(
    class_name: str, names: Sequence[str], domains: Sequence[str], positions: Sequence[Position]
) -> tuple[str, ...]:
    """:func:`anomaly_prompts` of every anomaly type, one type after the other."""
    return tuple(prompt for name in names for prompt in anomaly_prompts(class_name, name, domains, positions))
