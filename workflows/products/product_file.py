"""A product as one file: a zip archive with the draft as JSON, its good images, and the hash of each of them.

``SHA256SUMS`` lists every other member in the form of the ``sha256sum`` command, so that an exported product can be
checked without this program. Nothing is ever unpacked under a name that stands in the archive.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from filo_core.errors import ProductError, UnreadableImageError
from filo_core.imaging import decode_image, printable_name
from filo_core.sentence import Sentence
from filo_core.types import ProductDraft, Reference, SourceImage, bank_images
from filo_core.whole_files import whole_file
from filo_core.zones import ZoneKind
from storage.columns import LONGEST_NAME

FORMAT = "filo-product"
FORMAT_VERSION = 5
"""The newest, of products with a region that has a list of its own, is looked at as a whole or is a code. One with
several views, a fixture or a region that counts is written as the fourth. One without is written as the third
where there are drawn regions, limits of its pictures or a learnt map, else as the second, and without regions that a
person named as the first: so that earlier programs read it."""
MOST_EXAMPLES = 1_000
MAX_MEMBERS = 1_002
"""A thousand good images, the draft and the hashes."""
MAX_TEXT_BYTES = 4 << 20
MAX_IMAGE_BYTES = 256 << 20
MAX_TOTAL_BYTES = 4 << 30

_DRAFT = "product.json"
_SUMS = "SHA256SUMS"
_IMAGE = re.compile(r"images/([0-9a-f]{64})")
_SUM_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")
_CHUNK = 1 << 20
_BASE64 = r"^[A-Za-z0-9+/]+={0,2}$"
_LONGEST_EMBEDDING = 4_096
# Long ago and always the same: an unchanged product gives an unchanged file.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_ENCRYPTED = 0x1
_NEWEST = frozenset({ZoneKind.WHOLE, ZoneKind.CODE})
_EXPORT_AGAIN = Sentence("Export the product again, and copy the file anew.")


class NamedRegion(BaseModel):
    """A region that a person named, as it travels with its product."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    space: str = Field(min_length=1, max_length=LONGEST_NAME)
    """What embeddings must share to be compared."""
    part: str = Field(max_length=LONGEST_NAME)
    """What regions of the same picture share."""
    embedding: str = Field(pattern=_BASE64, max_length=_LONGEST_EMBEDDING)
    """Of unit length, in half precision, little-endian, base64."""


class _Content(BaseModel):
    """What ``product.json`` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str = Field(pattern=f"^{FORMAT}$")
    version: int
    draft: ProductDraft
    examples: tuple[NamedRegion, ...] = Field(default=(), max_length=MOST_EXAMPLES)


def images_of(draft: ProductDraft) -> tuple[Reference, ...]:
    """Every image that a draft's memory bank is made from, and those of its views, each once."""
    found = bank_images(draft.references, draft.taught_patches)
    own = {entry.image_hash: entry for view in draft.views for entry in images_of(view.draft)}
    return tuple({entry.image_hash: entry for entry in (*found, *own.values())}.values())


def write_product(
    path: Path,
    draft: ProductDraft,
    images: Iterable[tuple[Reference, bytes]],
    examples: Sequence[NamedRegion] = (),
) -> None:
    """Write a product to ``path``, whole or not at all.

    Args:
        path: the file; one that is there is replaced.
        draft: what to write; what it says of signed versions stays behind.
        images: the encoded bytes of each of :func:`images_of` the draft.
        examples: regions that its names were learnt from; no more than the first thousand.

    Raises:
        FolderError: if the file cannot be written; the message names it.
    """
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "x") as archive:
        _write_members(archive, draft, images, tuple(examples[:MOST_EXAMPLES]))


class ProductFile:
    """An exported product, checked as a whole when it is opened.

    Raises:
        ProductError: if the file is not one of ours, or anything in it is missing, added, altered or too large.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise self._refusal(
                Sentence("cannot be read: {reason}", reason=reason), Sentence("Check the path.")
            ) from error
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise self._refusal(Sentence("is not an exported product, or was cut short")) from error
        try:
            self._members = self._checked_members()
            self._sums = self._checked_sums()
            content = self._checked_content()
            self.draft, self.examples = content.draft, content.examples
            # Read once to be sure before anything is stored, and again when it is stored: memory holds one at a time.
            for image in self.images():
                del image
        except BaseException:
            self.close()
            raise

    def images(self) -> Iterator[SourceImage]:
        """The images of the draft, in the order of :func:`images_of`.

        Raises:
            ProductError: if one was altered, or is no picture.
        """
        for reference in images_of(self.draft):
            encoded = self._checked_bytes(f"images/{reference.image_hash}")
            try:
                yield decode_image(encoded, reference.name)
            except UnreadableImageError as error:
                raise self._refusal(Sentence("holds a good image that is of no use: {error}", error=error)) from error

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def __enter__(self) -> ProductFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _checked_members(self) -> dict[str, zipfile.ZipInfo]:
        members = self._archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise self._refusal(
                Sentence(
                    "holds {count} files, more than the {most} that are read", count=len(members), most=MAX_MEMBERS
                )
            )
        names = [member.filename for member in members]
        for member in members:
            self._check_member(member)
        if len(set(names)) < len(names):
            raise self._refusal(Sentence("holds two files of one name"))
        for needed in (_DRAFT, _SUMS):
            if needed not in names:
                raise self._refusal(Sentence("has no {name}", name=needed))
        total = sum(member.file_size for member in members)
        if total > MAX_TOTAL_BYTES:
            raise self._refusal(
                Sentence(
                    "unpacks to {size} MB, more than the {most} MB that are read",
                    size=total >> 20,
                    most=MAX_TOTAL_BYTES >> 20,
                )
            )
        return dict(zip(names, members, strict=True))

    def _check_member(self, member: zipfile.ZipInfo) -> None:
        name, size = member.filename, member.file_size
        is_image = _IMAGE.fullmatch(name) is not None
        if not is_image and name not in {_DRAFT, _SUMS}:
            raise self._refusal(
                Sentence("holds {name!r}, which does not belong in a product", name=printable_name(name[:80]))
            )
        if member.flag_bits & _ENCRYPTED:
            raise self._refusal(Sentence("holds {name} encrypted", name=name))
        limit = MAX_IMAGE_BYTES if is_image else MAX_TEXT_BYTES
        if size > limit:
            raise self._refusal(
                Sentence(
                    "holds {name} of {size} MB, more than the {most} MB that are read",
                    name=name,
                    size=size >> 20,
                    most=limit >> 20,
                )
            )

    def _checked_sums(self) -> dict[str, str]:
        try:
            lines = self._read(_SUMS).decode("ascii").splitlines()
        except UnicodeDecodeError as error:
            raise self._refusal(Sentence("has an unreadable {name}", name=_SUMS)) from error
        found = [_SUM_LINE.fullmatch(line) for line in lines]
        sums = {match[2]: match[1] for match in found if match}
        if len(sums) != len(lines):
            raise self._refusal(Sentence("has an unreadable {name}", name=_SUMS))
        if set(sums) != set(self._members) - {_SUMS}:
            differing = sorted(set(sums) ^ (set(self._members) - {_SUMS}))
            raise self._refusal(
                Sentence(
                    "does not hold what its {list} lists: {name} differs",
                    list=_SUMS,
                    name=printable_name(differing[0][:80]),
                )
            )
        return sums

    def _checked_content(self) -> _Content:
        encoded = self._checked_bytes(_DRAFT)
        try:
            content = _Content.model_validate_json(encoded)
        except ValidationError as error:
            raise self._refusal(Sentence("holds a {name} that cannot be read", name=_DRAFT)) from error
        if not 1 <= content.version <= FORMAT_VERSION:
            raise self._refusal(
                Sentence("has format {version}, which a newer version writes", version=content.version),
                Sentence("Update this program."),
            )
        wanted = [f"images/{reference.image_hash}" for reference in images_of(content.draft)]
        # Two views may share a picture; no product has one twice.
        drafts = (content.draft, *(view.draft for view in content.draft.views))
        twice = any(_has_twice(draft) for draft in drafts)
        if twice or sorted(wanted) != sorted(set(self._members) - {_DRAFT, _SUMS}):
            raise self._refusal(Sentence("does not hold the good images that its product has"))
        return content

    def _checked_bytes(self, name: str) -> bytes:
        content = self._read(name)
        content_hash = hashlib.sha256(content).hexdigest()
        image = _IMAGE.fullmatch(name)
        if content_hash != self._sums[name] or (image and content_hash != image[1]):
            raise self._refusal(Sentence("was altered: the hash of {name} is wrong", name=name))
        return content

    def _read(self, name: str) -> bytes:
        """Content of a member: no more than its header says, whatever it would unpack to."""
        member = self._members[name]
        chunks: list[bytes] = []
        left = member.file_size
        try:
            with self._archive.open(member) as stream:
                while chunk := stream.read(_CHUNK):
                    left -= len(chunk)
                    if left < 0:
                        raise self._refusal(Sentence("holds {name} larger than it says", name=name))
                    chunks.append(chunk)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
            raise self._refusal(Sentence("is damaged at {name}", name=name)) from error
        return b"".join(chunks)

    def _refusal(self, what: str, remedy: str = _EXPORT_AGAIN) -> ProductError:
        return ProductError("{path} {what}. {remedy}", path=self._path, what=what, remedy=remedy)


def _write_members(
    archive: zipfile.ZipFile,
    draft: ProductDraft,
    images: Iterable[tuple[Reference, bytes]],
    examples: tuple[NamedRegion, ...],
) -> None:
    unsigned = replace(draft, signed_version=None, changed_since_signing=True)
    left_out = _left_out(draft)
    newest = any(zone.anomalies or zone.kind in _NEWEST for one in _drafts(draft) for zone in one.zones)
    newer = draft.zones or draft.picture_limits or draft.learned_map
    version = (
        FORMAT_VERSION if newest else 4 if left_out.get("views") is not True else 3 if newer else 2 if examples else 1
    )
    content = _Content(format=FORMAT, version=version, draft=unsigned, examples=examples)
    exclude: dict[str, Any] = {"draft": left_out} | ({} if examples else {"examples": True})
    said = content.model_dump_json(indent=1, exclude=exclude)
    sums = [_add(archive, _DRAFT, said.encode("utf-8"))]
    sums += [_add(archive, f"images/{reference.image_hash}", encoded) for reference, encoded in images]
    _add(archive, _SUMS, "".join(f"{line}\n" for line in sums).encode("ascii"))


def _has_twice(draft: ProductDraft) -> bool:
    hashes = [entry.image_hash for entry in bank_images(draft.references, draft.taught_patches)]
    return len(set(hashes)) < len(hashes)


def _drafts(draft: ProductDraft) -> tuple[ProductDraft, ...]:
    return (draft, *(view.draft for view in draft.views))


def _left_out(draft: ProductDraft) -> dict[str, Any]:
    """What a draft that needs no newest format has none of: earlier programs read no file that names it."""
    zones = [zone for one in _drafts(draft) for zone in one.zones]
    later = {name: True for name in ("anomalies", "code") if not any(getattr(zone, name) for zone in zones)}
    if draft.views or draft.fixture is not None or any(zone.search or zone.count for zone in draft.zones):
        own: dict[str, Any] = {"zones": {"__all__": later}} if later else {}
        return own | ({"views": {"__all__": {"draft": own}}} if own and draft.views else {})
    return {"views": True, "fixture": True, "zones": {"__all__": {"search": True, "count": True} | later}}


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> str:
    """Add a member; back comes its line of ``SHA256SUMS``."""
    # Images are compressed already.
    archive.writestr(zipfile.ZipInfo(name, _MOMENT), content, zipfile.ZIP_STORED)
    return f"{hashlib.sha256(content).hexdigest()}  {name}"
