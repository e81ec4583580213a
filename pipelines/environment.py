"""Which environment this is: decides whether schedule and sensors start by themselves.

A laptop must not wake at 02:00 because somebody once looked at the UI. So schedules and sensors are always registered
and can be switched on by hand in the UI; only where `COOPGVA_ENVIRONMENT=production` is set are they on by default.
"""

from __future__ import annotations

import os
from enum import StrEnum

from resources.errors import ConfigurationError

VARIABLE = "COOPGVA_ENVIRONMENT"


class Environment(StrEnum):
    """The environments that may be declared."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def current_environment() -> Environment:
    """The declared environment; `development` where none is.

    Raises:
        ConfigurationError: the variable holds something else.
    """
    declared = os.environ.get(VARIABLE) or Environment.DEVELOPMENT
    try:
        return Environment(declared)
    except ValueError:
        known = " or ".join(Environment)
        raise ConfigurationError(f"unknown environment '{declared}'", where=VARIABLE, action=f"use {known}") from None


def runs_by_itself() -> bool:
    """Whether schedules and sensors are on by default."""
    return current_environment() is Environment.PRODUCTION
