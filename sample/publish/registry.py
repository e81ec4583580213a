"""The business register: legal units, former names, events."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from sample.accounts import Traits
from sample.classification import activities, counties, postcodes, settlements, table
from sample.economy import NEVER, Population, institutions
from sample.identifiers import digits, joined, lei
from sample.identity import Identity
from sample.names import FORMS, firm_names
from sample.publish.files import days, write_csv, write_table

STREETS = (
    "Kossuth Lajos utca",
    "Petőfi Sándor utca",
    "Rákóczi út",
    "Dózsa György út",
    "Ady Endre utca",
    "Arany János utca",
    "Fő utca",
    "Széchenyi tér",
    "József Attila utca",
    "Bem József utca",
    "Béke utca",
    "Táncsics Mihály utca",
    "Ipari park",
    "Jókai utca",
    "Deák Ferenc utca",
    "Bajcsy-Zsilinszky út",
    "Akácfa utca",
    "Szent István körút",
    "Gyár utca",
    "Vasút utca",
)


def _concat(firm: np.ndarray | pa.Array, rest: list[str]) -> pa.Array:
    first = firm if isinstance(firm, pa.Array) else pa.array(firm)
    return pa.concat_arrays([first, pa.array(rest, type=pa.string())])


def write_registry(
    rng: np.random.Generator,
    out: Path,
    population: Population,
    identity: Identity,
    traits: Traits,
    employees: np.ndarray,
    protected: np.ndarray,
    *,
    large: bool,
) -> dict[str, int]:
    """Write `business_registry`, `name_history.csv` and `legal_unit_event.csv`.

    Args:
        rng: stream of the registry.
        out: directory of the economy.
        population: the S.11 firms.
        identity: who everybody is.
        traits: for the 200 largest, which get no dirt.
        employees: latest number of employees by firm.
        protected: firms that take part in a cooperation; they get no dirt either.
        large: Parquet instead of CSV.

    Returns:
        Numbers of rows with each kind of dirt.
    """
    n, total = population.count, len(identity.firm_id)
    bodies, known = institutions(), activities()
    codes21 = dict(zip(known["code"], known["first21"], strict=True))
    county = counties()
    nuts3 = settlements()["nuts3_index"].to_numpy()[identity.settlement]
    first_code = postcodes().groupby("settlement_index")["postcode"].first().to_numpy()
    postcode = np.concatenate(
        (postcodes()["postcode"].to_numpy(dtype=object)[population.postcode], first_code[identity.settlement[n:]])
    )
    street = pa.array(STREETS).take(pa.array(rng.integers(0, len(STREETS), total)))
    house = pa.array(rng.integers(1, 180, total)).cast(pa.string())
    address = joined(street, joined(house, pa.array(["."]).take(pa.array(np.zeros(total, dtype=int)))), separator=" ")
    rest_code = [*(body["class"] for body in bodies), *identity.financial_class.tolist()]
    financial = total - n - len(bodies)
    with_lei = np.flatnonzero(traits.top | (rng.random(n) < 0.004))
    lei_column = np.full(total, None, dtype=object)
    lei_column[with_lei] = lei(rng, with_lei.size)
    founded = np.concatenate((population.founded, np.full(total - n, np.datetime64("1995-07-01"))))
    dissolved = np.concatenate((population.dissolved, np.full(total - n, NEVER)))
    group = np.concatenate((population.group, np.full(total - n, -1)))
    enterprise = np.concatenate((population.enterprise, np.arange(n, total)))
    heads = np.concatenate((employees, rng.integers(20, 900, total - n)))
    columns: dict[str, pa.Array] = {
        "firm_id": identity.firm_id,
        "name": identity.name,
        "short_name": identity.short_name,
        "tax_number": identity.tax_number,
        "eu_vat": joined(pa.array(["HU"]).take(pa.array(np.zeros(total, dtype=int))), digits(identity.stem, 8)),
        "registration_number": identity.registration_number,
        "lei": pa.array(lei_column, type=pa.string()),
        "legal_form": _concat(
            pa.array(FORMS).take(pa.array(population.form)),
            [*(body["legal_form"] for body in bodies), *["Zrt."] * financial],
        ),
        "postcode": pa.array(postcode, type=pa.string()),
        "settlement": pa.array(settlements()["settlement"].tolist()).take(pa.array(identity.settlement)),
        "address": address,
        "county": pa.array(county["county"].tolist()).take(pa.array(nuts3)),
        "nuts3_code": pa.array(county["nuts3_code"].tolist()).take(pa.array(nuts3)),
        "nace_rev2_code": _concat(pa.array(known["code"].tolist()).take(pa.array(population.activity)), rest_code),
        "nace_rev21_code": _concat(
            pa.array(known["first21"].tolist()).take(pa.array(population.activity)), [codes21[c] for c in rest_code]
        ),
        "institutional_sector": _concat(
            pa.array(["S11"]).take(pa.array(np.zeros(n, dtype=int))),
            [*(body["sector"] for body in bodies), *["S12"] * financial],
        ),
        "enterprise_id": joined(pa.array(["E"]).take(pa.array(np.zeros(total, dtype=int))), digits(enterprise + 1, 8)),
        "enterprise_group_id": pa.compute.if_else(
            pa.array(group >= 0),
            joined(pa.array(["G"]).take(pa.array(np.zeros(total, dtype=int))), digits(np.maximum(group, 0) + 1, 6)),
            pa.scalar(None, pa.string()),
        ),
        "employees": pa.array(heads),
        "founded_date": days(founded),
        "dissolved_date": days(dissolved),
        "status": pa.array(["active", "dissolved"]).take(pa.array((dissolved < NEVER).astype(int))),
    }
    clean = ~population.large & ~traits.top & ~protected & ~population.anchor
    registry, counts = _add_dirt(rng, pa.table(columns), np.flatnonzero(clean))
    write_table(registry, out / "registry" / "business_registry", large=large)
    _write_history(out, population, identity)
    predecessor, successor, kind, when = population.events
    order = np.lexsort((successor, predecessor, when))
    write_csv(
        pa.table(
            {
                "predecessor_firm_id": identity.firm_id.take(pa.array(predecessor[order])),
                "successor_firm_id": identity.firm_id.take(pa.array(successor[order])),
                "kind": pa.array(["merger", "split", "transformation"]).take(pa.array(kind[order])),
                "event_date": days(when[order]),
            }
        ),
        out / "registry" / "legal_unit_event.csv",
    )
    return counts


def _add_dirt(rng: np.random.Generator, registry: pa.Table, clean: np.ndarray) -> tuple[pa.Table, dict[str, int]]:
    """Break a few rows of small, uninvolved firms: check digits, dates, keys, one formula-leading name."""
    rows = registry.num_rows
    broken, few = max(1, round(0.001 * rows)), max(1, rows // 50_000)
    chosen = rng.permutation(clean)[: broken + 2 * few + 1]
    digit, dates, twice, formula = np.split(chosen, [broken, broken + few, broken + 2 * few])

    def replaced(name: str, at: np.ndarray, values: list[str]) -> pa.ChunkedArray:
        mask = np.zeros(rows, dtype=bool)
        mask[at] = True
        ordered = [v for _, v in sorted(zip(at.tolist(), values, strict=True))]
        return pa.compute.replace_with_mask(registry[name], pa.array(mask), pa.array(ordered, type=pa.string()))

    def put(name: str, column: pa.ChunkedArray) -> pa.Table:
        return registry.set_column(registry.schema.get_field_index(name), name, column)

    numbers = [str(v) for v in registry["tax_number"].take(pa.array(digit)).to_pylist()]
    registry = put(
        "tax_number", replaced("tax_number", digit, [n[:7] + str((int(n[7]) + 1) % 10) + n[8:] for n in numbers])
    )
    impossible = ["2019-02-30", "2021-13-01", "0000-00-00"]
    registry = put("founded_date", replaced("founded_date", dates, [impossible[i % 3] for i in range(few)]))
    names = registry["name"].take(pa.array(formula)).to_pylist()
    registry = put("name", replaced("name", formula, [f"={name}" for name in names]))
    registry = pa.concat_tables([registry, registry.take(pa.array(twice))]).combine_chunks()
    counts = {
        "broken_tax_number": broken,
        "impossible_date": few,
        "duplicate_key": few,
        "formula_name": int(formula.size),
    }
    return registry, counts


def _write_history(out: Path, population: Population, identity: Identity) -> None:
    """Write former and present names of the firms that were renamed."""
    at = pa.array(identity.renamed)
    former, _ = firm_names(identity.former_brand, identity.words.take(at), population.form[identity.renamed])
    count = identity.renamed.size
    order = np.arange(2 * count).reshape(2, count).T.ravel()
    history = pa.table(
        {
            "firm_id": pa.concat_arrays([identity.firm_id.take(at)] * 2),
            "name": pa.concat_arrays([former, identity.name.take(at)]),
            "valid_from": days(np.concatenate((population.founded[identity.renamed], identity.renamed_on))),
            "valid_to": days(np.concatenate((identity.renamed_on, np.full(count, NEVER)))),
        }
    )
    write_csv(history.take(pa.array(order)), out / "registry" / "name_history.csv")


def legal_forms() -> list[str]:
    """Abbreviations of the legal forms the register uses."""
    return [form for form in table("legal_form")["abbreviation"].tolist() if form]
