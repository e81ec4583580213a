"""Statistical disclosure control: which cells are unsafe, what else must be withheld, and the proof that it suffices.

Belongs here: pure functions on contributions and linked systems of cells. Does not belong here: files, tables of the
lake, parameters of the office. `rules` finds the primary cells, `system` describes everything that is or was published,
`protection` chooses the secondary suppressions, `attack` and `certificate` show what an intruder can still work out.
"""

from __future__ import annotations

from methods.disclosure.attack import intervals
from methods.disclosure.certificate import certify
from methods.disclosure.protection import Suppression, protect
from methods.disclosure.rules import RULE_FLAGS, PrimaryResult, PrimaryRules, primary, primary_cells
from methods.disclosure.system import LinkedSystem, linked_system

__all__ = [
    "RULE_FLAGS",
    "LinkedSystem",
    "PrimaryResult",
    "PrimaryRules",
    "Suppression",
    "certify",
    "intervals",
    "linked_system",
    "primary",
    "primary_cells",
    "protect",
]
