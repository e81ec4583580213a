"""The quality report of a release in the order of the Single Integrated Metadata Structure (SIMS 2.0).

Belongs here: the concepts and their texts, what an office completes, indicators that only a release can tell, and the
report as page and table. Does not belong here: indicators that follow from the data (`access.quality_indicator`).
"""
