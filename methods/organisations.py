"""Which records of participants are one organisation, wherever it sits and whether or not it is a firm.

Belongs here: grouping by legal unit, participant identification code (PIC), identifier, name and country. Does not
belong here: which legal unit a record means (`linkage`), how names are compared (`organisation_names`), what an
organisation is like (`sql/integration/organisation.sql`).

The rule, strongest evidence first:

1. Records that a legal unit was accepted for are that unit.
2. Records of one PIC are one organisation; where some of them are a legal unit, the others are that unit too, unless a
   person refused the link. Two PICs are one organisation when they share a valid identifier *and* a name, or name, form
   and place, and no identifier speaks against it. An identifier alone does not unite them: it may be a VAT group's.
3. Records without a PIC follow their valid identifier, to the PIC that declares it or to each other.
4. What is left follows its name within its country, to an organisation of 1 to 3 or to each other. A name that two
   legal units, two PICs or two identifiers carry unites nothing by itself; the place decides, else the records stay on
   their own. A name that fits several firms of the register counts together with the place only.
5. Names that differ by spelling alone attach to a centre, never to each other in a chain, and unite no two PICs or
   identifiers. Nothing follows a misspelt name to a legal unit: that is for linkage to say.

An id is made of the lowest of what holds the organisation together, so that it changes only when a lower one arrives.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from methods.organisation_names import compared_names, similar_names

COLUMNS = ("record_id", "name", "country", "legal_unit_id", "is_refused", "is_ambiguous", "pic", "identifier", "place")
BASES = ("legal_unit", "pic", "identifier", "name", "single")
"""What binds a record to its organisation; `single` stands for a record that nothing binds to another."""


def group_organisations(records: pd.DataFrame) -> pd.DataFrame:
    """Groups records into organisations by the rule of this module.

    Args:
        records: one row per record, in any order: `record_id` (unique), `name`, `country` (two letters),
            `legal_unit_id` (null where none was accepted), `is_refused` (a person said that the record is not the firm
            that was found), `is_ambiguous` (the name fits several firms of the register), `pic` (digits), `identifier`
            (valid and qualified by its kind and country, such as `VAT:ATU57194903`), `place` (key of the settlement or
            region); nulls allowed but in `record_id`.

    Returns:
        Frame with the index of `records`: `organisation_id` and `basis` (one of `BASES`). The ids are the legal unit's,
        or start with `PIC:`, with what the identifier starts with, `NAME:` or `RECORD:`.
    """
    frame = _prepared(records)
    frame["pic"] = _same_pic(frame)
    identifier_pic = _pic_of_identifier(frame)
    pic = frame["pic"].where(frame["pic"].notna(), identifier_pic)
    # The unit of a PIC is also that of the records which an identifier brought to the PIC.
    unit = frame["legal_unit_id"].fillna(pic.map(_unit_of_pic(frame)).where(~frame["is_refused"], None).astype("str"))
    seed = ("U" + unit).where(unit.notna(), ("P" + pic).where(pic.notna(), "I" + frame["identifier"]))
    frame = frame.assign(seed=seed)
    organisation = _ids(frame, _named_groups(frame))
    result = pd.DataFrame({"organisation_id": organisation, "basis": _bases(frame, organisation)})
    return result.set_axis(records.index).astype("str")


def _prepared(records: pd.DataFrame) -> pd.DataFrame:
    frame = records.loc[:, list(COLUMNS)].reset_index(drop=True)
    texts = [column for column in COLUMNS if not column.startswith("is_")]
    for column in ("is_refused", "is_ambiguous"):
        frame[column] = frame[column].astype("boolean").fillna(False).astype(bool)
    frame[texts] = frame[texts].astype("str")
    frame["country"] = frame["country"].fillna("")
    frame = frame.join(compared_names(frame["name"], frame["country"]))
    # Names are compared within a space: the country; apart from it what a person refused, and each place by itself.
    frame["key"] = frame["key"].where(~frame["is_ambiguous"] | frame["place"].notna(), None)
    at = ("@" + frame["place"].fillna("")).where(frame["is_ambiguous"], "")
    frame["space"] = frame["country"] + np.where(frame["is_refused"], "!", "") + at
    return frame


def _least(values: pd.Series) -> pd.Series:
    """Numbers as texts in the order of the numbers."""
    return values.str.len().astype(str).str.zfill(3) + values


def _components(left: np.ndarray, right: np.ndarray, count: int) -> np.ndarray:
    """Number of the connected component of each of `count` nodes."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1])


def _to_first(rows: pd.DataFrame, by: list[str]) -> np.ndarray:
    """Links of each `number` to the lowest one that agrees on some columns, shape (n, 2)."""
    first = rows.groupby(by)["number"].transform("min")
    return np.column_stack([rows["number"].to_numpy(np.int64), first.to_numpy(np.int64)])


def _same_pic(frame: pd.DataFrame) -> pd.Series:
    """The lowest PIC of the organisation that each PIC means."""
    known = frame.loc[frame["pic"].notna(), ["pic", "country", "key", "form", "identifier", "place"]].drop_duplicates()
    if known.empty:
        return frame["pic"]
    pics = np.array(sorted(known["pic"].unique(), key=lambda pic: (len(pic), pic)), dtype=object)
    number = pd.Series(np.arange(len(pics)), index=pics)
    known = known.assign(number=known["pic"].map(number))
    known["form"] = known["form"].fillna("")
    named = known[known["key"].notna()]
    sure = _to_first(named[named["identifier"].notna()], ["identifier", "country", "key"])
    likely = _to_first(named[named["place"].notna()], ["country", "key", "form", "place"])
    strict = _components(sure[:, 0], sure[:, 1], len(pics))
    both = np.concatenate([sure, likely])
    wide = _components(both[:, 0], both[:, 1], len(pics))
    # Place and name are believed only where at most one identifier is declared by all of them together.
    declared_by = known.dropna(subset="identifier")
    contradicted = declared_by.groupby(wide[declared_by["number"]])["identifier"].nunique()
    is_strict = np.isin(wide, contradicted.index[contradicted > 1])
    component = np.where(is_strict, len(pics) + strict, wide)
    lowest = pd.Series(np.arange(len(pics))).groupby(component).transform("min").to_numpy()
    return frame["pic"].map(pd.Series(pics[lowest], index=pics)).astype("str")


def _unit_of_pic(frame: pd.DataFrame) -> pd.Series:
    """The legal unit most often accepted for each PIC, the lowest of equals."""
    linked = frame[frame["legal_unit_id"].notna() & frame["pic"].notna()]
    counts = linked.groupby(["pic", "legal_unit_id"]).size().rename("records").reset_index()
    counts = counts.sort_values(["pic", "records", "legal_unit_id"], ascending=[True, False, True])
    return counts.drop_duplicates("pic").set_index("pic")["legal_unit_id"]


def _pic_of_identifier(frame: pd.DataFrame) -> pd.Series:
    """The PIC that declares the identifier of a record without one; the name decides between several."""
    declared = frame.loc[frame["pic"].notna() & frame["identifier"].notna(), ["identifier", "pic", "country", "key"]]
    several = declared.groupby("identifier")["pic"].nunique()
    only = declared.drop_duplicates("identifier").set_index("identifier")["pic"]
    only = only[several[only.index].to_numpy() == 1]
    found = frame["identifier"].map(only).astype("str")
    named = declared.dropna(subset="key").drop_duplicates().groupby(["identifier", "country", "key"])["pic"]
    by_name = named.first()[named.nunique() == 1]
    rows = frame[["identifier", "country", "key"]].merge(
        by_name.rename("by_name").reset_index(), on=["identifier", "country", "key"], how="left"
    )
    is_shared = frame["identifier"].isin(several.index[several > 1])
    return found.where(~is_shared, rows["by_name"].set_axis(frame.index)).where(frame["pic"].isna(), None)


def _named_groups(frame: pd.DataFrame) -> np.ndarray:
    """Number of each record's group, after equal and similar names."""
    plain = frame["space"] + "|" + frame["key"] + "|" + frame["form"].fillna("") + "|" + frame["place"].fillna("")
    node = frame["seed"].where(frame["seed"].notna(), "N" + plain)
    node = node.where(node.notna(), "R" + frame["record_id"])
    codes, labels = pd.factorize(node, sort=True)
    kind = np.array([label[0] for label in labels], dtype="U1")
    columns = ["space", "key", "form", "place"]
    names = frame.assign(node=codes)[["node", *columns]].dropna(subset="key").drop_duplicates()
    if names.empty:
        return codes
    # A name without a form is that of the only form under which the name is known.
    forms = names.groupby(["space", "key"])["form"]
    only = forms.transform("first").where(forms.transform("nunique") == 1, "")
    names["resolved"] = names["form"].where(names["form"].notna(), only)
    declaring = np.zeros(len(labels), dtype=bool)
    declaring[codes[frame["identifier"].notna().to_numpy()]] = True
    group = _equal_names(names, kind, declaring | (kind == "U"))
    return np.asarray(_similar(names, group, kind)[codes])


def _equal_names(names: pd.DataFrame, kind: np.ndarray, declaring: np.ndarray) -> np.ndarray:
    """Components over equal names.

    Args:
        names: one row per node, name and place.
        kind: of each node: U legal unit, P PIC, I identifier, N name, R record.
        declaring: nodes that have an identifier.
    """
    count = len(kind)
    node = names["node"].to_numpy(np.int64)
    name = names.groupby(["space", "key", "resolved"]).ngroup().to_numpy()
    is_known, is_identifier = np.isin(kind, ["U", "P"]), kind == "I"
    strong = is_known | is_identifier
    rows = pd.DataFrame({"node": node, "name": name, "place": names["place"].to_numpy(object), "strong": strong[node]})
    known = _distinct(rows[is_known[node]], name)
    identifiers = _distinct(rows[is_identifier[node]], name)
    declared = _distinct(rows[(is_known & declaring)[node]], name)
    torn = (known > 1) | (identifiers > 1) | ((identifiers == 1) & (declared == 1))
    rank = np.where(is_known[node], 0, np.where(is_identifier[node], 1, 2)) * (count + 1) + node
    head = pd.Series(rank).groupby(name).transform("min").to_numpy() % (count + 1)
    whole = rows.assign(head=head)[~torn]
    # Of a torn name, what has an identity and a place takes the nodes of that name and place.
    placed = rows[torn & rows["place"].notna().to_numpy() & rows["strong"].to_numpy()]
    by_place = placed.groupby(["name", "place"])["node"].agg(["min", "nunique"]).reset_index()
    by_place = by_place[by_place["nunique"] == 1]
    weak = rows[torn & ~rows["strong"].to_numpy()].merge(by_place, on=["name", "place"], how="left")
    lowest = weak[weak["min"].isna()].groupby("name")["node"].transform("min")
    weak["head"] = weak["min"].where(weak["min"].notna(), lowest).astype(np.int64)
    links = pd.concat([whole[["node", "head"]], weak[["node", "head"]]], ignore_index=True)
    left, right = links["node"].to_numpy(np.int64), links["head"].to_numpy(np.int64)
    component = _components(left, right, count)
    # Names that chain identities into one are not believed: there the identities stay apart.
    chained = np.bincount(component[is_known], minlength=count) > 1
    chained |= np.bincount(component[is_identifier], minlength=count) > 1
    cut = chained[component[left]] & strong[left] & strong[right] & (left != right)
    return _components(left[~cut], right[~cut], count)


def _distinct(rows: pd.DataFrame, order: np.ndarray) -> np.ndarray:
    return rows.groupby("name")["node"].nunique().reindex(order, fill_value=0).to_numpy()


def _similar(names: pd.DataFrame, group: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Attaches groups known by name alone to the group whose name is spelt most alike, but to no legal unit."""
    groups = int(group.max()) + 1
    bare, is_unit = np.ones(groups, dtype=bool), np.zeros(groups, dtype=bool)
    bare[group[np.isin(kind, ["U", "P", "I"])]] = False
    is_unit[group[kind == "U"]] = True
    spelt = names.assign(group=group[names["node"]], form=names["resolved"])
    spelt = spelt[~is_unit[spelt["group"]]]
    columns = ["space", "key", "form"]
    known = spelt[columns].drop_duplicates().sort_values(columns).reset_index(drop=True)
    number = spelt.merge(known.reset_index(), on=columns)
    places: dict[int, set[str]] = {}
    for at, place in number.loc[number["place"].notna(), ["index", "place"]].itertuples(index=False):
        places.setdefault(int(at), set()).add(str(place))
    known = known.assign(places=pd.Series([frozenset(places.get(k, ())) for k in range(len(known))], dtype=object))
    owner = number[["index", "group"]].drop_duplicates()
    form = known["form"].where(known["form"] != "", None)
    pairs = similar_names(known.rename(columns={"space": "country"}).assign(form=form))
    both = pd.concat([pairs, pairs.rename(columns={"left": "right", "right": "left"})], ignore_index=True)
    both = both.merge(owner, left_on="left", right_on="index").merge(
        owner, left_on="right", right_on="index", suffixes=("", "_other")
    )
    both = both[both["group"] != both["group_other"]]
    # Groups in the order of their lowest label, which follows the alphabet and not the rows.
    rank = pd.Series(np.arange(len(group))).groupby(group).min().reindex(np.arange(groups)).to_numpy()
    near: dict[int, list[tuple[float, int]]] = {}
    best = both.groupby(["group", "group_other"])["score"].max().reset_index()
    for one, other, score in best.itertuples(index=False):
        near.setdefault(int(one), []).append((float(score), int(other)))
    return np.asarray(_centres(near, bare, rank)[group])


def _centres(near: dict[int, list[tuple[float, int]]], bare: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Each group's centre: itself, or the most similar centre; a tie between two identities leaves a group alone.

    Args:
        near: similar groups with their scores, both ways.
        bare: groups without an identity, the only ones that attach.
        rank: order in which groups become centres.
    """
    target = np.arange(len(bare))
    is_centre = ~bare
    for one in sorted((k for k in near if bare[k]), key=lambda k: rank[k]):
        centres = [(score, other) for score, other in near[one] if is_centre[other]]
        if not centres:
            is_centre[one] = True
            continue
        highest = max(score for score, _ in centres)
        equals = [other for score, other in centres if score == highest]
        identified = [other for other in equals if not bare[other]]
        if len(identified) <= 1:
            target[one] = identified[0] if identified else min(equals, key=lambda other: rank[other])
    return target


def _ids(frame: pd.DataFrame, group: np.ndarray) -> pd.Series:
    """The id of each record's group: its legal unit, else its lowest PIC, identifier, name or record."""
    seed = frame["seed"]
    kind, value = seed.str.slice(0, 1), seed.str.slice(1)
    name = (frame["space"] + "|" + frame["key"] + "|" + frame["form"].fillna("")).where(frame["key"].notna(), None)
    parts = pd.DataFrame(
        {
            "unit": value.where(kind == "U", None),
            "pic": _least(value.where(kind == "P", None)),
            "identifier": value.where(kind == "I", None),
            "name": name,
            "record": "RECORD:" + frame["record_id"],
        }
    )
    lowest = parts.groupby(group).min()
    named = lowest["name"].dropna()
    digests = [hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:16] for text in named]
    country = named.str.extract(r"^([^|!@]*)", expand=False)
    by_name = "NAME:" + country + ":" + pd.Series(digests, index=named.index, dtype="str")
    lowest["name"] = by_name.reindex(lowest.index)
    lowest["pic"] = "PIC:" + lowest["pic"].str.slice(3)
    found = lowest["unit"]
    for part in ("pic", "identifier", "name", "record"):
        found = found.fillna(lowest[part])
    return found.reindex(group).set_axis(frame.index)


def _bases(frame: pd.DataFrame, organisation: pd.Series) -> np.ndarray:
    alone = ~organisation.duplicated(keep=False)
    shared = frame.assign(organisation=organisation).dropna(subset="identifier")
    by_identifier = frame["identifier"].notna() & (organisation == frame["identifier"])
    declared = shared[shared["pic"].notna()][["organisation", "identifier"]].drop_duplicates()
    key = organisation + "|" + frame["identifier"]
    by_identifier |= key.isin(declared["organisation"] + "|" + declared["identifier"]) & frame["identifier"].notna()
    return np.select(
        [frame["legal_unit_id"].notna(), frame["pic"].notna(), by_identifier, ~alone],
        ["legal_unit", "pic", "identifier", "name"],
        "single",
    )
