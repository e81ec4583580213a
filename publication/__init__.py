"""The forms in which a release leaves the house: SDMX, CSV, Parquet, XLSX, data package, quality report, page.

Belongs here: how published tables are written, and the checks that what was written says what the table says. Does not
belong here: what may be published (`methods/disclosure`, `assets/access`), when (`pipelines`), how numbers are made.
Only tables of the layer `access` come in; but for the published shares of earlier vintages (`revisions`) nothing here
opens a lake.
"""
