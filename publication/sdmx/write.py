"""SDMX files through pysdmx, with a fixed header so that equal content is equal bytes.

Belongs here: names of files, bytes. What is in them is decided in `structure.py` and `data.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from publication.release_file import ReleaseFile
from publication.sdmx.names import Name, definitions
from publication.sdmx.structure import AGENCY, FLOWS, TIME, flow_urn, maintained, text_schema
from publication.sdmx.validate import check_read_back, check_xml

if TYPE_CHECKING:
    from pysdmx.model.message import Header

NO_CLOCK = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""Stands where a format demands the time of writing: the time would make every file differ from the one before."""

_XML = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True)
class SdmxFormat:
    """One way to write observations.

    Attributes:
        ending: of the file's name.
        name: member of `pysdmx.io.format.Format`.
        title: for people.
        mediatype: as SDMX registers it.
    """

    ending: str
    name: str
    title: str
    mediatype: str

    @property
    def is_xml(self) -> bool:
        """Whether it is SDMX-ML."""
        return self.ending.endswith(".xml")

    def released(self, path: Path, title: str) -> ReleaseFile:
        """A file in this format."""
        return ReleaseFile(path, f"{title} ({self.title})", path.suffix.removeprefix("."), self.mediatype)


CSV_FORMATS = (
    SdmxFormat(
        "sdmx-csv-1.0.csv", "DATA_SDMX_CSV_1_0_0", "SDMX-CSV 1.0", "application/vnd.sdmx.data+csv;version=1.0.0"
    ),
    SdmxFormat(
        "sdmx-csv-2.0.csv", "DATA_SDMX_CSV_2_0_0", "SDMX-CSV 2.0", "application/vnd.sdmx.data+csv;version=2.0.0"
    ),
)
ML_FORMATS = (
    SdmxFormat(
        "sdmx-ml-2.1-generic.xml",
        "DATA_SDMX_ML_2_1_GEN",
        "SDMX-ML 2.1 generic data",
        "application/vnd.sdmx.genericdata+xml;version=2.1",
    ),
    SdmxFormat(
        "sdmx-ml-3.0.xml",
        "DATA_SDMX_ML_3_0",
        "SDMX-ML 3.0 structure-specific data",
        "application/vnd.sdmx.data+xml;version=3.0.0",
    ),
)
STRUCTURE_FORMATS = (
    SdmxFormat(
        "sdmx-ml-2.1.xml",
        "STRUCTURE_SDMX_ML_2_1",
        "SDMX-ML 2.1 structures",
        "application/vnd.sdmx.structure+xml;version=2.1",
    ),
    SdmxFormat(
        "sdmx-ml-3.0.xml",
        "STRUCTURE_SDMX_ML_3_0",
        "SDMX-ML 3.0 structures",
        "application/vnd.sdmx.structure+xml;version=3.0.0",
    ),
)


def write_structure(folder: Path) -> list[ReleaseFile]:
    """Write codelists, concepts, DSD and dataflows as SDMX-ML 2.1 and 3.0, names in English and Hungarian.

    Raises:
        CoopgvaError: a file is not valid against the XSDs.
    """
    from pysdmx.io import write_sdmx
    from pysdmx.io.format import Format

    done = []
    for form in STRUCTURE_FORMATS:
        path = folder / f"structure.{form.ending}"
        text = write_sdmx(maintained(), Format[form.name], header=_header("STRUCTURE"))
        path.write_bytes(_in_both_languages(str(text)))
        check_xml(path)
        done.append(form.released(path, "codelists, concepts, DSD, dataflows"))
    return done


def write_data(
    folder: Path,
    frames: Mapping[str, pd.DataFrame],
    formats: tuple[SdmxFormat, ...],
    attached: Mapping[str, str],
    prepared: dt.datetime = NO_CLOCK,
) -> list[ReleaseFile]:
    """Write the observations of every dataflow in every format, and read each file back.

    Args:
        folder: where; must exist.
        frames: observations by dataflow (`data.observations`).
        formats: of `CSV_FORMATS` and `ML_FORMATS`.
        attached: attributes of the data set, VINTAGE and EMBARGO_DATE.
        prepared: the header's time; no clock, so that rerunning gives the same bytes.

    Raises:
        CoopgvaError: a file is not valid against the XSDs, or pysdmx reads something else from it.
    """
    done = []
    for flow in FLOWS:
        frame = frames[flow]
        for form in formats:
            path = folder / f"{flow.lower()}.{form.ending}"
            path.write_bytes(_data_bytes(flow, frame, form, attached, prepared))
            if form.is_xml:
                check_xml(path, is_structure_specific="GEN" not in form.name)
            if len(frame):  # pysdmx cannot read a file without observations
                check_read_back(path, flow, frame, attached)
            done.append(form.released(path, definitions().dataflows[flow].en))
    return done


def _data_bytes(
    flow: str, frame: pd.DataFrame, form: SdmxFormat, attached: Mapping[str, str], prepared: dt.datetime
) -> bytes:
    from pysdmx.io import write_sdmx
    from pysdmx.io.format import Format
    from pysdmx.io.pd import PandasDataset

    dataset = PandasDataset(structure=text_schema(flow), data=frame.copy(), attributes=dict(attached))
    options: dict[str, Any] = {}
    if form.is_xml:
        header = _header(f"{flow}_{attached['VINTAGE']}", prepared)
        options = {"header": header, "dimension_at_observation": {flow_urn(flow): TIME}}
    return str(write_sdmx(dataset, Format[form.name], **options)).encode()


def _header(name: str, prepared: dt.datetime = NO_CLOCK) -> Header:
    from pysdmx.model import Organisation
    from pysdmx.model.message import Header

    return Header(id=name, prepared=prepared, sender=Organisation(id=AGENCY))


def _in_both_languages(text: str) -> bytes:
    """The structure with exact English names and Hungarian ones beside them; pysdmx writes one language.

    pysdmx also turns every apostrophe into a quotation mark, so the English texts are set again.
    """
    from lxml import etree

    root = etree.fromstring(text.encode())
    for element in list(root.iter("{*}Name", "{*}Description")):
        names = _names(element)
        if names is None:
            continue
        element.text = names.en
        element.set(_XML, "en")
        second = etree.Element(element.tag, {_XML: "hu"}, nsmap=element.nsmap)
        second.text, second.tail = names.hu, element.tail
        element.addnext(second)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _names(element: Any) -> Name | None:
    """What an element that carries a name is called."""
    from lxml import etree

    words = definitions()
    owner = element.getparent()
    kind, name = etree.QName(owner).localname, owner.get("id")
    if kind == "Code":
        return words.codes(owner.getparent().get("id").removeprefix("CL_"))[name]
    if kind == "Dataflow":
        flow = words.dataflows[name]
        return flow.description if etree.QName(element).localname == "Description" else flow
    if kind in ("Concept", "Codelist"):
        return words.concepts[name.removeprefix("CL_")]
    return words.structures[name] if kind in ("ConceptScheme", "DataStructure") else None


def all_formats() -> Iterator[SdmxFormat]:
    """Every format of observations."""
    yield from CSV_FORMATS
    yield from ML_FORMATS
