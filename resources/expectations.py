"""The Great Expectations bridge: a contract's expectations become one suite, its results become check outcomes.

Great Expectations reports its own errors (a missing column, a wrong type) as failed expectations; here they are told
apart, because "the rule is broken" and "the data is bad" wake different people.
"""

from __future__ import annotations

import logging
import os
from datetime import date
from functools import cache
from typing import Any

import pandas as pd

from resources.contract import Contract, Expectation
from resources.errors import ConfigurationError
from resources.lake import CheckOutcome

TABLE_LEVEL = ("expect_table_", "expect_column_to_exist", "expect_column_unique_value_count", "expect_column_m")
"""Prefixes of expectations that speak of a whole table or column and take no `mostly`."""


def validate(contract: Contract, frame: pd.DataFrame) -> list[CheckOutcome]:
    """Run the contract's suite over a frame and return one outcome per expectation, in the contract's order.

    Args:
        contract: whose expectations to run.
        frame: at least the columns that the expectations name; dates as datetime64.

    Raises:
        ConfigurationError: Great Expectations does not know an expectation or could not evaluate it.
    """
    if not contract.expectations:
        return []
    import great_expectations as gx

    batch = _batch_definition().get_batch(batch_parameters={"dataframe": frame})
    suite = gx.ExpectationSuite(name=contract.table)
    for expectation in contract.expectations:
        suite.add_expectation(_configured(contract, expectation))
    results = batch.validate(suite, result_format={"result_format": "SUMMARY", "partial_unexpected_count": 5}).results
    by_name = {result.expectation_config.meta["check"]: result for result in results}
    return [_outcome(contract, e, by_name[e.name]) for e in contract.expectations]


@cache
def _batch_definition() -> Any:
    """Great Expectations' way to a data frame; made once, because every context leaves a temporary folder."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    frames = context.data_sources.add_pandas("frames").add_dataframe_asset("table")
    return frames.add_batch_definition_whole_dataframe("whole")


def _configured(contract: Contract, expectation: Expectation) -> Any:
    from great_expectations.exceptions.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    # a column of dates is compared with timestamps only
    arguments: dict[str, Any] = {
        key: pd.Timestamp(value) if isinstance(value, date) else value for key, value in expectation.arguments.items()
    }
    if "only_where" in arguments:
        arguments["row_condition"] = _condition(arguments.pop("only_where"))
    if expectation.max_failing_share and not expectation.expect.startswith(TABLE_LEVEL):
        arguments["mostly"] = 1 - expectation.max_failing_share
    try:
        return ExpectationConfiguration(
            type=expectation.expect, kwargs=arguments, meta={"check": expectation.name}
        ).to_domain_obj()
    except (ExpectationNotFoundError, ValueError, TypeError) as error:
        raise ConfigurationError(
            f"Great Expectations refuses '{expectation.expect}': {error}",
            where=f"{contract.table}, expectation {expectation.name}",
            action="correct the contract",
        ) from None


def _condition(only_where: dict[str, Any]) -> Any:
    """Great Expectations' word for `only_where`: every column has its value, or is empty where that is null."""
    from great_expectations.expectations.row_conditions import AndCondition, Column

    terms = [Column(name).is_null() if value is None else Column(name) == value for name, value in only_where.items()]
    return terms[0] if len(terms) == 1 else AndCondition(conditions=terms)


def _outcome(contract: Contract, expectation: Expectation, result: Any) -> CheckOutcome:
    trouble = [v for v in (result.exception_info or {}).values() if isinstance(v, dict)]
    if trouble:
        raise ConfigurationError(
            f"Great Expectations could not evaluate the rule ({trouble[0].get('exception_message', 'no message')})",
            where=f"{contract.table}, expectation {expectation.name}",
            action="correct the contract or the column's type",
        )
    found = result.result or {}
    metadata: dict[str, Any] = {"expectation": expectation.expect}
    for key in ("element_count", "unexpected_count", "unexpected_percent", "observed_value"):
        if found.get(key) is not None:
            metadata[key] = _plain(found[key])
    if contract.confidentiality != "identifying" and found.get("partial_unexpected_list"):
        values = [
            value
            for value in found["partial_unexpected_list"]
            if not (pd.api.types.is_scalar(value) and pd.isna(value))
        ]
        if is_statistic(contract):
            values = [value for value in values if isinstance(value, str | int)]  # no figures, nor pairs of them
        metadata["samples"] = [str(_plain(value)) for value in values[:5]]
    if expectation.max_failing_share:
        metadata["allowed_percent"] = expectation.max_failing_share * 100
    return CheckOutcome(
        name=expectation.name,
        passed=bool(result.success),
        severity=expectation.severity,
        description=expectation.description or expectation.expect.replace("_", " "),
        metadata=metadata,
    )


def is_statistic(contract: Contract) -> bool:
    """Whether some cells of a table may be withheld: its figures stay out of the records of checks."""
    return contract.layer in ("interpretation", "access") and contract.confidentiality != "public"


def _plain(value: Any) -> Any:
    """NumPy scalars as Python ones, everything else that is not JSON as text."""
    if hasattr(value, "item"):
        value = value.item()
    return value if isinstance(value, int | float | str | bool) else str(value)
