"""SDMX: structure, observations, refusals, every format read back and valid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from lxml import etree

from publication.release_table import release_table
from publication.sdmx.data import observations
from publication.sdmx.names import definitions
from publication.sdmx.structure import COLUMNS, DIMENSIONS, FLOWS, KEY, PARTS
from publication.sdmx.validate import as_compared, check_observations, check_read_back, check_xml, read_data
from publication.sdmx.write import ML_FORMATS, SdmxFormat, all_formats, write_data
from resources.contract import Contract
from resources.errors import CoopgvaError, PublishRefusedError
from tests.publication import released
from tests.publication.conftest import EMBARGO, VINTAGE

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ATTACHED = {"VINTAGE": VINTAGE, "EMBARGO_DATE": EMBARGO}

Frames = dict[str, pd.DataFrame]


def cells(contract: Contract, **changes: Any) -> pa.Table:
    """The table with one row (N1 of 2023, `changes` say which) changed."""
    rows = released.withhold(released.rows())
    chosen: dict[str, Any] = changes.pop("where")
    hit = [row for row in rows if {name: row[name] for name in chosen} == chosen]
    assert hit
    hit[0].update(changes)
    return release_table(contract, released.table(rows))


# -- structure -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("version", ["2.1", "3.0"])
def test_structure_is_valid_and_complete(exported: Path, version: str) -> None:
    from pysdmx.io import read_sdmx

    path = exported / "sdmx" / f"structure.sdmx-ml-{version}.xml"
    check_xml(path)
    message = read_sdmx(path, validate=True)
    (dsd,) = message.get_data_structure_definitions()
    assert [component.id for component in dsd.components.dimensions] == [part.name for part in DIMENSIONS]
    assert {flow.short_urn for flow in message.get_dataflows()} == {f"Dataflow=COOPGVA:{flow}(1.0)" for flow in FLOWS}
    lists = {found.id: {code.id for code in found.codes} for found in message.get_codelists()}
    words = definitions()
    assert lists == {f"CL_{part.name}": set(words.codes(part.name)) for part in PARTS if part.is_coded}


@pytest.mark.parametrize("version", ["2.1", "3.0"])
def test_everything_has_a_name_in_both_languages(exported: Path, version: str) -> None:
    root = etree.parse(exported / "sdmx" / f"structure.sdmx-ml-{version}.xml").getroot()
    owners = [e for e in root.iter() if e.get("id") and any(etree.QName(c).localname == "Name" for c in e)]
    assert len(owners) > 150
    for owner in owners:
        names = [c for c in owner if etree.QName(c).localname == "Name"]
        assert [name.get(LANG) for name in names] == ["en", "hu"]
        assert all((name.text or "").strip() for name in names)
    texts = "".join(root.itertext())
    assert "TEÁOR'08" in texts  # pysdmx on its own writes a quotation mark
    assert "NACE Rev. 2: Financial and insurance activities; NACE Rev. 2.1: Telecommunication" in texts


def test_codes_are_sdmx_identifiers_and_have_different_names() -> None:
    words = definitions()
    for part in PARTS:
        if not part.is_coded:
            continue
        codes = words.codes(part.name)
        assert all(code.replace("_", "").replace("-", "").isalnum() for code in codes), part.name
        for language in ("en", "hu"):
            names = [getattr(names, language) for code, names in codes.items()]
            if part.name != "ACTIVITY":  # E and E37-E39 may read alike
                assert len(set(names)) == len(names), part.name


# -- observations ----------------------------------------------------------------------------------------------------
def one(frame: pd.DataFrame, **key: str) -> pd.Series[Any]:
    hit = frame[(frame[list(key)] == list(key.values())).all(axis=1)]
    assert len(hit) == 1, hit
    return hit.iloc[0]


TOTAL = {"REF_AREA": "HU", "ACTIVITY": "_T", "COOP_TYPE": "_T", "SIZE_CLASS": "_T"}


def test_a_cell_is_one_observation_per_unit(frames: Frames, table: pa.Table) -> None:
    (row,) = [
        row
        for row in table.to_pylist()
        if (row["table_code"], row["numerator_code"], row["reference_year"]) == ("T1", "N1", 2023)
    ]
    key = TOTAL | {"NUMERATOR": "N1", "TIME_PERIOD": "2023"}
    level = one(frames["COOP_GVA"], **key, UNIT_MEASURE="HUF")
    assert level["OBS_VALUE"] == f"{row['gva_huf_mn']:.1f}"
    assert (level["CI_LOW"], level["CI_HIGH"]) == (f"{row['ci_low_huf_mn']:.1f}", f"{row['ci_high_huf_mn']:.1f}")
    assert (level["PRICES"], level["UNIT_MULT"], level["DECIMALS"], level["STO"]) == ("V", "6", "1", "B1G")
    share = one(frames["COOP_GVA"], **key, UNIT_MEASURE="PC_S1", PRICES="V")
    assert share["OBS_VALUE"] == f"{row['share_pct']:.4f}"
    assert (
        one(frames["COOP_GVA"], **key, UNIT_MEASURE="PC_S1", PRICES="Y")["OBS_VALUE"] == f"{row['share_pyp_pct']:.4f}"
    )
    assert one(frames["COOP_GVA"], **key, UNIT_MEASURE="PC_S11")["OBS_VALUE"] == f"{row['share_s11_pct']:.4f}"
    assert one(frames["COOP_GVA"], **key, UNIT_MEASURE="PC_S1_T")["OBS_VALUE"] == f"{row['contribution_pct']:.4f}"
    count = one(frames["COOP_GVA"], **key, UNIT_MEASURE="LU")
    assert (count["OBS_VALUE"], count["STO"], count["PRICES"]) == (str(row["firm_count"]), "_Z", "_Z")


def test_withheld_cells_say_so_for_every_unit_and_nothing_else(frames: Frames) -> None:
    withheld = frames["COOP_GVA"].query("OBS_STATUS == 'Q'")
    of_cell = withheld.query("REF_AREA == 'HU12' and NUMERATOR == 'N1' and ACTIVITY == '_T'")
    assert sorted(of_cell["UNIT_MEASURE"]) == ["HUF", "LU", "PC_S1", "PC_S11", "PC_S1_T"]
    assert set(withheld["CONF_STATUS"]) == {"C"}
    assert (withheld[["OBS_VALUE", "CI_LOW", "CI_HIGH"]] == "").all(axis=None)
    size = withheld.query("SIZE_CLASS == 'GE250' and ACTIVITY == '_T'")
    assert set(size["UNIT_MEASURE"]) == {
        "HUF",
        "LU",
        "PC_S1_T",
    }  # no denominator by size: there is no share to withhold


def test_every_published_number_is_an_observation(frames: Frames, table: pa.Table) -> None:
    columns = ("gva_huf_mn", "share_pct", "share_s11_pct", "contribution_pct", "share_pyp_pct", "firm_count")
    rows = [row for row in table.to_pylist() if (row["table_code"], row["activity_code"]) != ("T8", "D")]
    expected = sum(row[name] is not None for row in rows for name in columns)
    assert sum((frame["OBS_VALUE"] != "").sum() for frame in frames.values()) == expected


def test_versions_of_nace_are_two_dataflows(frames: Frames) -> None:
    assert set(frames["COOP_GVA"]["NACE_VERSION"]) == {"_Z", "NACE_REV2"}
    assert set(frames["COOP_GVA_R21"]["NACE_VERSION"]) == {"NACE_REV21"}
    assert set(frames["COOP_GVA_R21"].query("OBS_STATUS != 'Q'")["OBS_STATUS"]) == {"B"}


def test_tables_that_disagree_on_a_cell_are_refused(contracts: dict[str, Contract]) -> None:
    contract = contracts["access.cooperation_gva"]
    where = {"table_code": "T8", "activity_code": "D", "reference_year": 2023, "numerator_code": "N2"}
    with pytest.raises(CoopgvaError, match=r"^COOP_GVA:A\.HU\.S1\.B1G\.D\.\S+2023: the key is there twice"):
        observations(contract, cells(contract, where=where, gva_huf_mn=1.0))
    withheld = dict.fromkeys(released.HIDDEN) | {"is_withheld": True, "obs_status": "Q", "conf_status": "C"}
    with pytest.raises(CoopgvaError, match="the key is there twice"):
        observations(contract, cells(contract, where=where, **withheld))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"region_code": "HU99"}, "code 'HU99' of REF_AREA"),
        ({"numerator_code": "N9"}, "code 'N9' of NUMERATOR"),
        ({"cooperation_type_code": "club"}, "code 'club' of COOP_TYPE"),
        ({"size_class_code": "GE250"}, "code 'GE250' of SIZE_CLASS"),
        ({"attribution_code": "fractional"}, "code 'fractional' of ATTRIBUTION"),
        ({"obs_status": "W"}, "code 'W' of OBS_STATUS"),
        ({"nace_version_code": "NACE_REV3"}, "no dataflow carries NACE_VERSION 'NACE_REV3'"),
        ({"nace_version_code": "NACE_REV21", "activity_code": "C10-C12"}, "code 'C10-C12' of ACTIVITY"),
        ({"nace_version_code": "_Z", "activity_code": "C"}, "code 'C' of ACTIVITY"),
        ({"time_rule": "year_end"}, "no dimension for the rule 'year_end'"),
    ],
)
def test_unknown_codes_of_the_table_are_refused(
    contracts: dict[str, Contract], change: dict[str, str], words: str
) -> None:
    contract = contracts["access.cooperation_gva"]
    where = {"table_code": "T1", "reference_year": 2023, "numerator_code": "N1"}
    with pytest.raises(CoopgvaError, match=words) as refused:
        observations(contract, cells(contract, where=where, **change))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "words", "kind"),
    [
        ("ACTIVITY", "C99", "code 'C99' of ACTIVITY is not in its codelist", CoopgvaError),
        ("FREQ", "M", "code 'M' of FREQ", CoopgvaError),
        ("CONF_STATUS", "", "CONF_STATUS is empty", CoopgvaError),
        ("CONF_STATUS", "C", "do not go together", PublishRefusedError),
        ("OBS_STATUS", "Q", "a suppressed observation has a number", PublishRefusedError),
        ("OBS_VALUE", "", "OBS_VALUE is empty and not suppressed", CoopgvaError),
        ("OBS_VALUE", "1,5", "OBS_VALUE is not a number", CoopgvaError),
        ("TIME_PERIOD", "23", "TIME_PERIOD is not a year", CoopgvaError),
    ],
)
def test_observations_that_are_none_are_refused_by_key(
    frames: Frames, name: str, value: str, words: str, kind: type[CoopgvaError]
) -> None:
    frame = frames["COOP_GVA"].copy()
    place = frame.index[frame["OBS_STATUS"] == "A"][3]
    frame.loc[place, name] = value
    key = ".".join(frame.loc[place, list(KEY)])
    with pytest.raises(kind) as refused:
        check_observations("COOP_GVA", frame)
    assert words in str(refused.value)
    assert f"COOP_GVA:{key}:" in str(refused.value)


def test_a_double_key_is_refused(frames: Frames) -> None:
    frame = frames["COOP_GVA"]
    double = pd.concat([frame, frame.iloc[[5]].assign(OBS_VALUE="3.0")], ignore_index=True)
    with pytest.raises(CoopgvaError, match="the key is there twice"):
        check_observations("COOP_GVA", double)


# -- files -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("form", list(all_formats()), ids=lambda form: form.ending)
def test_every_format_says_what_the_table_says(exported: Path, frames: Frames, flow: str, form: SdmxFormat) -> None:
    found, attached = read_data(exported / "sdmx" / f"{flow.lower()}.{form.ending}")
    assert attached == ATTACHED
    assert len(found) == len(frames[flow]) > 50
    for name in COLUMNS:
        assert list(as_compared(name, found)) == list(as_compared(name, frames[flow])), name


@pytest.mark.parametrize("form", list(all_formats()), ids=lambda form: form.ending)
def test_a_file_that_says_something_else_is_noticed(
    exported: Path, frames: Frames, tmp_path: Path, form: SdmxFormat
) -> None:
    text = (exported / "sdmx" / f"coop_gva.{form.ending}").read_text(encoding="utf-8")
    value = frames["COOP_GVA"].query("OBS_STATUS == 'A' and UNIT_MEASURE == 'HUF'")["OBS_VALUE"].iloc[0]
    path = tmp_path / f"coop_gva.{form.ending}"
    path.write_text(text.replace(value, f"9{value}", 1), encoding="utf-8")
    with pytest.raises(CoopgvaError, match=r"OBS_VALUE differs after writing"):
        check_read_back(path, "COOP_GVA", frames["COOP_GVA"], ATTACHED)
    path.write_text(text.replace(VINTAGE, "000001-00000000"), encoding="utf-8")
    with pytest.raises(CoopgvaError, match="attributes of the data set differ"):
        check_read_back(path, "COOP_GVA", frames["COOP_GVA"], ATTACHED)


@pytest.mark.parametrize("form", ML_FORMATS, ids=lambda form: form.ending)
def test_xml_that_is_not_valid_is_refused(exported: Path, tmp_path: Path, form: SdmxFormat) -> None:
    good = exported / "sdmx" / f"coop_gva.{form.ending}"
    is_specific = "generic" not in form.ending
    check_xml(good, is_structure_specific=is_specific)
    path = tmp_path / good.name
    path.write_text(good.read_text(encoding="utf-8").replace("mes:Sender", "mes:Sendr"), encoding="utf-8")
    with pytest.raises(CoopgvaError, match=f"{good.name}:\\d+: not valid SDMX-ML"):
        check_xml(path, is_structure_specific=is_specific)


def test_structure_specific_data_are_tolerated_only_where_asked(exported: Path) -> None:
    with pytest.raises(CoopgvaError, match="not valid SDMX-ML"):
        check_xml(exported / "sdmx" / "coop_gva.sdmx-ml-3.0.xml")


def test_pysdmx_joins_data_and_structure(exported: Path) -> None:
    from pysdmx.io import get_datasets

    folder = exported / "sdmx"
    (data,) = get_datasets(folder / "coop_gva.sdmx-ml-3.0.xml", folder / "structure.sdmx-ml-3.0.xml")
    assert str(data.data["OBS_VALUE"].dtype) == "double[pyarrow]"
    assert data.data.query("OBS_STATUS == 'Q'")["OBS_VALUE"].isna().all()


def test_no_observations_are_valid_files_too(tmp_path: Path, frames: Frames) -> None:
    empty = {flow: frame.iloc[:0] for flow, frame in frames.items()}
    files = write_data(tmp_path, empty, tuple(all_formats()), ATTACHED)
    assert len(files) == 8
    assert all(file.path.stat().st_size for file in files)
