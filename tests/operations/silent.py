"""A watcher of refreshes that shows nothing."""

from __future__ import annotations

from pipelines.refresh import Plan, Step


class Silent:
    """Takes everything and shows nothing."""

    def waiting(self) -> None:
        """Nothing."""

    def abandoned(self, runs: int) -> None:
        """Nothing."""

    def fetching(self, table: str, number: int, of: int) -> None:
        """Nothing."""

    def planned(self, plan: Plan) -> None:
        """Nothing."""

    def started(self, asset: str) -> None:
        """Nothing."""

    def finished(self, step: Step) -> None:
        """Nothing."""
