"""Tables that passed disclosure control, and the gate through which they leave the house (GSBPM 6.3 to 7).

Belongs here: withholding, published tables, the release. Does not belong here: any figure that is not published.
"""
