"""The sample economy: a generator with known truth that publishes in the sources' own formats.

Belongs here: invented firms, cooperations and deliveries, and the truth behind them. Does not belong here: anything
that reads, links, estimates or publishes statistics. Nothing is imported from the other rooms, so that a defect there
cannot hide itself in the test material.

`sample.generate.generate(firms, seed, out)` writes everything. One module holds one subject: `classification` (typed
reference facts), `national_accounts` (published totals and their allocation), `economy` (legal units), `names`,
`identifiers`, `cooperations` and `projects` (who works with whom), `value_added` (true value added), `accounts` (what
firms report), `dirt` (what happens to names on the way), `truth` (shares by year and variant), `publish` (files).
"""
