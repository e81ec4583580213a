"""What is outside: deliveries, readers of their formats, lake, engine, expectations, warehouse.

Belongs here: everything that touches files, networks, databases or clocks. Does not belong here: Dagster, statistical
methods, knowledge of a particular table. Imports nothing from `assets`, `pipelines` or `methods`.
"""
