from __future__ import annotations

import os
from pathlib import Path

import pytest

from filo_core.errors import FolderError
from filo_core.imaging import FileKind, kind_of_file, list_images, look_at_folder, name_below


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_images_are_listed_in_natural_order_and_recursively(tmp_path: Path) -> None:
    touch(tmp_path, "img10.png", "img2.PNG", "Img1.jpg", "lot 10/a.tif", "lot 9/b.bmp")

    images = list_images(tmp_path).images

    names = [image.relative_to(tmp_path).as_posix() for image in images]
    assert names == ["Img1.jpg", "img2.PNG", "img10.png", "lot 9/b.bmp", "lot 10/a.tif"]


def test_hidden_files_and_folders_are_not_listed(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", ".b.png", ".cache/c.png", ".DS_Store")

    listing = list_images(tmp_path)

    assert [image.name for image in listing.images] == ["a.png"]
    assert listing.other_files == 0


def test_companions_are_counted_and_files_that_may_be_pictures_are_named(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "readme.txt", "below/report.PDF", "below/part_07.tga", "part 8.png ", "noextension")

    listing = list_images(tmp_path)

    assert listing.other_files == 2
    assert [name_below(path, tmp_path) for path in listing.left_out] == [
        "below/part_07.tga",
        "noextension",
        "part 8.png ",
    ]


def test_every_file_that_is_not_hidden_is_an_image_left_out_or_a_companion(tmp_path: Path) -> None:
    names = (
        "1.png",
        "2.JPG",
        "3.avif",
        "4.jp2",
        "5.pbm",
        "6.dib",
        "7.tga",
        "8.png ",
        "9.heic",
        "10.dng",
        "11.cr3",
        "x",
    )
    touch(tmp_path, *names, "notes.txt", ".hidden.png")

    listing = list_images(tmp_path)

    assert len(listing.images) + len(listing.left_out) == len(names)
    assert listing.other_files == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("part.PNG", FileKind.IMAGE),
        ("part.heic", FileKind.IMAGE),
        ("part.dng", FileKind.IMAGE),
        ("part.png.bak", FileKind.LEFT_OUT),
        ("part.", FileKind.LEFT_OUT),
        ("part", FileKind.LEFT_OUT),
        ("Thumbs.db", FileKind.COMPANION),
        (".part.png", FileKind.HIDDEN),
    ],
)
def test_a_files_name_says_what_it_is(name: str, kind: FileKind) -> None:
    assert kind_of_file(name) is kind


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_linked_folder_is_left_out_by_name(tmp_path: Path) -> None:
    touch(tmp_path, "here/a.png", "elsewhere/b.png")
    (tmp_path / "here" / "linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)

    listing = list_images(tmp_path / "here")

    assert [path.name for path in listing.left_out] == ["linked"]


def test_a_look_at_a_folder_without_images_is_no_error(tmp_path: Path) -> None:
    touch(tmp_path, "a.tga")

    listing = look_at_folder(tmp_path)

    assert listing.images == ()
    assert [path.name for path in listing.left_out] == ["a.tga"]


def test_a_folder_with_none_but_unread_pictures_is_refused_with_their_names(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{number}.tga" for number in range(5)))

    with pytest.raises(FolderError, match=r'"0\.tga", "1\.tga", "2\.tga" and 2 more'):
        list_images(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_back_to_the_folder_does_not_list_it_twice(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)

    assert len(list_images(tmp_path).images) == 1


def test_names_with_strange_digits_are_sorted_too(tmp_path: Path) -> None:
    touch(tmp_path, "a².png", "a٣.png", "a1.png", "1.png", "a.png", "9" * 200 + ".png")

    assert len(list_images(tmp_path).images) == 6


def test_a_missing_folder_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="gone does not exist"):
        list_images(tmp_path / "gone")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")

    with pytest.raises(FolderError, match=r"a\.png is not a folder"):
        list_images(tmp_path / "a.png")


def test_a_folder_without_images_is_refused_and_says_what_else_is_in_it(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt", "table.csv")

    with pytest.raises(FolderError, match=r"holds no images \(2 other files\)"):
        list_images(tmp_path)
