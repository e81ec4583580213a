"""Readers of publishers' formats, one module per family of formats.

Belongs here: turning the bytes of one file into rows of text under the source's own column names. Does not belong
here: types, rules, joins; those come from the contract of the table.
"""
