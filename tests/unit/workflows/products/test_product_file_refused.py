"""Every way in which an imported file can lie."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filo_core.errors import FiloError, ProductError, RecipeError
from filo_core.types import Reference
from storage.storage import Storage
from tests.unit.storage.making import make_image
from tests.unit.workflows.products.packing import (
    IMAGES,
    edited,
    exported_draft,
    members_of,
    pack,
    summed,
    with_image,
)
from workflows.products import product_file
from workflows.products.catalogue import Catalogue
from workflows.products.product_file import ProductFile, write_product


def assert_refused(catalogue: Catalogue, storage: Storage, path: Path, sentence: str) -> None:
    with pytest.raises(FiloError, match=sentence) as refused:
        catalogue.import_product(path)
    assert str(refused.value).isprintable()
    assert catalogue.drafts() == ()
    assert not [file for file in storage.artefacts.root.glob("*/*") if file.parent.name != ".runs"]


@pytest.mark.parametrize("victim", ["product.json", f"images/{IMAGES[0].image_hash}"])
def test_a_changed_byte_is_refused(exported: Path, catalogue: Catalogue, storage: Storage, victim: str) -> None:
    members = members_of(exported)
    changed = bytearray(members[victim])
    changed[len(changed) // 2] ^= 1
    pack(exported, members | {victim: bytes(changed)})
    assert_refused(catalogue, storage, exported, f"nut.filo was altered: the hash of {victim} is wrong")


def test_an_image_that_is_not_the_one_it_is_named_for_is_refused(
    exported: Path, catalogue: Catalogue, storage: Storage
) -> None:
    name = f"images/{IMAGES[0].image_hash}"
    pack(exported, summed(members_of(exported) | {name: make_image(77).encoded}))
    assert_refused(catalogue, storage, exported, f"was altered: the hash of {name} is wrong")


@pytest.mark.parametrize("missing", ["product.json", "SHA256SUMS", f"images/{IMAGES[1].image_hash}"])
def test_a_missing_member_is_refused(exported: Path, catalogue: Catalogue, storage: Storage, missing: str) -> None:
    members = members_of(exported)
    del members[missing]
    pack(exported, members)
    assert_refused(catalogue, storage, exported, "nut.filo (has no|does not hold)")
    if missing != "SHA256SUMS":
        pack(exported, summed(members))
        assert_refused(catalogue, storage, exported, "nut.filo (has no|does not hold)")


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "../../../../tmp/evil",
        "/etc/passwd",
        "images/../../evil",
        "C:\\evil.txt",
        "images/" + "a" * 63,
        "images/",
        "notes.txt",
        "images/" + "A" * 64,
    ],
)
def test_a_member_that_leads_elsewhere_is_refused(
    tmp_path: Path, exported: Path, catalogue: Catalogue, storage: Storage, name: str
) -> None:
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    pack(exported, summed(members_of(exported) | {name: b"evil"}))
    assert_refused(catalogue, storage, exported, "which does not belong in a product")
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == before


def test_two_members_of_one_name_are_refused(exported: Path, catalogue: Catalogue, storage: Storage) -> None:
    content = members_of(exported)["product.json"]
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(exported, "a") as archive:
        archive.writestr("product.json", content)
    assert_refused(catalogue, storage, exported, "holds two files of one name")


def test_an_image_twice_in_the_draft_is_refused(exported: Path, catalogue: Catalogue, storage: Storage) -> None:
    def repeat(content: Any) -> None:
        content["draft"]["references"].append(content["draft"]["references"][0])

    pack(exported, edited(members_of(exported), repeat))
    assert_refused(catalogue, storage, exported, "does not hold the good images that its product has")


def test_a_bomb_that_admits_its_size_is_refused_before_it_is_unpacked(
    exported: Path, catalogue: Catalogue, storage: Storage
) -> None:
    zeros = bytes(5 << 20)
    pack(exported, members_of(exported) | {"product.json": zeros}, zipfile.ZIP_DEFLATED)
    assert exported.stat().st_size < 100_000
    assert_refused(catalogue, storage, exported, "holds product.json of 5 MB, more than the 4 MB")


def test_a_bomb_of_many_members_is_refused_before_it_is_unpacked(
    exported: Path, catalogue: Catalogue, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(product_file, "MAX_TOTAL_BYTES", 1 << 20)
    zeros = {f"images/{number:064x}": bytes(1 << 19) for number in range(3)}
    pack(exported, members_of(exported) | zeros, zipfile.ZIP_DEFLATED)
    assert_refused(catalogue, storage, exported, "unpacks to 1 MB, more than the 1 MB")


def test_more_members_than_a_product_has_are_refused(exported: Path, catalogue: Catalogue, storage: Storage) -> None:
    many = {f"images/{number:064x}": b"" for number in range(1_100)}
    pack(exported, members_of(exported) | many)
    assert_refused(catalogue, storage, exported, "holds 1104 files, more than the 1002")


def test_a_bomb_that_hides_its_size_is_refused(exported: Path, catalogue: Catalogue, storage: Storage) -> None:
    name, claimed = b"product.json", 100
    pack(exported, members_of(exported) | {"product.json": bytes(50 << 20)}, zipfile.ZIP_DEFLATED)
    forged = bytearray(exported.read_bytes())
    for signature, size_at, name_at in ((b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)):
        start = forged.find(signature)
        while forged[start + name_at : start + name_at + len(name)] != name:
            start = forged.find(signature, start + 1)
        struct.pack_into("<I", forged, start + size_at, claimed)
    exported.write_bytes(bytes(forged))
    assert_refused(catalogue, storage, exported, "nut.filo (is damaged at product.json|was altered)")


def test_a_picture_that_unpacks_to_a_bomb_is_refused(exported: Path, catalogue: Catalogue, storage: Storage) -> None:
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    assert_refused(catalogue, storage, with_image(exported, bomb), "holds a good image that is of no use: good 1.png: ")


def test_a_good_image_that_is_no_picture_is_refused(exported: Path, catalogue: Catalogue, storage: Storage) -> None:
    assert_refused(catalogue, storage, with_image(exported, b"just text"), "of no use: good 1.png: holds text")


def test_an_encrypted_member_is_refused(exported: Path, catalogue: Catalogue, storage: Storage) -> None:
    content = bytearray(exported.read_bytes())
    central = content.find(b"PK\x01\x02")
    content[central + 8] |= 1
    exported.write_bytes(bytes(content))
    assert_refused(catalogue, storage, exported, "holds product.json encrypted")


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda c: c.update(format="other"), "cannot be read"),
        (lambda c: c.update(version=6), "has format 6, which a newer version writes. Update this program"),
        (lambda c: c.update(extra=1), "cannot be read"),
        (lambda c: c["draft"].pop("description"), "cannot be read"),
        (lambda c: c["draft"]["limits"].update(ok=0.9, ng=0.1), "cannot be read"),
        (lambda c: c["draft"]["description"].update(name=""), "has no name"),
        (lambda c: c["draft"]["description"].update(name="x" * 500), "500 characters"),
        (lambda c: c["draft"]["description"].update(kind="gas"), "cannot be read"),
        (lambda c: c["draft"]["anomaly_types"][0].update(name="x" * 500), "500 characters"),
        (lambda c: c["draft"]["anomaly_types"][0].update(name="\u202escratch"), "cannot be seen"),
        (lambda c: c["draft"].update(profile="../../elsewhere"), "cannot be the name of a model profile"),
        (lambda c: c["draft"].update(profile=""), "cannot be the name of a model profile"),
        (lambda c: c["draft"]["region_of_interest"].update(width=0), "lies outside any image"),
        (lambda c: c["draft"]["region_of_interest"].update(x=10**30), "lies outside any image|cannot be read"),
        (lambda c: c["draft"]["region_of_interest"].update(y=-1), "lies outside any image"),
    ],
)
def test_a_draft_this_program_would_not_write_is_refused(
    exported: Path, catalogue: Catalogue, storage: Storage, edit: Callable[[Any], object], sentence: str
) -> None:
    pack(exported, edited(members_of(exported), edit))
    assert_refused(catalogue, storage, exported, sentence)


@pytest.mark.parametrize("sums", [b"", b"\xff\xfe", b"not a list", b"0" * 64 + b"  product.json\n"])
def test_a_list_of_hashes_that_is_no_such_list_is_refused(
    exported: Path, catalogue: Catalogue, storage: Storage, sums: bytes
) -> None:
    pack(exported, members_of(exported) | {"SHA256SUMS": sums})
    assert_refused(catalogue, storage, exported, "nut.filo (has an unreadable SHA256SUMS|does not hold)")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x05\x06" + bytes(10)])
def test_a_file_that_is_no_product_is_refused(
    tmp_path: Path, catalogue: Catalogue, storage: Storage, content: bytes
) -> None:
    path = tmp_path / "nut.filo"
    path.write_bytes(content)
    assert_refused(catalogue, storage, path, "nut.filo is not an exported product, or was cut short")


def test_a_zip_of_something_else_is_refused(tmp_path: Path, catalogue: Catalogue, storage: Storage) -> None:
    assert_refused(catalogue, storage, pack(tmp_path / "empty.zip", {}), "empty.zip has no product.json")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path, catalogue: Catalogue, storage: Storage) -> None:
    assert_refused(catalogue, storage, tmp_path / "never.filo", "never.filo cannot be read: No such file")
    assert_refused(catalogue, storage, tmp_path, "cannot be read: Is a directory")


@settings(max_examples=200, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
def test_no_damage_gets_past_the_reader_unseen(
    tmp_path_factory: pytest.TempPathFactory, at: float, bit: int, cut: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.filo"
    write_product(path, exported_draft(), [(Reference(i.image_hash, i.name), i.encoded) for i in IMAGES])
    content = bytearray(path.read_bytes())
    place = int(at * len(content))
    if cut:
        del content[place:]
    else:
        content[place] ^= 1 << bit
    path.write_bytes(bytes(content))
    try:
        with ProductFile(path) as file:
            found, images = file.draft, [image.encoded for image in file.images()]
    except ProductError as error:
        assert "damaged.filo" in str(error)  # noqa: PT017 - refusing and reading the same are both right
    else:
        # Bits that mean nothing, such as a member's date.
        assert (found, images) == (exported_draft(), [image.encoded for image in IMAGES])


def test_names_of_anomalies_that_collide_are_refused(exported: Path, catalogue: Catalogue) -> None:
    def collide(content: Any) -> None:
        content["draft"]["anomaly_types"][1]["name"] = "SCRATCH"

    pack(exported, edited(members_of(exported), collide))
    with pytest.raises(RecipeError, match="stands twice"):
        catalogue.import_product(exported)
