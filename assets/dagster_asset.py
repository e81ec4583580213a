"""How Dagster sees a table: key, group, metadata, inline checks, retries; and what its materialisation reports.

Thin on purpose: the work is in `assets.workshop`. Failures follow one rule (DESIGN, failure semantics): what
retrying can mend raises and is retried with back-off, everything else fails at once with one line.

Annotations are evaluated here (no `from __future__ import annotations`): Dagster refuses a context annotated by text.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import dagster as dg

from assets.delivery_state import DeliveryState, receive
from assets.table import Table
from assets.verdicts import check_names
from assets.workshop import Outcome, Workshop
from resources.contract import Contract
from resources.errors import CoopgvaError, TransportError
from resources.home import Home
from resources.lake import CheckOutcome

RETRY = dg.RetryPolicy(max_retries=2, delay=5, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)

ON_TIME = "delivery_on_time"


class WorkshopResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where a run works and by which moment it selects deliveries.

    Attributes:
        home: home directory; empty for `COOPGVA_HOME` or `./.coopgva`.
        as_of: ISO date or date-time; deliveries received later are ignored and nothing is fetched. Empty for now.
    """

    home: str = ""
    as_of: str = ""

    def open(self, tables: Mapping[str, Table], run_id: str) -> Workshop:
        """The workshop of a run; one object per run and process."""
        return _workshop(tuple(tables.values()), self.home, self.as_of, run_id)


@lru_cache(maxsize=4)
def _workshop(tables: tuple[Table, ...], home: str, as_of: str, run_id: str) -> Workshop:
    return Workshop(Home.from_environment(home), {t.name: t for t in tables}, as_of or None, run_id)


def build_asset(table: Table, contract: Contract, tables: Mapping[str, Table]) -> dg.AssetsDefinition:
    """The Dagster asset of one table."""
    key = dg.AssetKey(table.name.split("."))
    specs = [
        dg.AssetCheckSpec(c.name, asset=key, description=c.description, blocking=c.is_blocking)
        for c in check_names(table, contract)
    ]
    if table.takes_in:
        specs.append(
            dg.AssetCheckSpec(ON_TIME, asset=key, description="Every source delivered within its declared cadence")
        )

    @dg.asset(
        key=key,
        deps=[dg.AssetKey(name.split(".")) for name in table.dependencies],
        group_name=table.layer,
        description=describe(contract),
        owners=[contract.owner],
        kinds=set(table.kinds),
        tags={"gsbpm": contract.gsbpm.replace(" ", ""), "confidentiality": contract.confidentiality},
        metadata={
            "dagster/column_schema": column_schema(contract),
            "dagster/table_name": table.name,
            "contract": f"contracts/{table.layer}/{table.short_name}.yaml",
            **({"sql": dg.MetadataValue.text(", ".join(f"sql/{f}" for f in table.sql))} if table.sql else {}),
        },
        code_version=None,
        check_specs=specs,
        retry_policy=RETRY if table.takes_in else None,
    )
    def asset(context: dg.AssetExecutionContext, workshop: WorkshopResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        shop = workshop.open(tables, context.run.run_id)
        with one_line_failures(context):
            states = receive(shop, table, now=dt.datetime.now(dt.UTC), may_fall_back=is_last_try(context))
            outcome = shop.materialise(table.name)
        context.log.info(in_words(outcome))
        return dg.MaterializeResult(
            metadata=materialisation_metadata(shop, contract, outcome, states),
            check_results=[*map(check_result, outcome.version.checks), *_on_time(table, states)],
            data_version=dg.DataVersion(outcome.version.key),
        )

    return asset


@contextmanager
def one_line_failures(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Turn expected errors into Dagster failures of one line; those that a retry cannot mend are not retried."""
    try:
        yield
    except TransportError as error:
        context.log.warning(str(error))
        raise dg.Failure(description=str(error), allow_retries=True) from None
    except CoopgvaError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None


def is_last_try(context: dg.AssetExecutionContext) -> bool:
    """Whether no retry is left, so that a late source falls back to its last delivery."""
    return int(context.retry_number) >= RETRY.max_retries


def describe(contract: Contract) -> str:
    """Title, purpose and grain in Markdown."""
    grain = ", ".join(contract.grain)
    return f"**{contract.title}**. {contract.purpose}\n\nOne row per {grain}. GSBPM {contract.gsbpm}."


def column_schema(contract: Contract) -> dg.TableSchema:
    """The contract's columns as Dagster shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                type=column.type,
                description=column.description + (f" [{column.unit}]" if column.unit else ""),
                constraints=dg.TableColumnConstraints(
                    nullable=not contract.is_not_null(name), unique=contract.grain == [name]
                ),
                tags={"classification": column.classification} if column.classification else {},
            )
            for name, column in contract.columns.items()
        ]
    )


def check_result(outcome: CheckOutcome) -> dg.AssetCheckResult:
    """One verdict as Dagster shows it."""
    severity = dg.AssetCheckSeverity.ERROR if outcome.severity == "error" else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        check_name=outcome.name,
        passed=outcome.passed,
        severity=severity,
        description=outcome.description,
        metadata={k: _metadata(v) for k, v in outcome.metadata.items()},
    )


def _metadata(value: Any) -> Any:
    if isinstance(value, list | dict):
        return dg.MetadataValue.json(value)
    return value


def _on_time(table: Table, states: list[DeliveryState]) -> Iterator[dg.AssetCheckResult]:
    if not table.takes_in:
        return
    late = [s for s in states if s.is_late]
    very = any(s.is_very_late for s in states)
    yield dg.AssetCheckResult(
        check_name=ON_TIME,
        passed=not late,
        severity=dg.AssetCheckSeverity.ERROR if very else dg.AssetCheckSeverity.WARN,
        description="; ".join(s.in_words for s in late) or "every source delivered within its cadence",
        metadata={"sources": dg.MetadataValue.md(_state_table(states))} if states else {},
    )


def _state_table(states: list[DeliveryState]) -> str:
    lines = ["| source | received | new | files | expected every |", "|---|---|---|---|---|"]
    lines += [
        f"| {s.source_id} | {s.received_at:%Y-%m-%d %H:%M} UTC | {'yes' if s.is_new else 'no'} | {s.files} "
        f"| {f'{s.expected_every_days} days' if s.expected_every_days else 'not declared'} |"
        for s in states
    ]
    return "\n".join(lines)


def materialisation_metadata(
    shop: Workshop, contract: Contract, outcome: Outcome, states: list[DeliveryState]
) -> dict[str, Any]:
    """Counts and shares (plotted over time), where the rows are, what was rejected and why."""
    version = outcome.version
    metadata: dict[str, Any] = {
        "dagster/row_count": version.rows,
        "dagster/uri": str(shop.lake.path(version.table, version.key)),
        "status": "unchanged, not recomputed" if outcome.is_reused else "computed",
    }
    metadata |= {name: _metadata(value) for name, value in version.facts.items()}
    if version.quarantined:
        path = shop.lake.quarantine_path(version.table, version.key)
        metadata["quarantine"] = dg.MetadataValue.path(str(path))
        metadata["quarantine_reasons"] = dg.MetadataValue.md(shop.quarantine_reasons(version))
    charts = {chart.name: shop.chart(version, chart) for chart in shop.tables[version.table].charts}
    metadata |= {name: dg.MetadataValue.md(text) for name, text in charts.items() if text}
    if states:
        metadata["deliveries"] = dg.MetadataValue.md(_state_table(states))
    lineage = shop.column_lineage(contract.table)
    if lineage:
        metadata["dagster/column_lineage"] = dg.TableColumnLineage(
            {
                column: [dg.TableColumnDep(dg.AssetKey(t.split(".")), c) for t, c in origins]
                for column, origins in lineage.items()
            }
        )
    return metadata


def in_words(outcome: Outcome) -> str:
    """One line for the log."""
    version = outcome.version
    if outcome.is_reused:
        return f"{version.table}: unchanged, {version.rows} rows, nothing recomputed (key {version.key})"
    rejected = f", {version.quarantined} rows quarantined" if version.quarantined else ""
    return f"{version.table}: {version.rows} rows computed{rejected} (key {version.key})"
