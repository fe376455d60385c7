"""The manifest of a profile that looks through pretrained trunks: numbers of the method, and which trunks."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class HeadFile(BaseModel):
    """A trained head, and what its file must hash to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = Field(pattern=r"^[a-z0-9-]+\.safetensors$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class EyesProfile(BaseModel):
    """Numbers of the method that belong to no trunk and to no product."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    method: Literal["eyes"]
    trunks: str
    """File that lists its trunks."""
    map_side: int = Field(ge=32, le=1024)
    """Side of the anomaly map, which is laid over the whole of what is looked at."""
    cells: int = Field(ge=16, le=512)
    """Side of the square that has as many cells as the grid on which the trunks' maps meet."""
    map_sigma: float = Field(ge=0.0)
    """Of the Gaussian over the anomaly map, in those cells."""
    score_sigma: float = Field(ge=0.0)
    """The same for the image score."""
    score_share: float = Field(gt=0.0, le=1.0)
    """Highest share of the map that the image score is the mean of."""
    licence: str
    trained_on: str
    trained_by: str = ""
    names: HeadFile | None = None
    """The head that names regions from words; None: they are unknown until people have named some."""
    residuals: HeadFile | None = None
    """The head that reads residuals of the light trunk; None: distances alone decide."""

    @property
    def trained(self) -> bool:
        """Trunks are pretrained, always."""
        return True

    @property
    def names_types(self) -> bool:
        """Whether regions have names: where there is a head."""
        return self.names is not None

    @property
    def lights_phrases(self) -> bool:
        """It has no text side of its own, so a phrase lights up nothing."""
        return False
