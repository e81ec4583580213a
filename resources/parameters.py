"""Parameters: every number a statistician may want to argue about, versioned in `parameters.yaml`, never in code.

The repository's `parameters.yaml` holds the defaults; `<home>/parameters.yaml` may override single values. A table's
key contains the parameters it declares, so a changed parameter recomputes what depends on it and nothing else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from resources.contract import Strict, explain_validation, load_yaml
from resources.errors import ConfigurationError
from resources.home import REPOSITORY


class Parameters(Strict):
    """All parameters with their units; see `parameters.yaml` for the reasons behind the values."""

    version: str
    reference_area: str = Field(pattern="^[A-Z]{2}$")
    first_reference_year: int = Field(ge=1990, le=2100)
    last_reference_year: int = Field(ge=1990, le=2100)
    headline_numerator: str
    headline_time_rule: str
    headline_attribution: str
    target_share_pct: float = Field(gt=0, lt=100)
    target_year: int
    baseline_share_pct: float
    baseline_year: int
    nace_rev21_first_year: int = Field(ge=2025, le=2100)
    disclosure_min_contributors: int = Field(ge=1)
    disclosure_p_percent: float = Field(gt=0)
    imputation_max_years: int = Field(ge=0, le=5)
    imputation_min_coverage_ratio: float = Field(gt=0, le=1)
    imputation_warn_share_pct: float = Field(gt=0, le=100)
    imputation_blocking_share_pct: float = Field(gt=0, le=100)
    reconciliation_tolerance: float = Field(gt=0, lt=1e-3)
    reconciliation_max_iterations: int = Field(ge=1)
    margin_rounding_huf_mn: float = Field(ge=0)
    margin_extrapolation_max_years: int = Field(ge=0, le=10)
    reconciliation_negative_cells: Literal["gras", "refuse"]
    review_coverage_ratio: float = Field(gt=0)
    review_blocking_share_pct: float = Field(gt=0)
    linkage_accept_probability: float = Field(gt=0.5, le=1)
    linkage_review_probability: float = Field(gt=0, le=0.5)
    clerk_resolved_units: int = Field(ge=0)
    linkage_min_accepted_share: float = Field(ge=0, le=1)
    linkage_min_expected_precision: float = Field(ge=0, le=1)
    linkage_min_sampled_precision: float = Field(ge=0, le=1)
    linkage_min_sampled_recall: float = Field(ge=0, le=1)
    linkage_max_calibration_error: float = Field(ge=0, le=1)
    cohesion_project_days: int = Field(ge=1, le=3653)
    uncertainty_draws: int = Field(ge=20, le=10_000)
    uncertainty_seed: int = Field(ge=0, lt=2**63)
    uncertainty_level_pct: float = Field(gt=0, lt=100)
    good_practice_countries: int = Field(ge=1)
    good_practice_frontrunners: int = Field(ge=0)

    @model_validator(mode="after")
    def _years(self) -> Parameters:
        if self.last_reference_year < self.first_reference_year:
            raise ValueError("last_reference_year lies before first_reference_year")
        return self


def load_parameters(override: Path | None = None) -> Parameters:
    """The defaults, with single values replaced by those of `override` where that file exists.

    Raises:
        ConfigurationError: no mapping, an unknown name or an impossible value, with the file.
    """
    defaults = REPOSITORY / "parameters.yaml"
    document: dict[str, Any] = dict(load_yaml(defaults))
    where = defaults
    if override is not None and override.exists():
        values = load_yaml(override)
        if not isinstance(values, dict | None):
            raise ConfigurationError(
                f"a {type(values).__name__} stands where names and values are expected",
                where=str(override),
                action="write one `name: value` per line",
            )
        document |= values or {}
        where = override
    try:
        return Parameters.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError(explain_validation(error), where=str(where), action="correct the file") from None
