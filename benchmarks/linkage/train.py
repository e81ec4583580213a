"""Estimates the default weights of the linker on generated benchmarks with the truth known; prints weights.py's tables.

    .venv/bin/python -m benchmarks.linkage.train > weights.txt

Ridge regression around zero, and bounds on what only the generator knows for certain (in life a county is mistyped, a
Hungarian firm is listed under Austria), keep the weights from learning the generator instead of names.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from benchmarks.linkage.generate import generate
from methods.linkage import model
from methods.linkage.attributes import ATTRIBUTES
from methods.linkage.linker import compare
from methods.linkage.settings import Settings

SIGMA = 2.0
BOUNDS = {
    "district_conflict": 2.5, "county_conflict": 3.5, "is_gone": 6.0, "number_near": 7.0, "number_group": 7.0,
    "address_former": 3.5, "before_founded": 2.0, "body_rest": 4.0, "is_foreign": 3.0, "is_abroad": 4.0, "is_body": 3.0,
    "town_conflict_far": 3.5,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--firms", type=int, nargs="+", default=[100_000, 30_000, 300_000])
    parser.add_argument("--rows", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--severity", type=float, default=0.8)
    asked = parser.parse_args()
    record, attributes, none, chosen, done = [], [], [], [], 0
    for number, firms in enumerate(asked.firms):
        b = generate(firms, asked.rows, asked.seed + number, asked.severity)
        found = compare(b.registry, b.records, Settings(), b.name_history, b.address_history, b.events, b.vat_groups)
        truth = b.truth.set_index("record_id").loc[b.records["record_id"], "firm_id"]
        ids = pd.Series(np.arange(len(found.registry.ids)), index=found.registry.ids)
        firm = truth.map(ids).fillna(-1).to_numpy(int)
        record.append(found.choices.record + done)
        attributes.append(found.choices.attributes)
        none.append(found.choices.none)
        chosen.append(found.firm == firm[found.choices.record])
        done += len(b.records)
    choices = model.Choices(np.concatenate(record), np.concatenate(attributes), np.concatenate(none))
    start = model.Weights(np.zeros(len(ATTRIBUTES)), np.zeros(len(model.NONE_ATTRIBUTES)))
    start.none[0] = 6.0
    # no generated record has a street or a firm's former number
    start.pair[ATTRIBUTES.index("street_equal")] = 2.0
    start.pair[ATTRIBUTES.index("number_outdated")] = 3.0
    right, weight = np.concatenate(chosen), np.ones(done)
    free = tuple(range(len(model.NONE_ATTRIBUTES)))
    for _ in range(2):
        weights = model.fit(
            choices, right, weight, start, sigma=SIGMA, frozen=_bounded(start), free_none=free, iterations=400
        )
        # what ran into its bound is held there and the rest is fitted again
        for names, values in ((ATTRIBUTES, weights.pair), (model.NONE_ATTRIBUTES, weights.none)):
            for k, name in enumerate(names):
                bound = BOUNDS.get(name, np.inf)
                if abs(values[k]) > bound:
                    values[k] = np.sign(values[k]) * bound
                    (start.pair if names is ATTRIBUTES else start.none)[k] = values[k]
        free = tuple(k for k, name in enumerate(model.NONE_ATTRIBUTES) if abs(start.none[k]) < BOUNDS.get(name, np.inf))
    _show("DEFAULTS", ATTRIBUTES, weights.pair)
    _show("NONE_DEFAULTS", model.NONE_ATTRIBUTES, weights.none)


def _bounded(start: model.Weights) -> tuple[int, ...]:
    return tuple(k for k, name in enumerate(ATTRIBUTES) if abs(start.pair[k]) >= BOUNDS.get(name, np.inf))


def _show(title: str, names: tuple[str, ...], values: np.ndarray) -> None:
    print(f"{title}: dict[str, float] = {{")
    line = "    "
    for name, value in zip(names, values, strict=True):
        item = f'"{name}": {value:.2f}, '
        if len(line) + len(item) > 118:
            print(line.rstrip())
            line = "    "
        line += item
    print(line.rstrip())
    print("}  # fmt: skip")


if __name__ == "__main__":
    main()
