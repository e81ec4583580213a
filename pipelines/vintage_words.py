"""What differs between two vintages, in words that can be pasted into a release.

Belongs here: sentences. Does not belong here: figures (`pipelines.vintage_difference`, `pipelines.explain`). Every
figure is rounded to a hundredth of a percentage point, in the sentences and before they are compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

CAUSE_IN_WORDS = {
    "membership": "new information on who cooperates",
    "accounts": "newly filed and corrected annual accounts",
    "links": "changes in the register and in the links of participants to firms",
    "national_accounts": "revised national accounts",
    "method": "changes of method, parameters or classifications",
}


def paragraph(revisions: pd.DataFrame, numerator: str, causes: Sequence[str] = (), hint: str = "") -> str:
    """The revision of one numerator's share in a paragraph.

    Args:
        revisions: `numerator_code`, `reference_year`, `before_pct` and `after_pct` (null where withheld or absent); a
            column of percentage points per name in `causes` where the change was decomposed.
        numerator: whose shares.
        causes: columns of the decomposition.
        hint: a sentence that stands where causes would.

    Returns:
        Sentences about the newest year that both vintages publish, about all such years, and about years that came or
        went.
    """
    part = revisions[revisions["numerator_code"] == numerator].sort_values("reference_year")
    both = part.dropna(subset=["before_pct", "after_pct"])
    sentences = []
    if both.empty:
        sentences.append(f"No share of {numerator} is published in both vintages.")
    else:
        sentences.append(_newest(both.iloc[-1], causes))
        sentences += [_all_years(both)] if len(both) > 1 else []
        sentences += [hint] if hint else []
    for column, other, words in (
        ("after_pct", "before_pct", "published for the first time"),
        ("before_pct", "after_pct", "no longer published"),
    ):
        years = part.loc[part[column].notna() & part[other].isna(), "reference_year"]
        if len(years):
            sentences.append(f"The share of {_listed([str(int(y)) for y in years])} is {words}.")
    return " ".join(sentences)


def _newest(row: pd.Series, causes: Sequence[str]) -> str:
    year, before, after = int(row["reference_year"]), float(row["before_pct"]), float(row["after_pct"])
    change = _hundredths(after) - _hundredths(before)
    if not change:
        return f"The share of {year} was not revised ({after:.2f} %)."
    sentence = f"The share of {year} was revised from {before:.2f} % to {after:.2f} % ({_pp(change)})"
    terms = sorted(((cause, _hundredths(float(row[cause]))) for cause in causes), key=lambda term: -abs(term[1]))
    along = [_term(cause, value) for cause, value in terms if value * change > 0]
    against = [_term(cause, value) for cause, value in terms if value * change < 0]
    if along:
        sentence += f", mainly because of {_listed(along)}"
        sentence += f"; {_listed(against)} had the opposite effect" if against else ""
    return sentence + "."


def _all_years(both: pd.DataFrame) -> str:
    before, after = (both[c].astype(float).map(_hundredths) for c in ("before_pct", "after_pct"))
    revisions = (after - before).tolist()
    years = f"{int(both['reference_year'].iloc[0])} to {int(both['reference_year'].iloc[-1])}"
    if not any(revisions):
        return f"None of the {len(both)} shares of {years} was revised."
    mean = sum(map(abs, revisions)) / len(revisions) / 100
    return (
        f"Revisions of the {len(both)} shares of {years} lie between {_pp(min(revisions))} and {_pp(max(revisions))}; "
        f"the mean absolute revision is {mean:.2f} pp."
    )


def changed_deliveries(sources: dict[str, list[str]]) -> str:
    """One sentence on what was delivered anew.

    Args:
        sources: changed sources by cause.
    """
    if not sources:
        return "No delivery changed, so the change is one of method or parameters."
    parts = [f"{cause.replace('_', ' ')} ({', '.join(names)})" for cause, names in sources.items()]
    return f"What was delivered anew concerns {_listed(parts)}."


def _term(cause: str, value: int) -> str:
    return f"{CAUSE_IN_WORDS.get(cause, cause)} ({_pp(value)})"


def _hundredths(value: float) -> int:
    return round(value * 100)


def _pp(hundredths: int) -> str:
    return f"{hundredths / 100:+.2f} pp" if hundredths else "0.00 pp"


def _listed(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)
