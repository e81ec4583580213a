"""How numbers are made: pure functions on numpy arrays and pandas frames.

Belongs here: every formula of the statistics, with its source, its units and its errors. The same input gives the same
output, whatever the order of its rows. Does not belong here: Dagster, files, databases, clocks, random seeds that the
caller did not pass, parameters of the statistical office (they are arguments), names of tables. Imports nothing of
`resources`, `assets` or `pipelines`.

Amounts keep the unit they come in unless a docstring says otherwise; shares are ratios in [0, 1]; intervals are
half-open, [valid_from, valid_to). What cannot be computed from its arguments raises `methods.errors.MethodError`.
"""
