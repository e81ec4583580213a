"""What exists: one asset per table, one module per subject, the layers' folders in the order data runs.

Belongs here: which table is made from which inputs by which step. Does not belong here: the steps themselves (`sql/`,
`methods/`), files and connections (`resources/`), schedules and jobs (`pipelines/`).
"""
