"""Firm-level statistics and the figures made of them (GSBPM 5.4 to 5.7, 6.1, 6.2).

Belongs here: value added, calibration to national accounts, who cooperates in which year, cooperation-linked GVA with
the verdict of the primary disclosure rules. Does not belong here: anything that leaves the house (access).
"""
