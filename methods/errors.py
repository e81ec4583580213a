"""The errors of methods: arguments from which no number can be made.

Belongs here: exception classes. They are `ValueError`s and know nothing of deliveries or tables; the caller, who knows
where the figures came from, adds that when it reports them.
"""

from __future__ import annotations


class MethodError(ValueError):
    """The arguments contradict each other or the method; the message names the figures."""


class ReconciliationError(MethodError):
    """Cells cannot be brought to their totals: inconsistent, impossible or not converging margins."""
