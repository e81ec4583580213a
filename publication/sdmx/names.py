"""Names and codes of the SDMX structure in both languages, read from `codelists.yaml`.

Belongs here: which codes exist, how they are called, how the published table writes them. Which component uses which
codelist is `structure.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from resources.contract import Strict, explain_validation, load_yaml
from resources.errors import ConfigurationError

CODELISTS = Path(__file__).with_name("codelists.yaml")
ACTIVITY = "ACTIVITY"


class Name(Strict):
    """A name in English and Hungarian."""

    en: str
    hu: str


class Code(Name):
    """A code's names, and how the published table writes the code where that differs."""

    table: str | None = None


class Flow(Name):
    """A dataflow's name and description."""

    description: Name


class Definitions(Strict):
    """The whole of `codelists.yaml`.

    Attributes:
        concepts: names of dimensions, measure and attributes.
        structures: names of the DSD and the concept scheme.
        dataflows: names of the dataflows.
        codelists: codes by codelist, without ACTIVITY.
        activities: codes of ACTIVITY by version of NACE.
    """

    concepts: dict[str, Name]
    structures: dict[str, Name]
    dataflows: dict[str, Flow]
    codelists: dict[str, dict[str, Code]]
    activities: dict[str, dict[str, Code]]

    def codes(self, name: str, nace_version: str | None = None) -> Mapping[str, Code]:
        """The codes of one codelist; of ACTIVITY those of one version of NACE, or of all with both meanings."""
        if name != ACTIVITY:
            return self.codelists[name]
        if nace_version is not None:
            return self.activities[nace_version]
        versions = {version: self.codelists["NACE_VERSION"][version] for version in self.activities}
        found: dict[str, Code] = {}
        for code in dict.fromkeys(code for codes in self.activities.values() for code in codes):
            meanings = {v: codes[code] for v, codes in self.activities.items() if code in codes}
            is_one = len({(m.en, m.hu) for m in meanings.values()}) == 1
            found[code] = next(iter(meanings.values())) if is_one else _several(versions, meanings)
        return found

    def from_table(self, name: str, nace_version: str | None = None) -> dict[str, str]:
        """The SDMX code by the code of the published table."""
        return {code.table or sdmx: sdmx for sdmx, code in self.codes(name, nace_version).items()}


def _several(versions: Mapping[str, Code], meanings: Mapping[str, Code]) -> Code:
    """One code for letters that mean different sections: the name says which version means what."""
    return Code(
        en="; ".join(f"{versions[v].en}: {m.en}" for v, m in meanings.items()),
        hu="; ".join(f"{versions[v].hu}: {m.hu}" for v, m in meanings.items()),
    )


@cache
def definitions() -> Definitions:
    """Names and codes, read once.

    Raises:
        ConfigurationError: `codelists.yaml` is wrong; names the place.
    """
    try:
        return Definitions.model_validate(load_yaml(CODELISTS))
    except ValidationError as error:
        raise ConfigurationError(
            explain_validation(error), where=str(CODELISTS), action="correct the codelists"
        ) from None
