"""The structure of the SDMX data: one DSD, its concepts and codelists, two dataflows.

Source: METHODS, section 10. Letters of sections repeat between the versions of NACE, so there is a dataflow for each
version and NACE_VERSION is an attribute. Belongs here: the objects; their bytes are made in `write.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from publication.sdmx.names import ACTIVITY, Definitions, definitions

if TYPE_CHECKING:
    from pysdmx.model import Schema

AGENCY = "COOPGVA"
VERSION = "1.0"
DSD = "COOP_GVA"
CONCEPTS = "CS_COOP_GVA"

FLOWS: Mapping[str, tuple[str, ...]] = {"COOP_GVA": ("_Z", "NACE_REV2"), "COOP_GVA_R21": ("NACE_REV21",)}
"""Dataflow and the values of `nace_version_code` whose rows it carries."""

SERIES, OBSERVATION, DATASET = "series", "observation", "dataset"
TIME = "TIME_PERIOD"
VALUE = "OBS_VALUE"


@dataclass(frozen=True)
class Part:
    """A dimension, the measure or an attribute.

    Attributes:
        name: its id, which is also that of its concept.
        is_coded: whether it has a codelist (`CL_<name>`).
        level: what an attribute is attached to; empty for dimensions and the measure.
        is_required: whether every observation must carry it.
        data_type: SDMX data type where there is no codelist.
    """

    name: str
    is_coded: bool = True
    level: str = ""
    is_required: bool = True
    data_type: str = "String"


DIMENSIONS = (
    Part("FREQ"),
    Part("REF_AREA"),
    Part("REF_SECTOR"),
    Part("STO"),
    Part(ACTIVITY),
    Part("COOP_TYPE"),
    Part("SIZE_CLASS"),
    Part("NUMERATOR"),
    Part("ATTRIBUTION"),
    Part("UNIT_MEASURE"),
    Part("PRICES"),
    Part(TIME, is_coded=False, data_type="ObservationalTimePeriod"),
)
# A suppressed observation has no value, so the measure is optional.
MEASURE = Part(VALUE, is_coded=False, is_required=False, data_type="Double")
ATTRIBUTES = (
    Part("OBS_STATUS", level=OBSERVATION),
    Part("CONF_STATUS", level=OBSERVATION),
    Part("CI_LOW", is_coded=False, level=OBSERVATION, is_required=False, data_type="Double"),
    Part("CI_HIGH", is_coded=False, level=OBSERVATION, is_required=False, data_type="Double"),
    Part("METHOD_FLAG", level=OBSERVATION),
    Part("NUTS_VERSION", level=OBSERVATION),
    Part("NACE_VERSION", level=SERIES),
    Part("DECIMALS", level=SERIES),
    Part("UNIT_MULT", level=SERIES),
    Part("VINTAGE", is_coded=False, level=DATASET),
    Part("EMBARGO_DATE", is_coded=False, level=DATASET, is_required=False),
)
PARTS = (*DIMENSIONS, MEASURE, *ATTRIBUTES)
KEY = tuple(part.name for part in DIMENSIONS)
SERIES_KEY = tuple(name for name in KEY if name != TIME)
COLUMNS = tuple(part.name for part in PARTS if part.level != DATASET)


def flow_urn(flow: str) -> str:
    """The short URN of a dataflow."""
    return f"Dataflow={AGENCY}:{flow}({VERSION})"


def maintained() -> list[Any]:
    """Codelists, concept scheme, DSD and dataflows as pysdmx objects, in the order in which they are written.

    Names are English; `write.py` puts both languages into the files, because pysdmx knows one.
    """
    from pysdmx.model import (
        Component,
        Components,
        Concept,
        ConceptScheme,
        Dataflow,
        DataStructureDefinition,
        DataType,
        Role,
    )

    words = definitions()
    codelists = {part.name: _codelist(part.name, words) for part in PARTS if part.is_coded}
    concepts = {
        part.name: Concept(id=part.name, name=words.concepts[part.name].en, urn=_concept_urn(part.name))
        for part in PARTS
    }
    scheme = ConceptScheme(
        id=CONCEPTS,
        name=words.structures[CONCEPTS].en,
        agency=AGENCY,
        version=VERSION,
        is_final=True,
        items=tuple(concepts.values()),
        urn=f"urn:sdmx:org.sdmx.infomodel.conceptscheme.ConceptScheme={AGENCY}:{CONCEPTS}({VERSION})",
    )
    components = [
        Component(
            id=part.name,
            required=part.is_required,
            role=Role.ATTRIBUTE if part.level else Role.MEASURE if part is MEASURE else Role.DIMENSION,
            concept=concepts[part.name],
            local_codes=codelists.get(part.name),
            local_enum_ref=codelists[part.name].urn if part.is_coded else None,
            local_dtype=None if part.is_coded else DataType(part.data_type),
            attachment_level=_attachment(part),
        )
        for part in PARTS
    ]
    dsd = DataStructureDefinition(
        id=DSD,
        name=words.structures[DSD].en,
        agency=AGENCY,
        version=VERSION,
        is_final=True,
        components=Components(components),
        urn=f"urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure={AGENCY}:{DSD}({VERSION})",
    )
    flows = [
        Dataflow(
            id=flow,
            name=words.dataflows[flow].en,
            description=words.dataflows[flow].description.en,
            agency=AGENCY,
            version=VERSION,
            is_final=True,
            structure=dsd,
            urn=f"urn:sdmx:org.sdmx.infomodel.datastructure.{flow_urn(flow)}",
        )
        for flow in FLOWS
    ]
    return [*codelists.values(), scheme, dsd, *flows]


def text_schema(flow: str) -> Schema:
    """The components of a dataflow with every value as text: numbers keep the decimals with which they are written."""
    from pysdmx.model import Component, Components, Concept, Role, Schema

    return Schema(
        context="dataflow",
        agency=AGENCY,
        id=flow,
        version=VERSION,
        components=Components(
            [
                Component(
                    id=part.name,
                    required=part.is_required,
                    role=Role.ATTRIBUTE if part.level else Role.MEASURE if part is MEASURE else Role.DIMENSION,
                    concept=Concept(id=part.name),
                    attachment_level=_attachment(part),
                )
                for part in PARTS
            ]
        ),
    )


def _codelist(name: str, words: Definitions) -> Any:
    from pysdmx.model import Code, Codelist

    urn = f"{AGENCY}:CL_{name}({VERSION})"
    return Codelist(
        id=f"CL_{name}",
        name=words.concepts[name].en,
        agency=AGENCY,
        version=VERSION,
        is_final=True,
        items=tuple(
            Code(id=code, name=names.en, urn=f"urn:sdmx:org.sdmx.infomodel.codelist.Code={urn}.{code}")
            for code, names in words.codes(name).items()
        ),
        urn=f"urn:sdmx:org.sdmx.infomodel.codelist.Codelist={urn}",
    )


def _concept_urn(name: str) -> str:
    return f"urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept={AGENCY}:{CONCEPTS}({VERSION}).{name}"


def _attachment(part: Part) -> str | None:
    return {"": None, DATASET: "D", OBSERVATION: "O", SERIES: ",".join(SERIES_KEY)}[part.level]
