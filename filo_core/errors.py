"""Errors whose message can be shown to an operator as it is: what happened, then what to do."""

from __future__ import annotations

from pathlib import Path

from filo_core.sentence import Sentence


class FiloError(Exception):
    """Base of everything the program raises on purpose. ``str(error)`` is a sentence for a person, in English.

    Args:
        template: of the sentence, or the sentence; see :class:`~filo_core.sentence.Sentence`.
        arguments: what stands in the places of the template.
    """

    def __init__(self, template: str = "", /, **arguments: object) -> None:
        super().__init__(Sentence(template, **arguments))

    @property
    def sentence(self) -> Sentence:
        """The sentence as it can be said in another language."""
        return self.args[0]  # type: ignore[no-any-return]


class UnreadableImageError(FiloError):
    """A file that was meant as an image cannot be used as one."""

    def __init__(self, name: str | Path, reason: str, remedy: str) -> None:
        super().__init__("{name}: {reason}. {remedy}", name=name, reason=reason, remedy=remedy)
        self.name = str(name)
        self.reason = reason
        self.remedy = remedy


class FolderError(FiloError):
    """A folder is missing, empty or may not be read or written."""


class RecipeError(FiloError):
    """A recipe is incomplete or contradicts itself."""


class PartNotFoundError(FiloError):
    """A product's fixture is not in a picture, or in it twice: where its regions lie would be a guess."""


class EvidenceError(RecipeError):
    """Too little evidence for the number asked for: the sentence stands in its place."""


class ProductError(FiloError):
    """A product is unknown, exists already, or an imported file of one is not intact."""


class ProfileError(FiloError):
    """A model profile is unknown, incomplete or damaged."""


class StorageError(FiloError):
    """The database or the image store cannot be used."""


class DiskFullError(StorageError):
    """A disk that the record is on has no room; nothing of what was to be stored is there by half."""

    is_in_record = False
    """Whether a row that says so found room."""


class DatabaseInUseError(StorageError):
    """Another window is already working on this database."""


class SourceError(FiloError):
    """A camera cannot be opened or has stopped answering."""


class IdentityError(FiloError, ValueError):
    """What was said of a part's identity cannot be kept: too long, not to be read, or no text."""


class LanguageModelError(FiloError):
    """The language model gave no usable answer."""


class SettingsError(FiloError):
    """A setting cannot work, or the settings file cannot be used."""


class ShapeMismatchError(FiloError, ValueError):
    """Two arrays that belong together differ in shape; the message gives both."""
