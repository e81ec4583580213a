"""The forms in which a release leaves the house: SDMX, CSV, Parquet, XLSX, a data package.

Belongs here: how published tables are written, and the checks that what was written says what the table says. Does not
belong here: what may be published (`methods/disclosure`, `assets/access`), when (`pipelines`), how numbers are made.
Only tables of the layer `access` come in; nothing here opens a lake or a warehouse.
"""
