"""SDMX-CSV 1.0 and 2.0 and SDMX-ML, against small messages of our own and against pysdmx."""

from __future__ import annotations

import pytest

from resources.errors import DeliveryError
from tests.readers.conftest import Deliver, Read, assert_sound, records, without_row

FIRST = """DATAFLOW,FREQ,REF_AREA,TIME_PERIOD,OBS_VALUE,OBS_STATUS,CONF_STATUS
COOPGVA:DF_TEST(1.0),A,HU,2021,46646.4,,F
COOPGVA:DF_TEST(1.0),A,HU,2022,,Q,C
COOPGVA:DF_TEST(1.0),A,AT,2022,NaN,M,
"""
SECOND = """STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,TIME_PERIOD,OBS_VALUE,OBS_STATUS
dataflow,COOPGVA:DF_TEST(1.0),I,A,HU,2021,46646.4,A
dataflow,COOPGVA:DF_TEST(1.0),D,A,HU,2020,,
dataflow,COOPGVA:DF_TEST(1.0),R,A,HU,2022,,Q
"""
SCHEMA = "http://www.sdmx.org/resources/sdmxml/schemas/v2_1"
HEADER = """<message:Header>
    <message:ID>test</message:ID><message:Test>true</message:Test>
    <message:Prepared>2024-01-01T00:00:00</message:Prepared><message:Sender id="COOPGVA"/>
    <message:Structure structureID="DS_TEST" %s dimensionAtObservation="TIME_PERIOD">
      <common:Structure><Ref agencyID="COOPGVA" id="DS_TEST" version="1.0" class="DataStructure"/></common:Structure>
    </message:Structure>
  </message:Header>"""
URN = "urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure=COOPGVA:DS_TEST(1.0)"
SPECIFIC = f"""<?xml version="1.0" encoding="UTF-8"?>
<message:StructureSpecificData xmlns:message="{SCHEMA}/message" xmlns:common="{SCHEMA}/common"
  xmlns:ss="{SCHEMA}/data/structurespecific" xmlns:ns1="{URN}:ObsLevelDim:TIME_PERIOD"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  {HEADER % f'namespace="{URN}"'}
  <message:DataSet ss:structureRef="DS_TEST" xsi:type="ns1:DataSetType" ss:dataScope="DataStructure"
    ss:action="Replace">
    <Series FREQ="A" REF_AREA="HU" UNIT_MULT="6">
      <Obs TIME_PERIOD="2021" OBS_VALUE="46646.4"/>
      <!-- <Obs TIME_PERIOD="1999"/> -->
      <Obs TIME_PERIOD="2022" OBS_VALUE="56186.4" OBS_STATUS="P"/>
    </Series>
    <Series FREQ="A" REF_AREA="AT" UNIT_MULT="6"><Obs TIME_PERIOD="2021" CONF_STATUS="C" OBS_STATUS="Q"/></Series>
    <Series FREQ="A" REF_AREA="SK" UNIT_MULT="6"/>
  </message:DataSet>
</message:StructureSpecificData>"""
GENERIC = f"""<?xml version="1.0" encoding="UTF-8"?>
<message:GenericData xmlns:message="{SCHEMA}/message" xmlns:common="{SCHEMA}/common"
  xmlns:generic="{SCHEMA}/data/generic">
  {HEADER % ""}
  <message:DataSet structureRef="DS_TEST">
    <generic:Series>
      <generic:SeriesKey>
        <generic:Value id="FREQ" value="A"/><generic:Value id="REF_AREA" value="HU"/>
      </generic:SeriesKey>
      <generic:Obs><generic:ObsDimension value="2021"/><generic:ObsValue value="46646.4"/></generic:Obs>
      <generic:Obs><generic:ObsDimension value="2022"/><generic:ObsValue value="56186.4"/>
        <generic:Attributes><generic:Value id="OBS_STATUS" value="P"/></generic:Attributes></generic:Obs>
    </generic:Series>
  </message:DataSet>
</message:GenericData>"""


def test_sdmx_csv_first_version(read_text: Read) -> None:
    raw = read_text("sdmx_csv", FIRST)
    assert raw.columns == tuple(FIRST.split("\n")[0].split(","))
    assert [(r["REF_AREA"], r["OBS_VALUE"], r["OBS_STATUS"], r["CONF_STATUS"]) for r in records(raw)] == [
        ("HU", "46646.4", None, "F"),
        ("HU", None, "Q", "C"),
        ("AT", None, "M", None),
    ]


def test_sdmx_csv_second_version_keeps_suppressed_cells_and_rejects_deletions(read_text: Read) -> None:
    raw = read_text("sdmx_csv", SECOND)
    assert [(r["_row"], r["TIME_PERIOD"], r["OBS_VALUE"], r["OBS_STATUS"]) for r in records(raw)] == [
        (1, "2021", "46646.4", "A"),
        (3, "2022", None, "Q"),
    ]
    assert [(r.row, r.reason.split(";")[0]) for r in raw.rejects] == [(2, "ACTION D asks to delete an observation")]
    assert_sound(raw)


def test_sdmx_csv_with_labels_gives_codes(read_text: Read) -> None:
    raw = read_text(
        "sdmx_csv",
        "DATAFLOW,FREQ: Frequency,GEO: Area,TIME_PERIOD: Time,OBS_VALUE\n"
        "COOPGVA:DF_TEST(1.0): Test,A: Annual,HU: Hungary,2021,1.5\n",
    )
    assert raw.columns == ("DATAFLOW", "FREQ", "GEO", "TIME_PERIOD", "OBS_VALUE")
    assert without_row(raw) == [("COOPGVA:DF_TEST(1.0)", "A", "HU", "2021", "1.5")]


@pytest.mark.parametrize("header", ["FREQ,GEO,OBS_VALUE", "STRUCTURE,ACTION,OBS_VALUE", "DATAFLOW,FREQ,TIME_PERIOD"])
def test_sdmx_csv_of_neither_version(read_text: Read, header: str) -> None:
    with pytest.raises(DeliveryError, match=r"obs\.csv:1: neither SDMX-CSV 1\.0 nor 2\.0"):
        read_text("sdmx_csv", header + "\na,b,c\n", "obs.csv")


def test_sdmx_csv_agrees_with_pysdmx(read_text: Read) -> None:
    from pysdmx.io import get_datasets

    frame = get_datasets(FIRST)[0].data
    ours = [{k: r[k] or "" for k in frame.columns} for r in records(read_text("sdmx_csv", FIRST))]
    theirs = frame.fillna("").replace("NaN", "").astype(str).to_dict("records")
    assert ours == theirs


def test_sdmx_ml_structure_specific(read_text: Read) -> None:
    raw = read_text("sdmx_ml", SPECIFIC)
    assert [
        (r["FREQ"], r["REF_AREA"], r["UNIT_MULT"], r["TIME_PERIOD"], r["OBS_VALUE"], r["OBS_STATUS"], r["CONF_STATUS"])
        for r in records(raw)
    ] == [
        ("A", "HU", "6", "2021", "46646.4", None, None),
        ("A", "HU", "6", "2022", "56186.4", "P", None),
        ("A", "AT", "6", "2021", None, "Q", "C"),
    ]
    assert [(r.row, r.reason) for r in raw.rejects] == [(4, "a series without observations")]
    assert_sound(raw)


def test_sdmx_ml_generic(read_text: Read) -> None:
    raw = read_text("sdmx_ml", GENERIC)
    assert [(r["FREQ"], r["REF_AREA"], r["TIME_PERIOD"], r["OBS_VALUE"], r["OBS_STATUS"]) for r in records(raw)] == [
        ("A", "HU", "2021", "46646.4", None),
        ("A", "HU", "2022", "56186.4", "P"),
    ]


def test_observations_that_the_library_loses_refuse_the_message(
    read_text: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    from resources.readers import sdmx

    whole = sdmx._datasets
    monkeypatch.setattr(sdmx, "_datasets", lambda part, text: [(c, r[1:]) for c, r in whole(part, text)])
    with pytest.raises(DeliveryError, match="2 observations were delivered and 1 could be read"):
        read_text("sdmx_ml", GENERIC)


@pytest.mark.parametrize(
    "prolog",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd">',
    ],
)
def test_entities_and_document_types_are_refused_before_parsing(
    read_text: Read, monkeypatch: pytest.MonkeyPatch, prolog: str
) -> None:
    from resources.readers import sdmx

    def parse(part: object, text: str) -> None:
        raise AssertionError("the document reached the parser")

    monkeypatch.setattr(sdmx, "_datasets", parse)
    with pytest.raises(DeliveryError, match=r"data\.xml:2: the XML declares a document type or entities"):
        read_text("sdmx_ml", GENERIC.replace("?>", "?>\n" + prolog, 1), "data.xml")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (SPECIFIC[: len(SPECIFIC) // 2].encode(), "not valid SDMX-ML"),
        (SPECIFIC[:-3].encode(), "not valid SDMX-ML"),
        (GENERIC.replace("generic:Obs>", "generic:Obx>").encode(), "not valid SDMX-ML"),
        (GENERIC.replace("UTF-8", "UTF-16").encode("utf-16"), "byte 0xff is not utf-8"),
        (GENERIC.replace("UTF-8", "UTF-7").encode(), "declares the encoding 'UTF-7'"),
        (b"<html><body>down for maintenance</body></html>", "an HTML page"),
        (b'<?xml version="1.0"?><a/>', "not valid SDMX-ML"),
        (b"FREQ,GEO\nA,HU\n", "not an XML document"),
        (b"", "the file is empty"),
    ],
)
def test_messages_that_are_none(read_text: Read, content: bytes, what: str) -> None:
    with pytest.raises(DeliveryError, match=rf"^data\.xml(:\d+)?: .*{what}"):
        read_text("sdmx_ml", content, "data.xml")


def test_a_path_is_never_taken_for_a_message(deliver: Deliver, read_text: Read) -> None:
    part = deliver("secret")
    with pytest.raises(DeliveryError, match="not an XML document"):
        read_text("sdmx_ml", str(part.path), "data.xml")
