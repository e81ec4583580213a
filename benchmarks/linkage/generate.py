"""A registry and somebody's lists of its firms, with planted truth: who is meant and what was done to the row.

Belongs here: invented firms and what happens to their names, places and numbers on the way into a list. Does not belong
here: any linking. Everything follows from the seed; no real firm is in it. The damage per row is independent of the
linker's own lists as far as a second pair of lists can make it; results per kind of damage are printed by `run`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.linkage import words as w
from benchmarks.linkage.brands import Names
from benchmarks.linkage.damage import FORMS, Seen, nobody, plain, roman, typo, written
from sample.classification import counties, settlements

FORM_SHARE = (0.68, 0.21, 0.07, 0.01, 0.03)
USABLE_IDENTIFIER = 0.40
NO_FIRM = 0.14
NUMBERLESS = frozenset({"partner_number", "broken_number", "vat_group"})
TRUTH = [
    "record_id", "firm_id", "kind", "damage", "brand", "part", "activity", "form", "town", "county", "postcode",
    "district", "year", "has_number",
]  # fmt: skip


@dataclass(frozen=True)
class Benchmark:
    """Frames as `link` takes them, and two that no linker sees.

    Attributes:
        truth: record_id, firm_id (null: no firm), kind, damage (joined by +), and what the row still shows of the firm:
            brand, part, activity, form, town, county, postcode, district, year, has_number (see `ceiling`).
        origin: firm_id, brand, activity, form, is_former: of what the names of the registry were made.
    """

    registry: pd.DataFrame
    records: pd.DataFrame
    name_history: pd.DataFrame
    address_history: pd.DataFrame
    events: pd.DataFrame
    vat_groups: pd.DataFrame
    truth: pd.DataFrame
    origin: pd.DataFrame


def generate(firms: int = 100_000, rows: int = 10_000, seed: int = 7, severity: float = 1.0) -> Benchmark:
    """Draws a benchmark.

    Args:
        firms: firms in the registry.
        rows: records to link.
        seed: equal seeds give equal frames.
        severity: share of the rows whose name is damaged at all.
    """
    rng = np.random.default_rng(seed)
    names = Names(rng)
    places = settlements()
    at = rng.choice(len(places), size=firms, p=(places["weight"].astype(float) / places["weight"].astype(float).sum()))
    county = dict(zip(counties()["nuts3_code"], counties()["county"], strict=True))
    town = places["settlement"].to_numpy(object)[at]
    nuts3 = places["nuts3_code"].to_numpy(object)[at]
    codes = [text.split("/") for text in places["postcodes"]]
    form = rng.choice(len(FORMS), size=firms, p=FORM_SHARE)
    brand: list[str] = []
    activity: list[int] = []
    group: list[int] = []
    activity_share = np.cumsum(1.0 / (np.arange(len(w.ACTIVITY)) + 3.0))
    activity_share /= activity_share[-1]
    while len(brand) < firms:
        name = names.brand(town[len(brand)])
        sisters = 0
        if rng.random() < 0.03:
            sisters = 2 + int(rng.random() * 4)
        if sisters:
            home = len(brand)
            for sister in rng.permutation(len(w.SISTERS))[:sisters]:
                if len(brand) < firms:
                    if rng.random() < 0.7:
                        town[len(brand)], nuts3[len(brand)], at[len(brand)] = town[home], nuts3[home], at[home]
                    brand.append(f"{name.split(' és ')[0]} {w.SISTERS[sister]}")
                    activity.append(-1)
                    group.append(home)
        else:
            brand.append(name)
            activity.append(int(np.searchsorted(activity_share, rng.random())) if rng.random() < 0.72 else -1)
            group.append(-1)
    postcode = np.array(
        [codes[k][int(u * len(codes[k]))] for k, u in zip(at, rng.random(firms), strict=True)], dtype=object
    )
    street = [f"{w.STREETS[int(u * len(w.STREETS))]} utca {int(v * 120) + 1}." for u, v in rng.random((firms, 2))]
    founded = rng.integers(1990, 2023, firms)
    is_dissolved = rng.random(firms) < 0.09
    dissolved = np.where(is_dissolved, np.minimum(founded + rng.integers(2, 20, firms), 2024), 0)
    full = [
        f"{b} {w.ACTIVITY[a][0] + ' ' if a >= 0 else ''}{w.LONG_FORM[FORMS[f]]}"
        for b, a, f in zip(brand, activity, form, strict=True)
    ]
    short = [f"{b} {FORMS[f]}" for b, f in zip(brand, form, strict=True)]
    spelt = rng.random(firms)
    registered = [f.upper() if u < 0.15 else s if u < 0.4 else f for f, s, u in zip(full, short, spelt, strict=True)]
    tax = _tax_numbers(rng, firms)
    vat_code, tax_county = rng.integers(1, 3, firms), rng.integers(2, 21, firms)
    registration = [
        f"{int(c):02d}-{(9, 6, 10, 10, 3)[f]:02d}-{n:06d}"
        for c, f, n in zip(
            rng.integers(1, 21, firms), form, rng.permutation(900_000 + firms)[:firms] % 1_000_000, strict=True
        )
    ]
    ids = [f"F{k:08d}" for k in rng.permutation(firms)]
    registry = pd.DataFrame(
        {
            "firm_id": ids,
            "name": registered,
            "short_name": [s if u < 0.6 else None for s, u in zip(short, rng.random(firms), strict=True)],
            "tax_number": [f"{t}-{v}-{c:02d}" for t, v, c in zip(tax, vat_code, tax_county, strict=True)],
            "eu_vat": [f"HU{t}" for t in tax],
            "registration_number": registration,
            "lei": None,
            "legal_form": [f.rstrip(".") for f in np.array(FORMS)[form]],
            "postcode": postcode,
            "settlement": town,
            "address": street,
            "county": [county[code] for code in nuts3],
            "nuts3_code": nuts3,
            "nace_code": None,
            "founded_year": founded,
            "status": np.where(is_dissolved, "dissolved", "active"),
        }
    )
    renamed = np.flatnonzero(rng.random(firms) < 0.08)
    former = {int(k): names.brand(town[k]) for k in renamed}
    changed = {int(k): int(min(founded[k] + 1 + rng.random() * 15, 2023)) for k in renamed}
    name_history = pd.DataFrame(
        [
            (
                ids[k],
                f"{former[k]} {w.LONG_FORM[FORMS[form[k]]] if k % 2 else FORMS[form[k]]}",
                int(founded[k]),
                changed[k],
            )
            for k in former
        ],
        columns=["firm_id", "name", "valid_from", "valid_to"],
    )
    moved = np.flatnonzero(rng.random(firms) < 0.1)
    old = {int(k): int(rng.integers(len(places))) for k in moved}
    address_history = pd.DataFrame(
        [
            (ids[k], codes[p][0], places["settlement"].iloc[p], None, int(min(founded[k] + 6, 2023)))
            for k, p in old.items()
        ],
        columns=["firm_id", "postcode", "settlement", "address", "valid_to"],
    )
    merged = np.flatnonzero(is_dissolved & (rng.random(firms) < 0.25))
    successor = rng.integers(0, firms, merged.size)
    successor = np.where(is_dissolved[successor], (successor + 1) % firms, successor)
    keep = (~is_dissolved[successor]) & (successor != merged)
    merged, successor = merged[keep], successor[keep]
    events = pd.DataFrame(
        {
            "predecessor_id": [ids[k] for k in merged],
            "successor_id": [ids[k] for k in successor],
            "kind": "merger",
            "year": dissolved[merged],
        }
    )
    heir = dict(zip(merged.tolist(), successor.tolist(), strict=True))
    grouped = np.flatnonzero(rng.random(firms) < 0.004)
    group_number = _tax_numbers(rng, max(1, grouped.size // 4 + 1))
    vat_groups = pd.DataFrame(
        {
            "group_tax_number": [f"{group_number[i // 4]}-5-{tax_county[k]:02d}" for i, k in enumerate(grouped)],
            "firm_id": [ids[k] for k in grouped],
        }
    )
    group_of = {int(k): vat_groups["group_tax_number"].iloc[i] for i, k in enumerate(grouped)}

    out: list[tuple[object, ...]] = []
    truth: list[tuple[object, ...]] = []
    no_firm = rng.random(rows) < NO_FIRM
    special = np.array(list(heir), dtype=int)
    pools = {"merged": special, "renamed": renamed, "grouped": grouped, "sister": np.flatnonzero(np.array(group) >= 0)}
    for row in range(rows):
        damage: list[str] = []
        u = rng.random()
        pool = next(
            (
                key
                for key, low, high in (
                    ("merged", 0, 0.015),
                    ("renamed", 0.015, 0.05),
                    ("grouped", 0.05, 0.055),
                    ("sister", 0.055, 0.10),
                )
                if low <= u < high
            ),
            "",
        )
        k = (
            int(pools[pool][int(rng.random() * len(pools[pool]))])
            if pool and len(pools[pool])
            else int(rng.random() * firms)
        )
        year = int(rng.integers(2014, 2025))
        target: int | None = k
        kind = "firm"
        b, a, f = brand[k], activity[k], FORMS[form[k]]
        shown_town, shown_code, shown_nuts = str(town[k]), str(postcode[k]), str(nuts3[k])
        country: str | None = "HU"
        if no_firm[row]:
            target, kind, b, a, f, shown_town, country = nobody(names, k, brand, activity, form, town, rng)
        elif k in heir:
            if year > dissolved[k]:
                target, kind = heir[k], "successor"
            elif year == dissolved[k]:
                year -= 1
        elif is_dissolved[k]:
            year = int(min(year, dissolved[k]))
        if target is not None and kind == "firm" and year < founded[k]:
            year = int(founded[k]) if rng.random() < 0.9 else year
            if year < founded[k]:
                damage.append("implausible_year")
        if kind == "firm" and target is not None and k in former and rng.random() < 0.45:
            b, a = former[k], -1
            damage.append("former_name")
            if rng.random() < 0.7:
                year = int(rng.integers(min(founded[k], changed[k] - 1), changed[k] + 1))
        spoil = severity >= 1 or rng.random() < severity
        text, seen = written(names, rng, b, a, f, damage if spoil else [], firm=target is not None)
        if not spoil and a != -2:
            # as the register has it, or its short form
            is_long = a >= 0 and rng.random() < 0.7
            text = f"{b} {w.ACTIVITY[a][0]} {w.LONG_FORM[f]}" if is_long else f"{b} {f}"
            seen = Seen("whole", a if is_long else -9, f)
        settlement: str | None = shown_town
        v = rng.random()
        code: str | None = shown_code if rng.random() < 0.25 and country == "HU" and target is not None else None
        if target is not None and k in old and rng.random() < 0.4:
            settlement, code = str(places["settlement"].iloc[old[k]]), None
            damage.append("old_address")
        if v < 0.14:
            settlement, code = None, None
            damage.append("no_place")
        elif v < 0.17 and country == "HU" and target is not None:
            settlement, code = f"{county[shown_nuts]}{'' if shown_nuts == 'HU110' else ' megye'}", None
            damage.append("county")
        elif v < 0.20 and settlement == "Budapest":
            district = int(shown_code[1:3]) or 1
            settlement = names.pick(
                (
                    f"Budapest {district}. kerület",
                    f"Budapest {roman(district)}. ker.",
                    f"{roman(district)}. kerület",
                    f"Bp. {roman(district)}.",
                )
            )
            code = None
            damage.append("district")
        elif v < 0.24 and settlement and len(settlement) > 4:
            settlement = typo(rng, settlement)
            damage.append("misspelt_town")
        elif v < 0.28 and country == "HU" and target is not None and "old_address" not in damage:
            settlement, code = None, shown_code
            damage.append("postcode")
        elif v < 0.30 and target is not None:
            settlement = str(places["settlement"].iloc[int(rng.integers(len(places)))])
            code = None
            damage.append("wrong_town")
        elif v < 0.4 and settlement:
            settlement = plain(settlement).upper()
        number = None
        if target is not None:
            x, own = rng.random(), str(registry["tax_number"].iat[target if kind == "firm" else k])
            if x < USABLE_IDENTIFIER * 0.9:
                number = names.pick((own, own, own.replace("-", ""), own[:8], "HU" + own[:8]))
            elif x < USABLE_IDENTIFIER:
                number = registration[k]
            elif x < USABLE_IDENTIFIER + 0.012:
                number = str(registry["tax_number"].iat[int(rng.random() * firms)])
                damage.append("partner_number")
            elif x < USABLE_IDENTIFIER + 0.03:
                number = own[:7] + str((int(own[7]) + 1 + int(rng.random() * 8)) % 10) + own[8:]
                damage.append("broken_number")
            elif x < USABLE_IDENTIFIER + 0.06:
                number = names.pick(("nincs", "-", "n/a", "00000000", "12345678-1-42", "folyamatban"))
            if k in group_of and kind == "firm" and rng.random() < 0.5:
                number = group_of[k]
                damage.append("vat_group")
        elif country != "HU" and rng.random() < 0.3:
            number = f"ATU{int(rng.integers(10**7, 10**8))}"
        record_id = f"R{row:07d}"
        out.append(
            (
                record_id,
                names.pick(("list", "cordis", "kohesio")),
                text,
                country if rng.random() < 0.85 else None,
                number,
                None,
                None,
                code,
                settlement,
                None,
                shown_nuts if target is not None and rng.random() < 0.1 else None,
                year if rng.random() < 0.8 else None,
            )
        )
        if target is not None and kind == "successor" and out[-1][-1] is None:
            out[-1] = (*out[-1][:-1], year)
        here = _place_shown(damage, settlement, code, shown_town, shown_code, shown_nuts)
        if "old_address" in damage and "no_place" not in damage:
            here = (str(places["settlement"].iloc[old[k]]), "", "", "")
        truth.append(
            (
                record_id, None if target is None else ids[target], kind, "+".join(damage) or "none", b, seen.part,
                seen.activity, seen.form, *here, out[-1][-1], number is not None and not NUMBERLESS & set(damage)
                and any(c.isdigit() for c in number) and number not in ("00000000", "12345678-1-42"),
            )
        )  # fmt: skip
    columns = [
        "record_id",
        "source",
        "name",
        "country",
        "tax_number",
        "registration_number",
        "lei",
        "postcode",
        "settlement",
        "address",
        "nuts3_code",
        "year",
    ]
    return Benchmark(
        registry,
        pd.DataFrame(out, columns=columns),
        name_history,
        address_history,
        events,
        vat_groups,
        pd.DataFrame(truth, columns=TRUTH),
        pd.concat(
            [
                pd.DataFrame({"firm_id": ids, "brand": brand, "activity": activity, "is_former": False}),
                pd.DataFrame(
                    {
                        "firm_id": [ids[k] for k in former], "brand": list(former.values()), "activity": -1,
                        "is_former": True,
                    }
                ),
            ],
            ignore_index=True,
        ),
    )  # fmt: skip


def _place_shown(
    damage: list[str], settlement: str | None, code: str | None, town: str, postcode: str, nuts3: str
) -> tuple[str, str, str, str]:
    """Town, county, postcode and district that a row still shows, empty where it does not."""
    done = set(damage)
    if done & {"no_place", "wrong_town"}:
        return "", "", "", ""
    if "county" in done:
        return "", nuts3, "", ""
    district = postcode[1:3] if "district" in done else ""
    return town if settlement or code else "", "", code or "", district


def _tax_numbers(rng: np.random.Generator, count: int) -> list[str]:
    seven = rng.permutation(2_900_000)[:count] + 1_000_000
    digits = seven[:, None] // 10 ** np.arange(6, -1, -1) % 10
    check = (10 - (digits @ np.array([9, 7, 3, 1, 9, 7, 3])) % 10) % 10
    return [f"{a}{b}" for a, b in zip(seven.tolist(), check.tolist(), strict=True)]
