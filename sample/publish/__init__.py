"""Writing the sample in the sources' own formats, one module per family of sources.

Belongs here: column names, separators, encodings and the habits of each publisher. Does not belong here: any decision
about who exists or who cooperates.
"""
