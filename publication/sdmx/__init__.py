"""Cooperation-linked gross value added in SDMX: structure, observations, files, checks.

Belongs here: what SDMX demands of `access.cooperation_gva`. Reading other people's SDMX is `resources/readers/sdmx.py`.
pysdmx is imported inside functions, because it is heavy.
"""
