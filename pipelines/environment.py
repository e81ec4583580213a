"""Which environment this is: decides which schedules and sensors there are, and whether they are on by themselves.

A laptop must not wake at 02:00 because somebody once looked at the UI. So `development`, which holds where nothing is
declared, has no schedules, and its sensors are off. `acceptance` has everything, switched off: a person tries single
ones by hand. `production` has everything, on by default. `COOPGVA_ENVIRONMENT` declares it.
"""

from __future__ import annotations

import os
from enum import StrEnum

from resources.errors import ConfigurationError

VARIABLE = "COOPGVA_ENVIRONMENT"


class Environment(StrEnum):
    """The environments that may be declared."""

    DEVELOPMENT = "development"
    ACCEPTANCE = "acceptance"
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
