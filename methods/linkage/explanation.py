"""Why a record was linked, in words a clerk reads: "tax number valid; name 0.97 after dropping legal form; same town".

Belongs here: method and reason of each decision. Does not belong here: deciding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from methods.linkage.attributes import INDEX
from methods.linkage.decision import Decided
from methods.linkage.firms import FORMER, SHORT, SUCCESSOR, Registry
from methods.linkage.model import Choices
from methods.linkage.numbers import KINDS, Numbers

_METHOD_OF = {kind: kind.lower().replace(" ", "_") for kind in KINDS}
IDENTIFIER_METHODS = (*_METHOD_OF.values(), "vat_group")
"""Methods of links that rest on an identifier; `is_identifier_method` of `sql/macros.sql` says the same."""


@dataclass(frozen=True)
class Reasons:
    """Method and reason per record, dtype object."""

    method: np.ndarray
    reason: np.ndarray


def explain(
    decided: Decided, choices: Choices, firm: np.ndarray, name: np.ndarray, firms: Registry, found: Numbers,
    probability: np.ndarray,
) -> Reasons:  # fmt: skip
    """Method and reason of every record's decision.

    Args:
        decided: the decisions.
        choices: the candidates.
        firm, name: firm and name compared, per pair.
        firms: the registry.
        found: the identifiers.
        probability: per pair.
    """
    count = len(decided.pair)
    method = np.full(count, "none", dtype=object)
    reason = np.full(count, "no candidate: no name or identifier like it in the registry", dtype=object)
    rows = np.flatnonzero(decided.best >= 0)
    if not rows.size:
        return Reasons(method, reason)
    pair = decided.best[rows]
    values = choices.attributes[pair]

    def has(attribute: str) -> np.ndarray:
        return np.asarray(values[:, INDEX[attribute]] > 0)

    typed, kind = found.typed[rows], firms.kind[name[pair]]
    number = np.select([typed[:, k] != 0 for k in range(len(KINDS))], list(KINDS), "")
    texts = [
        np.select(
            [
                has("number_equal"),
                has("number_group"),
                has("number_outdated"),
                has("number_near"),
                has("number_other"),
                found.is_unknown[rows],
            ],
            [
                number + " valid and this firm's",
                "number of its VAT group",
                number + " was this firm's at another time",
                "tax number one digit off",
                number + " is another firm's",
                "identifier is no firm's of the registry",
            ],
            "",
        ),
        _name_text(values, has, kind),
        np.select([has("form_conflict"), has("form_equal")], ["other legal form", "same legal form"], ""),
        _place_text(has),
        np.select(
            [has("is_gone"), has("before_founded"), has("is_outdated")],
            ["outside the firm's lifetime", "year before foundation", "name no longer borne in that year"],
            "",
        ),
    ]
    text = _sentence(texts)
    second = decided.second[rows]
    none = decided.status[rows] == "none"
    review = decided.status[rows] == "review"
    close = ~none & (second > 0.25)
    shown = np.array([f"{firms.ids[firm[p]]} {probability[p]:.2f}" for p in pair], dtype=object)
    other = np.array([f"{firms.ids[firm[p]]} {probability[p]:.2f}" for p in decided.next[rows]], dtype=object)
    either = "ambiguous, " + shown + " or " + other + " fits as well: "
    text = np.where(review, np.where(close, either, "to be looked at, " + shown + ": ") + text, text)
    best = np.array([f"no firm probable enough (best {p:.2f}): " for p in probability[pair]], dtype=object)
    reason[rows] = np.where(none, best + text, text)
    by_name = np.select(
        [kind == SHORT, kind == FORMER, kind == SUCCESSOR], ["short_name", "former_name", "predecessor"], "name"
    ).astype(object)
    placed = has("town_equal") | has("capital_equal") | has("postcode_equal") | has("address_former")
    by_name = np.where(placed, by_name + "_and_place", by_name)
    identifier = np.array([_METHOD_OF.get(name, "") for name in number.tolist()], dtype=object)
    chosen = np.where(has("number_equal"), identifier, np.where(has("number_group"), "vat_group", by_name))
    method[rows] = np.where(none, "none", chosen)
    return Reasons(method, reason)


def _name_text(values: np.ndarray, has: object, kind: np.ndarray) -> np.ndarray:
    assert callable(has)
    likeness = np.array(
        [f"name {v:.2f} after dropping legal form" for v in values[:, INDEX["similarity"]]], dtype=object
    )
    which = np.select(
        [kind == SHORT, kind == FORMER, kind == SUCCESSOR],
        [" (short name)", " (former name)", " (name of a predecessor)"],
        "",
    ).astype(object)
    equal = np.select(
        [has("is_equal"), has("is_core_equal"), has("is_acronym")],
        ["name equal after dropping legal form", "name equal but for its activity", "initials of the name"],
        "",
    ).astype(object)
    return np.asarray(np.where(equal != "", equal, likeness) + which)


def _place_text(has: object) -> np.ndarray:
    assert callable(has)
    return np.select(
        [
            has("postcode_equal"),
            has("address_former"),
            has("town_equal") | has("capital_equal"),
            has("county_equal"),
            has("county_conflict"),
            has("town_conflict_near"),
            has("town_conflict_far"),
        ],
        [
            "same postcode",
            "a former address",
            "same town",
            "same county",
            "another county",
            "another town nearby",
            "another town",
        ],
        "place unknown",
    )


def _sentence(parts: list[np.ndarray]) -> np.ndarray:
    text = np.full(len(parts[0]), "", dtype=object)
    for part in parts:
        piece = part.astype(object)
        joint = np.where((text != "") & (piece != ""), "; ", "").astype(object)
        text = text + joint + piece
    return text
