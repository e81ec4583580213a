"""The registry as arrays: firms, all names each of them has or had, former places, predecessors.

Belongs here: reading the frames. Does not belong here: comparing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from methods.errors import MethodError
from methods.linkage.places import Gazetteer, Places
from methods.linkage.text import arrow_texts, first_number

NAME, SHORT, FORMER, SUCCESSOR = range(4)
"""Kinds of name: registered, short, former, and a predecessor's name that stands for its successor."""


@dataclass(frozen=True)
class Registry:
    """Firms (shape (f,)) and their names (shape (n,)); firms are numbered in order of id.

    Attributes:
        ids: firm ids in order, dtype object.
        row: row of each firm in the frame.
        firm: firm that each name means.
        home: firm whose place, years and numbers belong to the name: itself, or the predecessor.
        kind: kind of each name.
        name_from, name_to: first and last year of each name, 0 where unknown.
        firm_order, names_in_order: names sorted by firm.
        founded, gone: year of foundation, and of the event that ended the firm; 0 where unknown.
        is_dissolved: by the register's status.
        gazetteer: reads places.
        places: of the firms.
        former_firm, former_places: former addresses in order of firm.
    """

    ids: np.ndarray
    row: np.ndarray
    firm: np.ndarray
    home: np.ndarray
    kind: np.ndarray
    name_from: np.ndarray
    name_to: np.ndarray
    firm_order: np.ndarray
    names_in_order: np.ndarray
    founded: np.ndarray
    gone: np.ndarray
    is_dissolved: np.ndarray
    gazetteer: Gazetteer
    places: Places
    former_firm: np.ndarray
    former_places: Places


def read_registry(
    registry: pd.DataFrame,
    records: pd.DataFrame,
    name_history: pd.DataFrame | None,
    address_history: pd.DataFrame | None,
    events: pd.DataFrame | None,
) -> tuple[Registry, pd.Series]:
    """Reads the frames of `link`.

    Returns:
        The registry, and all names of firms followed by the names of the records.

    Raises:
        MethodError: a needed column is absent, or an id is empty or not unique.
    """
    import pyarrow.compute as pc

    _check(registry, "registry", ("firm_id", "name"), key="firm_id")
    _check(records, "records", ("record_id", "name"), key="record_id")
    needs: tuple[tuple[pd.DataFrame | None, str, tuple[str, ...]], ...] = (
        (name_history, "name history", ("firm_id", "name")),
        (address_history, "address history", ("firm_id",)),
        (events, "events", ("predecessor_id", "successor_id")),
    )
    for optional, what, needed in needs:
        if optional is not None:
            _check(optional, what, needed)
    row = np.asarray(pc.sort_indices(arrow_texts(registry["firm_id"])), dtype=np.int64)
    ids = registry["firm_id"].astype("str").to_numpy(object)[row]
    ordered = registry.iloc[row].reset_index(drop=True)
    number = pd.Series(np.arange(len(ids)), index=ids)
    count = len(ids)
    name = ordered["name"].astype("str")
    parts = [_names(name, np.arange(count), np.arange(count), NAME)]
    if "short_name" in ordered:
        short = ordered["short_name"].astype("str")
        differs = (short.notna() & (short != name)).to_numpy()
        parts.append(_names(short[differs], np.flatnonzero(differs), np.flatnonzero(differs), SHORT))
    history = _history(name_history, number)
    if len(history):
        parts.append(_ordered(history.assign(home=history["firm"], kind=FORMER)))
    gone = np.zeros(count, dtype=np.int64)
    dissolved = _dissolved(ordered)
    if events is not None and len(events):
        all_names = pd.concat(parts, ignore_index=True)
        parts.append(_ordered(_succeeded(events, number, all_names, gone, name_history, dissolved)))
    names = pd.concat(parts, ignore_index=True)
    firm = names["firm"].to_numpy(np.int64)
    order = np.argsort(firm, kind="stable")
    former = _former_addresses(address_history, number)
    if "address" not in records or records["address"].isna().all():
        # streets that nothing is compared with
        ordered = ordered.drop(columns="address", errors="ignore")
    gazetteer = Gazetteer(ordered, former)
    read = Registry(
        ids, row, firm, names["home"].to_numpy(np.int64), names["kind"].to_numpy(np.int64),
        names["valid_from"].to_numpy(np.int64), names["valid_to"].to_numpy(np.int64), firm[order], order,
        years(ordered["founded_year"]) if "founded_year" in ordered else np.zeros(count, dtype=np.int64),
        gone, dissolved, gazetteer, gazetteer.read(ordered), former["firm"].to_numpy(np.int64), gazetteer.read(former),
    )  # fmt: skip
    return read, pd.concat([names["text"], records["name"].astype("str")], ignore_index=True)


def years(column: pd.Series) -> np.ndarray:
    """Four-digit years of years or dates of any type, 0 where there is none."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return np.asarray(column.dt.year.fillna(0).to_numpy(np.int64))
    if pd.api.types.is_numeric_dtype(column):
        return np.asarray(column.astype("float64").fillna(0).to_numpy().astype(np.int64))
    return first_number(column, r"(?P<number>\d{4})")


def _check(frame: pd.DataFrame, what: str, needed: tuple[str, ...], key: str = "") -> None:
    missing = [name for name in needed if name not in frame]
    if missing:
        raise MethodError(f"{what}: column {missing[0]} is missing")
    if key:
        if frame[key].isna().any():
            raise MethodError(f"{what}: {key} is empty in row {int(frame[key].isna().to_numpy().argmax()) + 1}")
        twice = frame[key].duplicated().to_numpy()
        if twice.any():
            raise MethodError(f"{what}: {key} {frame[key].iat[int(twice.argmax())]} occurs twice")


def _names(text: pd.Series, firm: np.ndarray, home: np.ndarray, kind: int) -> pd.DataFrame:
    text = text.reset_index(drop=True)
    return pd.DataFrame({"firm": firm, "home": home, "kind": kind, "text": text, "valid_from": 0, "valid_to": 0})


def _ordered(names: pd.DataFrame) -> pd.DataFrame:
    """Names in an order of their own, each once."""
    key = ["firm", "home", "text"]
    return names.sort_values([*key, "valid_from", "valid_to"], kind="stable").drop_duplicates(key)


def _dissolved(registry: pd.DataFrame) -> np.ndarray:
    if "status" not in registry:
        return np.zeros(len(registry), dtype=bool)
    status = registry["status"].astype("str").str.lower().str.strip()
    ended = r"dissolv|ceas|inactive|closed|delet|merged|torolt|törölt|megsz[uű]nt|felsz[aá]mol"
    return status.str.contains(ended, regex=True).fillna(False).to_numpy(bool)


def _history(history: pd.DataFrame | None, number: pd.Series) -> pd.DataFrame:
    columns = ["firm", "text", "valid_from", "valid_to"]
    if history is None or not len(history):
        return pd.DataFrame(columns=columns)
    firm = history["firm_id"].astype("str").map(number)
    known = (firm.notna() & history["name"].notna()).to_numpy()
    return pd.DataFrame(
        {
            "firm": firm[known].astype(np.int64).to_numpy(),
            "text": history["name"].astype("str")[known].to_numpy(object),
            "valid_from": years(history["valid_from"])[known] if "valid_from" in history else 0,
            "valid_to": years(history["valid_to"])[known] if "valid_to" in history else 0,
        }
    )


def _succeeded(
    events: pd.DataFrame, number: pd.Series, names: pd.DataFrame, gone: np.ndarray, history: pd.DataFrame | None,
    dissolved: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    """Names of predecessors that stand for their successors from the event on; chains are followed."""
    frame = pd.DataFrame(
        {
            "old": events["predecessor_id"].astype("str").to_numpy(object),
            "new": events["successor_id"].astype("str").to_numpy(object),
            "year": years(events["year"]) if "year" in events else 0,
        }
    ).sort_values(["old", "new", "year"])
    frame = frame[frame["old"] != frame["new"]]
    after = dict(zip(frame["old"], frame["new"], strict=True))
    final = []
    for new in frame["new"]:
        seen = {new}
        # a successor that was itself taken over later
        while new in after and after[new] not in seen and new not in number.index:
            new = after[new]
            seen.add(new)
        final.append(new)
    frame["new"] = final
    frame["firm"] = frame["new"].map(number)
    frame["home"] = frame["old"].map(number)
    frame = frame[frame["firm"].notna()]
    inside = frame[frame["home"].notna()].astype({"firm": np.int64, "home": np.int64})
    ended = inside[dissolved[inside["home"]]] if dissolved.any() else inside
    gone[ended["home"]] = np.maximum(gone[ended["home"]], ended["year"])
    taken = inside.merge(names.rename(columns={"firm": "own"}), left_on="home", right_on="own", suffixes=("", "_name"))
    parts = [
        pd.DataFrame({"firm": taken["firm"], "home": taken["home"], "text": taken["text"], "valid_from": taken["year"]})
    ]
    outside = frame[frame["home"].isna()].astype({"firm": np.int64})
    if history is not None and len(outside):
        old = outside.merge(history.astype({"firm_id": "str"})[["firm_id", "name"]], left_on="old", right_on="firm_id")
        parts.append(
            pd.DataFrame({"firm": old["firm"], "home": old["firm"], "text": old["name"], "valid_from": old["year"]})
        )
    return pd.concat(parts, ignore_index=True).assign(kind=SUCCESSOR, valid_to=0)


def _former_addresses(history: pd.DataFrame | None, number: pd.Series) -> pd.DataFrame:
    if history is None or not len(history):
        return pd.DataFrame({"firm": np.zeros(0, dtype=np.int64)})
    firm = history["firm_id"].astype("str").map(number)
    known = history.assign(firm=firm)[firm.notna()].astype({"firm": np.int64})
    columns = [name for name in ("firm", "settlement", "postcode", "address") if name in known]
    return (
        known[columns]
        .astype({name: "str" for name in columns if name != "firm"})
        .sort_values(columns)
        .reset_index(drop=True)
    )
