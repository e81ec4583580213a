"""Source layer: deliveries as received, typed and checked under their contracts; rejected rows in quarantine.

Belongs here: one module per subject that declares its tables and the checks across them. Does not belong here: reading
formats (`resources.readers`), the rules of single columns (`contracts/source`), or putting sources together
(`assets.integration`).
"""
