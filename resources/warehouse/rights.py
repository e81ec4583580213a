"""Who may read a view: statements made from its contract, run whenever the view is switched.

Belongs here: rights on single views. Roles, schemas and what holds for a whole schema are in `sql/warehouse/`. The rule
for layer interpretation is the contract's `confidentiality`, column by column: what identifies a firm is granted to
`coopgva_identifiers` alone. A table of which some columns identify has a view in schema `methodology` as well, with
pseudonyms in the place of texts (equal where the identifiers are equal, so that tables can be joined) and without other
identifying columns.
"""

from __future__ import annotations

from resources.contract import Contract
from resources.warehouse.connection import literal, quoted
from resources.warehouse.schema import column_comment, table_comment

METHODOLOGY = "methodology"
METHODOLOGIST, IDENTIFIERS = "coopgva_methodologist", "coopgva_identifiers"
READERS = (METHODOLOGIST, "coopgva_statistician", "coopgva_public")
_PSEUDONYM_CHARACTERS = 24


def identifying(contract: Contract) -> list[str]:
    """The columns that identify a firm: the column's confidentiality, else the table's."""
    return [n for n, c in contract.columns.items() if (c.confidentiality or contract.confidentiality) == "identifying"]


def view_rights(contract: Contract) -> list[str]:
    """The statements that give the contract's view its readers; what was granted to our roles before is taken away."""
    view = quoted(contract.table)
    everyone = ", ".join((*READERS, IDENTIFIERS))
    statements = [f"REVOKE ALL ON {view} FROM PUBLIC, {everyone}"]
    if contract.layer == "access":
        statements.append(f"GRANT SELECT ON {view} TO {', '.join(READERS)}")
    if contract.layer in ("integration", "interpretation"):
        statements.append(f"GRANT SELECT ON {view} TO {IDENTIFIERS}")
    if contract.layer == "interpretation":
        hidden = set(identifying(contract))
        open_columns = [quoted(name) for name in contract.columns if name not in hidden]
        if not hidden:
            statements.append(f"GRANT SELECT ON {view} TO {METHODOLOGIST}")
        elif open_columns:
            statements.append(f"GRANT SELECT ({', '.join(open_columns)}) ON {view} TO {METHODOLOGIST}")
    return statements


def pseudonymous_view(contract: Contract, version: str) -> list[str]:
    """The statements that make `methodology.<table>` anew over a table version, or remove it where there is no need."""
    view = quoted(f"{METHODOLOGY}.{contract.name}")
    hidden = set(identifying(contract))
    statements = [f"DROP VIEW IF EXISTS {view}"]
    if contract.layer != "interpretation" or not hidden or hidden == set(contract.columns):
        return statements
    columns = {}
    for name, column in contract.columns.items():
        if name not in hidden:
            columns[name] = f"t.{quoted(name)}"
        elif column.type == "varchar":
            digest = f"sha256(k.key || convert_to(t.{quoted(name)}, 'UTF8'))"
            columns[name] = f"left(encode({digest}, 'hex'), {_PSEUDONYM_CHARACTERS}) AS {quoted(name)}"
    # A subselect in each column would be shorter, but a join lets the planner read the key once.
    statements.append(
        f"CREATE VIEW {view} AS SELECT {', '.join(columns.values())} "
        f"FROM {quoted(version)} AS t CROSS JOIN staging.pseudonym_key AS k"
    )
    statements.append(f"GRANT SELECT ON {view} TO {METHODOLOGIST}")
    title = f"{table_comment(contract)} Identifiers are pseudonyms."
    statements.append(f"COMMENT ON VIEW {view} IS {literal(title)}")
    for name in columns:
        comment = column_comment(contract.columns[name]) + (" (pseudonym)" if name in hidden else "")
        statements.append(f"COMMENT ON COLUMN {view}.{quoted(name)} IS {literal(comment)}")
    return statements
