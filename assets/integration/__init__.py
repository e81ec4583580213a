"""One picture of firms, cooperations and their links, made of all sources (GSBPM 5.1, 5.2).

Belongs here: harmonised national accounts, legal units, participants, their identity, participations. Does not belong
here: money computed per firm, shares (interpretation), typing of deliveries (source).
"""
