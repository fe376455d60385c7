"""Image files and camera frames into pixels, or into a sentence that says why not; which files are images at all."""

from filo_core.imaging.encoding import encode_frame
from filo_core.imaging.limits import MAX_FILE_BYTES, MAX_PIXELS
from filo_core.imaging.listing import (
    IMAGE_SUFFIXES,
    FileKind,
    ImageListing,
    is_meant_as_image,
    kind_of_file,
    list_images,
    look_at_folder,
    name_below,
    name_some,
)
from filo_core.imaging.reading import (
    changed_at,
    decode_image,
    hash_encoded,
    read_encoded,
    read_image,
)
from filo_core.imaging.values import eight_bits
from filo_core.printable import printable_name, without_controls

__all__ = [
    "IMAGE_SUFFIXES",
    "MAX_FILE_BYTES",
    "MAX_PIXELS",
    "FileKind",
    "ImageListing",
    "changed_at",
    "decode_image",
    "eight_bits",
    "encode_frame",
    "hash_encoded",
    "is_meant_as_image",
    "kind_of_file",
    "list_images",
    "look_at_folder",
    "name_below",
    "name_some",
    "printable_name",
    "read_encoded",
    "read_image",
    "without_controls",
]
