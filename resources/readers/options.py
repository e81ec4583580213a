"""Options of readers: one pydantic model per format, in which an unknown key is an error.

Belongs here: what all options have in common. Does not belong here: the options of a single format (next to its
reader).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from resources.errors import ConfigurationError


class ReaderOptions(BaseModel):
    """Options every reader has.

    Attributes:
        allow_empty: a file with a header and no records is accepted instead of refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow_empty: bool = False


Chosen = TypeVar("Chosen", bound=ReaderOptions)


def parse_options(model: type[Chosen], options: Mapping[str, Any], format: str) -> Chosen:
    """Check `options` against the model of a format.

    Raises:
        ConfigurationError: an unknown key or a wrong value; names the key and the keys there are.
    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(p) for p in e['loc']) or 'options'}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()[:3]
        )
        raise ConfigurationError(
            problems,
            where=f"options of the format '{format}'",
            action=f"known options are {', '.join(sorted(model.model_fields))}",
        ) from None
