"""The systems compared: identifiers only, exact name and town, TF-IDF, Splink, and ours, all with one signature.

Belongs here: what others do with the same frames. Each returns `record_id`, `firm_id`, `probability`, `status`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.linkage.generate import Benchmark
from methods.identifiers import normalise
from methods.names import normalise_names


def ours(b: Benchmark) -> pd.DataFrame:
    """`methods.linkage.link` with its defaults."""
    from methods.linkage import link

    return link(
        b.registry, b.records, name_history=b.name_history, address_history=b.address_history, events=b.events,
        vat_groups=b.vat_groups,
    ).links  # fmt: skip


def identifiers(b: Benchmark) -> pd.DataFrame:
    """Valid identifiers only."""
    return _links(b, _by_identifier(b))


def exact(b: Benchmark) -> pd.DataFrame:
    """Identifiers, then equal name (current, short or former, legal form apart) in the same town, if unique."""
    found = _by_identifier(b)
    names = pd.concat(
        [
            b.registry[["firm_id", "name"]],
            b.registry[["firm_id", "short_name"]].rename(columns={"short_name": "name"}).dropna(),
            b.name_history[["firm_id", "name"]],
        ]
    ).reset_index(drop=True)
    names["key"] = normalise_names(names["name"])["name_key"]
    names = names.merge(b.registry[["firm_id", "settlement", "postcode"]], on="firm_id")
    typed = b.records[["record_id", "settlement", "postcode"]].assign(
        key=normalise_names(b.records["name"])["name_key"]
    )
    parts = []
    for place in ("settlement", "postcode"):
        for frame in (names, typed):
            frame["place"] = normalise_names(frame[place].astype("str"))["name_key"]
        parts.append(
            typed.dropna(subset=["key", "place"]).merge(names.dropna(subset=["key", "place"]), on=["key", "place"])
        )
    alone = typed[typed["settlement"].isna() & typed["postcode"].isna()].dropna(subset=["key"])
    parts.append(alone.merge(names, on="key"))
    pairs = pd.concat(parts)[["record_id", "firm_id"]].drop_duplicates()
    pairs = pairs[~pairs["record_id"].duplicated(keep=False) & ~pairs["record_id"].isin(found["record_id"])]
    return _links(b, pd.concat([found, pairs]))


def tfidf(b: Benchmark) -> pd.DataFrame:
    """Character 3-grams of name keys, cosine, best firm above a threshold; identifiers first, a town in common adds."""
    from scipy.sparse import csr_matrix

    found = _by_identifier(b)
    keys = normalise_names(b.registry["name"])["name_key"].fillna("")
    typed = normalise_names(b.records["name"])["name_key"].fillna("")
    grams: dict[str, int] = {}

    def matrix(texts: pd.Series, grow: bool) -> csr_matrix:
        rows, columns = [], []
        for k, text in enumerate(texts.tolist()):
            padded = f" {text} "
            for at in range(len(padded) - 2):
                gram = padded[at : at + 3]
                number = grams.setdefault(gram, len(grams)) if grow else grams.get(gram, -1)
                if number >= 0:
                    rows.append(k)
                    columns.append(number)
        return csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(len(texts), len(grams)))

    firms = matrix(keys, True)
    rows = matrix(typed, False)
    rows = csr_matrix((rows.data, rows.indices, rows.indptr), shape=(rows.shape[0], firms.shape[1]))
    idf = np.log(firms.shape[0] / (1 + firms.getnnz(axis=0))).astype(np.float32)
    for sparse in (firms, rows):
        sparse.data *= idf[sparse.indices]
        norm = np.sqrt(np.asarray(sparse.multiply(sparse).sum(axis=1)).ravel())
        sparse.data /= np.repeat(np.maximum(norm, 1e-9), np.diff(sparse.indptr))
    transposed = firms.T.tocsr()
    town = normalise_names(b.registry["settlement"])["name_key"].to_numpy(object)
    own_town = normalise_names(b.records["settlement"].astype("str"))["name_key"].to_numpy(object)
    pairs = []
    for start in range(0, rows.shape[0], 200):
        product = (rows[start : start + 200] @ transposed).tocsr()
        for k in range(product.shape[0]):
            part = slice(product.indptr[k], product.indptr[k + 1])
            score, firm = product.data[part], product.indices[part]
            if not len(score):
                continue
            score = score + 0.1 * (town[firm] == own_town[start + k])
            best = int(score.argmax())
            pairs.append((start + k, firm[best], min(float(score[best]), 1.0)))
    table = pd.DataFrame(pairs, columns=["row", "firm", "probability"])
    table = table[table["probability"] >= 0.82]
    table["record_id"] = b.records["record_id"].to_numpy()[table["row"]]
    table["firm_id"] = b.registry["firm_id"].to_numpy()[table["firm"]]
    table = table[~table["record_id"].isin(found["record_id"])]
    return _links(b, pd.concat([found, table[["record_id", "firm_id", "probability"]]]))


def splink(b: Benchmark) -> pd.DataFrame:
    """Splink with term frequencies on name words, town and form; the best firm above a half."""
    import logging

    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)

    def frame(source: pd.DataFrame, key: str) -> pd.DataFrame:
        names = normalise_names(source["name"])
        words = names["name_key"].fillna("").str.split()
        number = normalise(source["tax_number"].astype("str"))["hu_tax_stem"]
        return pd.DataFrame(
            {
                "unique_id": source[key].to_numpy(object),
                "name_key": names["name_key"].to_numpy(object),
                "first_word": words.str[0].to_numpy(object),
                "second_word": words.str[1].to_numpy(object),
                "form": names["legal_form"].to_numpy(object),
                "town": normalise_names(source["settlement"].astype("str"))["name_key"].to_numpy(object),
                "postcode": source["postcode"].to_numpy(object),
                "stem": number.to_numpy(object),
            }
        ).replace({np.nan: None})

    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("name_key", [0.97, 0.93, 0.88]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("first_word", [0.92]).configure(term_frequency_adjustments=True),
            cl.ExactMatch("second_word").configure(term_frequency_adjustments=True),
            cl.ExactMatch("form"),
            cl.JaroWinklerAtThresholds("town", [0.9]).configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode"),
            cl.ExactMatch("stem"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("stem"), block_on("name_key"), block_on("first_word", "town"),
            block_on("first_word", "second_word"), block_on("substr(name_key, 1, 6)", "town"),
            block_on("second_word", "town"),
        ],
        probability_two_random_records_match=1 / len(b.registry),
    )  # fmt: skip
    tables: list[Any] = [frame(b.registry, "firm_id"), frame(b.records, "record_id")]
    linker: Any = Linker(tables, settings, DuckDBAPI())
    linker.training.estimate_u_using_random_sampling(max_pairs=2_000_000, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("stem"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("name_key", "town"))
    found = linker.inference.predict(threshold_match_probability=0.5).as_pandas_dataframe()
    is_left = found["unique_id_l"].isin(b.records["record_id"])
    found["record_id"] = np.where(is_left, found["unique_id_l"], found["unique_id_r"])
    found["firm_id"] = np.where(is_left, found["unique_id_r"], found["unique_id_l"])
    found = found.sort_values(["record_id", "match_probability", "firm_id"], ascending=[True, False, True])
    found["gap"] = found["match_probability"] - found.groupby("record_id")["match_probability"].shift(-1).fillna(0)
    best = found.drop_duplicates("record_id")
    best = best[(best["match_probability"] >= 0.9) & (best["gap"] > 1e-6)]
    return _links(b, best.rename(columns={"match_probability": "probability"})[["record_id", "firm_id", "probability"]])


def _by_identifier(b: Benchmark) -> pd.DataFrame:
    typed = normalise(b.records["tax_number"].astype("str"))
    typed["record_id"] = b.records["record_id"].to_numpy()
    firms = b.registry[["firm_id", "tax_number", "registration_number"]].copy()
    firms["stem"] = firms["tax_number"].str.slice(0, 8)
    one = typed.dropna(subset=["hu_tax_stem"]).merge(firms, left_on="hu_tax_stem", right_on="stem")
    number = typed[typed["kind"] == "hu_registration_number"]
    two = number.merge(firms, left_on="value", right_on="registration_number")
    return pd.concat([one, two])[["record_id", "firm_id"]].drop_duplicates("record_id")


def _links(b: Benchmark, found: pd.DataFrame) -> pd.DataFrame:
    links = b.records[["record_id"]].merge(found, on="record_id", how="left")
    if "probability" not in links:
        links["probability"] = np.nan
    links["probability"] = links["probability"].fillna(links["firm_id"].notna().astype(float))
    return links.assign(status=np.where(links["firm_id"].notna(), "accepted", "none"))


SYSTEMS: dict[str, Callable[[Benchmark], pd.DataFrame]] = {
    "identifiers": identifiers,
    "exact": exact,
    "tfidf": tfidf,
    "splink": splink,
    "ours": ours,
}
