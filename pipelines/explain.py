"""Why shares changed between two vintages: the later deliveries replace the earlier ones, one group at a time.

The lake is input-addressed, so a recomputation is a workshop with a chosen set of deliveries. Nothing is fetched or
published and no vintage is recorded; what is computed stays in the lake, so that asking again is quick. Code, contracts
and parameters are today's in every step. Belongs here: which source belongs to which cause, the steps. Does not belong
here: the sums (`methods.revisions`), how they are told (`pipelines.vintage_words`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import duckdb
import pandas as pd

from assets.table import Table
from assets.workshop import Workshop
from methods.revisions import decompose_by_cause
from resources.errors import CoopgvaError
from resources.home import Home
from resources.lake import Lake, Version, Vintage
from resources.row_rules import quoted

CAUSES: Mapping[str, tuple[str, ...]] = {
    "membership": (
        "cluster",
        "cluster_label",
        "cluster_membership",
        "cordis_project",
        "cordis_organisation",
        "structural_fund_project",
        "kohesio_beneficiary",
        "interreg_partner",
        "c2c_agreement",
        "cooperation_event",
        "event_participant",
    ),
    "accounts": ("annual_account", "exchange_rate"),
    "links": (
        "business_registry",
        "name_history",
        "address_history",
        "legal_unit_event",
        "vat_group",
        "local_unit",
        "link_decision",
        "clerical_review",
    ),
    "national_accounts": ("national_account",),
}
"""The source tables of each cause, in the order of swapping."""

CLASSIFICATIONS = ("nace_code", "nace_correspondence", "nuts_region", "postal_code", "legal_form")
"""Source tables whose change is one of method: another classification is another way of counting."""

MEASURED = "interpretation.cooperation_gva"
PUBLISHED = "access.cooperation_gva"
CELL = ["numerator_code", "reference_year"]

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Explanation:
    """Why the open shares of two vintages differ.

    Attributes:
        before: the earlier vintage.
        after: the later vintage.
        terms: by `numerator_code` and `reference_year` for shares that are open in both vintages: `before`, `after`
            (%), `change` and a column per cause and `method` (percentage points).
        warnings: blocking checks that failed on a mixture of deliveries, and sources that are no longer configured.
        computed: number of tables that had to be computed.
    """

    before: Vintage
    after: Vintage
    terms: pd.DataFrame
    warnings: tuple[str, ...]
    computed: int


def explain(
    home: Home, tables: Mapping[str, Table], before: Vintage, after: Vintage, progress: Progress
) -> Explanation:
    """Decompose the change of every open share by cause.

    Args:
        home: the home of both vintages.
        tables: the catalogue.
        before: the earlier vintage.
        after: the later vintage.
        progress: is told what is being computed.

    Raises:
        CoopgvaError: a table or a delivery of one of the vintages is no longer kept, or a step failed.
    """
    recomputer = _Recomputer(home, tables, progress)
    recorded = [recomputer.recorded(vintage) for vintage in (before, after)]
    chosen = recomputer.known(before.deliveries)
    wanted = recomputer.known(after.deliveries)
    base = recomputer.shares(chosen, f"deliveries of {before.vintage_id}")
    swapped = {}
    for cause, names in CAUSES.items():
        chosen = recomputer.swap(chosen, wanted, names)
        swapped[cause] = recomputer.shares(chosen, f"{cause.replace('_', ' ')} of {after.vintage_id}")
    open_cells = open_shares(Lake(home.lake), before).index.intersection(open_shares(Lake(home.lake), after).index)
    terms = decompose_by_cause(recorded[0].reindex(open_cells), base, swapped, recorded[1])
    lost = sorted({*before.deliveries, *after.deliveries} - recomputer.sources.keys())
    warnings = [f"source {name} is no longer configured: what it delivered counts as method" for name in lost]
    return Explanation(before, after, terms, (*recomputer.warnings, *warnings), recomputer.computed)


def open_shares(lake: Lake, vintage: Vintage) -> pd.Series:
    """Published shares of T1 in % by `numerator_code` and `reference_year`; withheld ones are left out.

    Raises:
        CoopgvaError: the vintage's table is no longer in the lake.
    """
    query = "SELECT * FROM t WHERE table_code = 'T1' AND share_pct IS NOT NULL"
    frame = read_table(lake, vintage, PUBLISHED, query)
    return frame.set_index(CELL)["share_pct"].sort_index()


def read_table(lake: Lake, vintage: Vintage, table: str, query: str) -> pd.DataFrame:
    """What a query on `t`, a table of a vintage, returns.

    Raises:
        CoopgvaError: the vintage never had the table, or the lake no longer has it.
    """
    path = lake.path(table, vintage.tables[table]) if table in vintage.tables else None
    if path is None or not path.exists():
        raise CoopgvaError(
            f"{table} is not in the lake",
            where=f"vintage {vintage.vintage_id}",
            action="choose another vintage, or make it again with `coopgva refresh --as-of`",
        )
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW t AS FROM read_parquet('{path}')")
        return connection.execute(query).df()


class _Recomputer:
    """Computes the headline variant of T1 from chosen deliveries."""

    def __init__(self, home: Home, tables: Mapping[str, Table], progress: Progress) -> None:
        self.home, self.progress = home, progress
        # A mixture of deliveries may break a check that either vintage passed; its figure still says what a cause does.
        self.tables = {name: replace(table, tolerates_failed_checks=True) for name, table in tables.items()}
        wanted = _ancestors(self.tables, MEASURED)
        self.needed = [name for name in self.tables if name in wanted]
        shop = self._shop({})
        self.sources = {source.id: source.table for source in shop.sources}
        self.variant = {
            "table_code": "T1",
            "time_rule": shop.parameters.headline_time_rule,
            "attribution_code": shop.parameters.headline_attribution,
        }
        self.warnings: list[str] = []
        self.computed = 0
        self._found: dict[tuple[tuple[str, str], ...], pd.Series] = {}

    def _shop(self, deliveries: Mapping[str, str]) -> Workshop:
        return Workshop(self.home, self.tables, run_id="explain", deliveries=deliveries)

    def known(self, deliveries: Mapping[str, str]) -> dict[str, str]:
        """Deliveries of sources that are still configured."""
        return {source: delivery for source, delivery in deliveries.items() if source in self.sources}

    def swap(self, chosen: Mapping[str, str], wanted: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
        """The chosen deliveries, those of some source tables replaced by the wanted ones."""
        swapped = {source for source, table in self.sources.items() if table in names}
        kept = {source: delivery for source, delivery in chosen.items() if source not in swapped}
        return kept | {source: delivery for source, delivery in wanted.items() if source in swapped}

    def recorded(self, vintage: Vintage) -> pd.Series:
        """Shares as recorded in a vintage, in %."""
        return self._read(read_table(Lake(self.home.lake), vintage, MEASURED, self._query()))

    def shares(self, deliveries: Mapping[str, str], what: str) -> pd.Series:
        """Shares computed from these deliveries, in %."""
        combination = tuple(sorted(deliveries.items()))
        if combination not in self._found:
            shop = self._shop(deliveries)
            for number, name in enumerate(self.needed, start=1):
                self.progress(f"{what}: {name} ({number} of {len(self.needed)})")
                outcome = shop.materialise(name)
                self.computed += not outcome.is_reused
                self._warn(outcome.version, what)
            made = {MEASURED: shop.key(MEASURED)}
            vintage = Vintage(what, 0, made, dict(deliveries))
            self._found[combination] = self._read(read_table(shop.lake, vintage, MEASURED, self._query()))
        return self._found[combination]

    def _warn(self, version: Version, what: str) -> None:
        failed = ", ".join(check.name for check in version.blocking_failures)
        line = f"with {what} {version.table} fails {failed}" if failed else ""
        if line and line not in self.warnings:
            self.warnings.append(line)

    def _query(self) -> str:
        chosen = " AND ".join(f"{quoted(column)} = '{value}'" for column, value in self.variant.items())
        return f"SELECT numerator_code, reference_year, share_pct FROM t WHERE {chosen} ORDER BY ALL"

    def _read(self, frame: pd.DataFrame) -> pd.Series:
        return frame.set_index(CELL)["share_pct"]


def _ancestors(tables: Mapping[str, Table], name: str) -> set[str]:
    """The table and everything it is made of."""
    found, waiting = {name}, [name]
    while waiting:
        new = set(tables[waiting.pop()].dependencies) - found
        found |= new
        waiting += sorted(new)
    return found
