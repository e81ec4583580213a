"""The specification of a table to protect: dimensions, rules, costs, public cells, tables to publish.

Belongs here: its model and every check that needs no data. Does not belong here: reading it from a file, what the codes
of a hierarchy mean (`methods.disclosure.hierarchy`). Documented with an example in `docs/disclosure.md`.

Texts stay as they are written (`01` is a code, so is `NO`); the reader of the file must not turn them into numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from methods.disclosure.rules import PrimaryRules

OFF = frozenset({"", "~", "null", "none", "off", "no", "false"})
"""Texts that switch a rule off."""

COLUMNS_OF_THE_RESULT = ("value", "obs_status", "conf_status", "lower", "upper")
"""Names that a dimension cannot have."""


def _off(given: Any) -> Any:
    return None if isinstance(given, str) and given.strip().lower() in OFF else given


def _texts(given: Any) -> Any:
    """Codes as text; a single one stands for a list of one."""
    if isinstance(given, str | int) and not isinstance(given, bool):
        return [str(given)] if str(given) else []
    if isinstance(given, list | tuple):
        return [str(code) if isinstance(code, int) and not isinstance(code, bool) else code for code in given]
    return [] if given is None else given


Codes = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class _Strict(BaseModel):
    """A model that refuses keys it does not know, so that a typo is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dimension(_Strict):
    """One dimension of the table.

    Attributes:
        total: code of the total.
        hierarchy: parts of each code that has parts; None: the total over all codes that occur.
    """

    total: str = Field(default="_T", min_length=1)
    hierarchy: dict[str, Codes] | None = None

    @field_validator("hierarchy")
    @classmethod
    def _not_empty(cls, hierarchy: dict[str, Codes] | None) -> dict[str, Codes] | None:
        if hierarchy is not None and not any(hierarchy.values()):
            raise ValueError("the hierarchy has no codes; leave it out to take them from the data")
        return hierarchy


class Rules(_Strict):
    """The primary rules. Those that are named apply; where none is named, frequency 3 and p = 10 % do.

    Attributes:
        frequency: least number of contributors.
        p_percent: p of the p % rule.
        dominance: n and k (in per cent) of the dominance rule.
        frequency_range_pct: protection of a cell with too few contributors, in per cent of its value.
        waivers: contributors who have agreed to be recognised.
    """

    frequency: Annotated[int | None, BeforeValidator(_off)] = Field(default=None, ge=1)
    p_percent: Annotated[float | None, BeforeValidator(_off)] = Field(default=None, gt=0, le=100)
    dominance: Annotated[tuple[int, float] | None, BeforeValidator(_off)] = None
    frequency_range_pct: float = Field(default=10.0, ge=0)
    waivers: Codes = ()

    @field_validator("dominance")
    @classmethod
    def _dominance(cls, given: tuple[int, float] | None) -> tuple[int, float] | None:
        if given is not None and not (given[0] >= 1 and 0 < given[1] <= 100):
            raise ValueError("write [n, k] with n >= 1 and 0 < k <= 100")
        return given

    @model_validator(mode="after")
    def _some(self) -> Rules:
        named = {"frequency", "p_percent", "dominance"} & self.model_fields_set
        if named and self.frequency is None and self.p_percent is None and self.dominance is None:
            raise ValueError("no rule is left; name frequency, p_percent or dominance")
        return self

    def primary_rules(self) -> PrimaryRules:
        """The rules in the form that `methods.disclosure.rules` applies."""
        if self.frequency is None and self.p_percent is None and self.dominance is None:
            return PrimaryRules(frequency_range_pct=self.frequency_range_pct)
        return PrimaryRules(self.frequency, self.dominance, self.p_percent, self.frequency_range_pct)


class PublicCell(_Strict):
    """A cell that everybody knows.

    Attributes:
        codes: its code in the dimensions that are named; in all others it is the total.
        value: its value, needed where a release that is audited does not have it.
    """

    codes: dict[str, str]
    value: float | None = Field(default=None, allow_inf_nan=False)


class Table(_Strict):
    """A table to publish: dimensions and how deep each of them goes.

    Attributes:
        name: how reports call it.
        levels: deepest level of each dimension (0 the total, 1 its parts, ...), None for all; a dimension that is not
            named is at its total.
    """

    name: str
    levels: dict[str, int | None]


class Spec(_Strict):
    """What to protect, and how.

    Attributes:
        value: column of the contribution.
        contributor: column of the contributor.
        group: column of the enterprise group; None: `group_id` where there is such a column.
        dimensions: by column name, in the order of the columns of the result.
        rules: the primary rules.
        cost: what withholding a cell costs: `value` (sum of absolute contributions), `count` (contributors),
            `constant` (1), or a column that is added up.
        public: cells that everybody knows; they are never withheld.
        tables: what is published; empty: the full cross of all dimensions.
        empty: a cell without contributors is published as 0 and never withheld (`open`), or may be withheld to
            protect others (`suppress`).
        negative: whether contributions may be negative.
    """

    value: str = "value"
    contributor: str = "contributor_id"
    group: Annotated[str | None, BeforeValidator(_off)] = None
    dimensions: dict[str, Dimension] = Field(min_length=1)
    rules: Rules = Rules()
    cost: str = "value"
    public: tuple[PublicCell, ...] = ()
    tables: tuple[Table, ...] = ()
    empty: Literal["open", "suppress"] = "open"
    negative: bool = False

    @field_validator("dimensions", mode="before")
    @classmethod
    def _short_dimensions(cls, given: Any) -> Any:
        """`region: HU` and `region:` stand for a flat dimension with that total."""
        if isinstance(given, list | tuple):
            given = dict.fromkeys(given)
        if not isinstance(given, Mapping):
            raise ValueError("write `name: {total: CODE, hierarchy: ...}` for each dimension")
        return {
            name: {} if value in (None, "") else {"total": value} if isinstance(value, str) else value
            for name, value in given.items()
        }

    @field_validator("rules", mode="before")
    @classmethod
    def _no_rules(cls, given: Any) -> Any:
        return {} if given in (None, "") else given

    @field_validator("public", mode="before")
    @classmethod
    def _flat_cells(cls, given: Any) -> Any:
        if given in (None, ""):
            return ()
        if not isinstance(given, list | tuple):
            raise ValueError("write a list of cells, each {dimension: code, ...}")
        cells: list[Any] = []
        for cell in given:
            if isinstance(cell, PublicCell):
                cells.append(cell)
                continue
            if not isinstance(cell, Mapping):
                raise ValueError("write a list of cells, each {dimension: code, ...}")
            codes = {name: code for name, code in cell.items() if name != "value"}
            cells.append({"codes": codes, "value": cell.get("value")})
        return cells

    @field_validator("tables", mode="before")
    @classmethod
    def _named_tables(cls, given: Any) -> Any:
        if given in (None, ""):
            return ()
        if isinstance(given, Mapping):
            pairs = list(given.items())
        elif isinstance(given, list | tuple):
            pairs = [(None, table) for table in given]
        else:
            raise ValueError("write a list of tables, each a list of dimensions or {dimension: level}")
        return [table if isinstance(table, Table) else _table(name, table) for name, table in pairs]

    @model_validator(mode="after")
    def _consistent(self) -> Spec:
        for name in self.dimensions:
            if name in (*COLUMNS_OF_THE_RESULT, self.value, self.contributor, self.group):
                raise ValueError(f"dimension {name} has the name of another column; rename it")
        for cell in self.public:
            _known(cell.codes, self.dimensions, "public cell")
        seen: set[str] = set()
        for table in self.tables:
            _known(table.levels, self.dimensions, f"table {table.name}")
            if table.name in seen:
                raise ValueError(f"table {table.name} is listed twice")
            seen.add(table.name)
        return self

    def published(self) -> tuple[Table, ...]:
        """The tables to publish; the full cross where none is listed."""
        return self.tables or (Table(name=" x ".join(self.dimensions), levels=dict.fromkeys(self.dimensions)),)


def _table(name: str | None, given: Any) -> dict[str, Any]:
    if given in (None, ""):
        given = []
    if isinstance(given, str):
        given = [given]
    if isinstance(given, list | tuple):
        levels: dict[str, Any] = dict.fromkeys(given)
    elif isinstance(given, Mapping):
        levels = {dimension: None if level in (None, "", "all") else level for dimension, level in given.items()}
    else:
        raise ValueError("a table is a list of dimensions or {dimension: level}")
    parts = [dimension if level is None else f"{dimension} to level {level}" for dimension, level in levels.items()]
    return {"name": name or " x ".join(parts) or "total", "levels": levels}


def _known(names: Mapping[str, object], dimensions: Mapping[str, Dimension], where: str) -> None:
    for name in names:
        if name not in dimensions:
            raise ValueError(f"{where}: unknown dimension {name} (dimensions: {', '.join(dimensions)})")
