"""People decide: a clerk's confirm, reject or same as wins over whatever was computed.

Belongs here: reading the decisions and applying them. Does not belong here: computed decisions (`decision`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from methods.errors import MethodError

DECISIONS = ("confirm", "reject", "same_as")
LEAST_NEXT = 0.3
"""Least probability of the other candidates together, among what a rejection leaves, for a review of the next one."""


@dataclass(frozen=True)
class Decision:
    """One line of the decisions file; empty text where nothing was said."""

    record: str
    verb: str
    firm: str
    other: str
    who: str
    when: str
    why: str

    def says(self, what: str) -> str:
        """The reason a reader sees."""
        parts = [what, *(f"{word} {text}" for word, text in (("by", self.who), ("on", self.when)) if text)]
        return " ".join(parts) + (f": {self.why}" if self.why else "")


def read_decisions(frame: pd.DataFrame) -> list[Decision]:
    """Reads decisions, the latest of a record last.

    Args:
        frame: `record_id`, `decision`, and for confirm `firm_id`, for reject `firm_id` (that firm is not meant; empty:
            no firm is), for same_as `other_record_id` or, in its place, `firm_id` (both records mean the same firm);
            `who`, `when`, `why`.

    Raises:
        MethodError: an unknown decision, or one that lacks its firm or record.
    """
    for column in ("record_id", "decision"):
        if column not in frame:
            raise MethodError(f"decisions: column {column} is missing")
    names = ("record_id", "decision", "firm_id", "other_record_id", "who", "when", "why")
    texts = [frame[name].astype("str").fillna("").tolist() if name in frame else [""] * len(frame) for name in names]
    found = []
    for row, (record, verb, firm, other, who, when, why) in enumerate(zip(*texts, strict=True), start=1):
        verb = "_".join(verb.lower().replace("-", " ").split())
        if verb not in DECISIONS:
            raise MethodError(f"decisions: row {row}: {verb or 'nothing'} is none of {', '.join(DECISIONS)}")
        if verb == "same_as":
            other, firm = other or firm, ""
        if verb == "confirm" and not firm:
            raise MethodError(f"decisions: row {row}: confirm needs a firm_id")
        if verb == "same_as" and not other:
            raise MethodError(f"decisions: row {row}: same_as needs an other_record_id")
        found.append(Decision(record, verb, firm, other, who, when, why))
    return sorted(found, key=lambda d: (d.record, d.when))


def check_firms(decisions: pd.DataFrame, firms: np.ndarray) -> None:
    """Refuses decisions that confirm a firm which is not in the registry.

    Args:
        decisions: see `read_decisions`.
        firms: ids of the registry.

    Raises:
        MethodError: with the first such firm and its record.
    """
    known = set(firms.tolist())
    for decision in read_decisions(decisions):
        if decision.verb == "confirm" and decision.firm not in known:
            raise MethodError(f"decisions: record {decision.record}: {decision.firm} is no firm of the registry")


def apply_decisions(
    links: pd.DataFrame, candidates: pd.DataFrame, decisions: pd.DataFrame, *, carry: bool = True
) -> pd.DataFrame:
    """Replaces decided rows; the latest decision on a record counts.

    Args:
        links: as `link` returns them; a record under review may also carry its candidate.
        candidates: `record_id`, `firm_id`, `probability`.
        decisions: see `read_decisions`; records that are not among the links are passed over.
        carry: put the next candidate of a rejected firm in the row that goes to review; else only in its reason.

    Returns:
        The links: confirmed rows are accepted with probability 1; where the firm found is rejected, the row goes to
        review with its next candidate if the others together have at least three chances in ten among what is left,
        else the row has none.
    """
    columns = ["firm_id", "probability", "method", "status", "reason"]
    rows = links[columns].astype(object).to_numpy().tolist()
    at = {record: k for k, record in enumerate(links["record_id"].tolist())}
    read = [decision for decision in read_decisions(decisions) if decision.record in at]
    concerned = candidates[candidates["record_id"].isin([decision.record for decision in read])]
    chances: dict[str, dict[str, float]] = {}
    for record, firm, probability in concerned[["record_id", "firm_id", "probability"]].itertuples(index=False):
        chances.setdefault(str(record), {})[str(firm)] = float(probability)
    held: dict[str, list[Decision]] = {}
    for decision in read:
        held.setdefault(decision.record, []).append(decision)
    same = [line[-1] for line in held.values() if line[-1].verb == "same_as"]
    for record, line in held.items():
        if line[-1].verb == "confirm":
            last = line[-1]
            rows[at[record]] = [last.firm, 1.0, "decision", "accepted", last.says(f"confirmed {last.firm}")]
        elif line[-1].verb == "reject":
            refused = _refused(rows[at[record]], line, chances.get(record, {}), carry)
            rows[at[record]] = refused
    for decision in same:
        if decision.other in at:
            firm, probability, _, status, _ = rows[at[decision.other]]
            says = decision.says(f"same as {decision.other}")
            rows[at[decision.record]] = [firm, probability, "decision", status, says]
    decided = pd.DataFrame(rows, columns=columns, index=links.index).astype(links[columns].dtypes.to_dict())
    return links.assign(**{column: decided[column] for column in columns})


def _refused(row: list[object], line: list[Decision], chances: dict[str, float], carry: bool) -> list[object]:
    last = line[-1]
    rejected = {decision.firm for decision in line if decision.verb == "reject"}
    if "" in rejected:
        return [None, 0.0, "decision", "none", last.says("rejected: no firm")]
    # a record under review has no firm yet, but candidates
    meant = {str(row[0])} if isinstance(row[0], str) and row[0] else set(chances) if row[3] == "review" else set()
    if not meant & rejected:
        return row
    refused = ", ".join(sorted(meant & rejected))
    rest = {firm: chance for firm, chance in chances.items() if firm not in rejected}
    total = 1 - sum(chance for firm, chance in chances.items() if firm in rejected)
    best = min(rest, key=lambda firm: (-rest[firm], firm), default=None)
    if best is not None and total > 1e-9 and sum(rest.values()) / total >= LEAST_NEXT:
        chance = round(min(rest[best] / total, 1.0), 6)
        says = last.says(f"rejected {refused}") + f"; next candidate {best} {chance:.2f}"
        return [best, chance, "decision", "review", says] if carry else [None, 0.0, "decision", "review", says]
    return [None, 0.0, "decision", "none", last.says(f"rejected {refused}")]
