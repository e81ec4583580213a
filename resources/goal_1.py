"""Configuration of goal 1: the key industries, and the scale by which clusters are assessed.

Belongs here: reading and checking `key_industries.yaml` and `cluster_assessment.yaml`; a file of the same name in the
home replaces the repository's as a whole. Does not belong here: single parameters (`resources.parameters`), and how a
value becomes points (`methods.assessment`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from pathlib import Path
from typing import TypeVar

from pydantic import Field, ValidationError, field_validator, model_validator

from resources.contract import Strict, explain_validation, load_yaml
from resources.errors import ConfigurationError
from resources.home import REPOSITORY

Code = Field(pattern=r"^[a-z][a-z0-9_]*$")
SCHEME_POINTS = {"international": 24, "innovation": 26, "cooperation": 20, "management": 30}
"""Points of the accreditation scheme (METHODS section 7); another distribution would be another scheme."""


def _once(values: list[str], what: str) -> None:
    twice = sorted(value for value, count in Counter(values).items() if count > 1)
    if twice:
        raise ValueError(f"{what} twice: {', '.join(twice)}")


class KeyIndustry(Strict):
    """One key industry of the strategy.

    Attributes:
        code: stable code.
        name_hu: name in Hungarian.
        name_en: name in English.
        declared_as: further texts by which cluster registers name it.
        nace_rev2: sections, divisions, groups or classes of NACE Rev. 2.
        valid_from: first day of its validity.
        valid_to: first day on which it is no longer a key industry; None while it is.
    """

    code: str = Code
    name_hu: str = Field(min_length=2)
    name_en: str = Field(min_length=2)
    declared_as: tuple[str, ...] = ()
    nace_rev2: tuple[str, ...] = Field(min_length=1)
    valid_from: dt.date
    valid_to: dt.date | None = None

    @field_validator("nace_rev2")
    @classmethod
    def _nace_form(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        for code in codes:
            if not re.fullmatch(r"[A-U]|\d{2}(\.\d{1,2})?", code):
                raise ValueError(f"'{code}' is no section, division, group or class of NACE Rev. 2")
        return codes

    @model_validator(mode="after")
    def _interval(self) -> KeyIndustry:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError(f"valid_to of {self.code} is not after valid_from")
        return self

    @property
    def texts(self) -> tuple[str, ...]:
        """Everything by which a register may name it, in lower case."""
        return tuple(sorted({t.strip().casefold() for t in (self.code, self.name_hu, self.name_en, *self.declared_as)}))


class KeyIndustries(Strict):
    """The key industries and the rules of their scoreboard; see `key_industries.yaml` for units and reasons."""

    version: str
    industries: tuple[KeyIndustry, ...] = Field(min_length=1)
    long_lived_days: int = Field(ge=1)
    long_lived_min_members: int = Field(ge=2)
    tie_window_years: int = Field(ge=1, le=20)
    innovation_threshold: float = Field(gt=0, le=1)
    international_threshold: float = Field(gt=0, le=1)
    sensitivity_draws: int = Field(ge=1, le=100_000)
    sensitivity_seed: int = Field(ge=0)
    sensitivity_threshold_spread: float = Field(ge=0, lt=1)

    @model_validator(mode="after")
    def _unambiguous(self) -> KeyIndustries:
        _once([i.code for i in self.industries], "industry")
        _once([text for i in self.industries for text in i.texts], "declared text")
        return self


class Scale(Strict):
    """How one indicator becomes points: none at the floor, all at the ceiling, linear between."""

    code: str = Code
    floor: float
    ceiling: float
    points: float = Field(gt=0)

    @model_validator(mode="after")
    def _rising(self) -> Scale:
        if self.ceiling <= self.floor:
            raise ValueError(f"the ceiling of {self.code} is not above its floor")
        return self


class Dimension(Strict):
    """A dimension of the accreditation scheme with its indicators."""

    code: str = Code
    max_points: int = Field(ge=1)
    indicators: tuple[Scale, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _adds_up(self) -> Dimension:
        _once([scale.code for scale in self.indicators], f"indicator of {self.code}")
        total = sum(scale.points for scale in self.indicators)
        if abs(total - self.max_points) > 1e-9:
            raise ValueError(f"the indicators of {self.code} give {total:g} points, not {self.max_points}")
        return self


class ClusterAssessment(Strict):
    """The scale of the cluster assessment."""

    version: str
    dimensions: tuple[Dimension, ...]

    @model_validator(mode="after")
    def _scheme(self) -> ClusterAssessment:
        given = {dimension.code: dimension.max_points for dimension in self.dimensions}
        if given != SCHEME_POINTS or len(self.dimensions) != len(SCHEME_POINTS):
            raise ValueError(f"the scheme's dimensions and points are {SCHEME_POINTS}, not {given}")
        return self


Document = TypeVar("Document", KeyIndustries, ClusterAssessment)


def load_key_industries(home: Path | None = None) -> KeyIndustries:
    """The key industries of the home, else the repository's.

    Raises:
        ConfigurationError: not YAML, an unknown name or an impossible value, with the file.
    """
    return _load(KeyIndustries, "key_industries.yaml", home)


def load_cluster_assessment(home: Path | None = None) -> ClusterAssessment:
    """The scale of the home, else the repository's.

    Raises:
        ConfigurationError: not YAML, an unknown name or an impossible value, with the file.
    """
    return _load(ClusterAssessment, "cluster_assessment.yaml", home)


def _load(model: type[Document], name: str, home: Path | None) -> Document:
    own = home / name if home is not None else None
    path = own if own is not None and own.exists() else REPOSITORY / name
    try:
        return model.model_validate(load_yaml(path))
    except ValidationError as error:
        raise ConfigurationError(explain_validation(error), where=str(path), action="correct the file") from None
