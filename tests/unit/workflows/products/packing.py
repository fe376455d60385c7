"""Exported products for tests, and ways to forge them."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from filo_core.types import ProductDraft, Reference
from tests.unit.storage.making import make_draft, make_image
from workflows.products.product_file import write_product

Members = dict[str, bytes]
IMAGES = tuple(make_image(shade, f"good {shade}.png") for shade in (1, 2))


def exported_draft() -> ProductDraft:
    references = tuple(Reference(image.image_hash, image.name) for image in IMAGES)
    return replace(make_draft(), references=references)


def members_of(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def summed(members: Members) -> Members:
    """The same members with hashes that are right for them: a forger can count too."""
    others = {name: content for name, content in members.items() if name != "SHA256SUMS"}
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in others.items())
    return others | {"SHA256SUMS": "".join(lines).encode()}


def pack(path: Path, members: Members, how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, how)
    return path


def edited(members: Members, edit: Callable[[Any], object]) -> Members:
    """The members with another draft, summed anew."""
    content = json.loads(members["product.json"])
    edit(content)
    return summed(members | {"product.json": json.dumps(content).encode()})


def with_image(path: Path, content: bytes) -> Path:
    """The file with its first good image replaced, consistent in itself."""
    members = members_of(path)
    del members[f"images/{IMAGES[0].image_hash}"]
    found = hashlib.sha256(content).hexdigest()

    def point(draft: Any) -> None:
        draft["draft"]["references"][0]["image_hash"] = found

    return pack(path, edited(members | {f"images/{found}": content}, point))


def write_exported(path: Path) -> Path:
    """The product of :func:`exported_draft`, exported."""
    write_product(path, exported_draft(), [(Reference(i.image_hash, i.name), i.encoded) for i in IMAGES])
    return path
