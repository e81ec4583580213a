"""Shows a refresh to a person: a bar on a terminal, one line per step everywhere.

Knows how things look, nothing of how they are done.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from pipelines.refresh import Plan, Step


@contextmanager
def own_stderr() -> Iterator[TextIO]:
    """A text stream to the terminal that stays there while Dagster redirects descriptor 2 into a run's log."""
    with os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace") as stream:
        yield stream


class ProgressDisplay:
    """The watcher of `coopgva refresh`."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=None)

    def __enter__(self) -> ProgressDisplay:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def waiting(self) -> None:
        """Another refresh holds the home."""
        self._line("another refresh is working in this home; waiting for it (Ctrl-C to leave)")
        self._bar.update(self._task, description="waiting")

    def abandoned(self, runs: int) -> None:
        """Runs of killed processes were closed."""
        if runs:
            self._line(f"{_count(runs, 'earlier refresh', 'earlier refreshes')} did not end; resuming the work")

    def fetching(self, table: str, number: int, of: int) -> None:
        """The deliveries of a source table are being fetched."""
        self._bar.update(self._task, description=f"fetching {table}", completed=number - 1, total=of)

    def planned(self, plan: Plan) -> None:
        """The plan is known."""
        if plan.new_deliveries:
            self._line(f"new deliveries: {', '.join(plan.new_deliveries)}")
        for sentence in plan.late:
            self._line(f"[yellow]late[/]  {escape(sentence)}")
        current = plan.tables - len(plan.missing)
        if plan.steps is None:
            self._line(f"running every step of {plan.tables} tables and the release")
        elif plan.missing:
            self._line(f"{_count(len(plan.missing), 'table')} to compute, {current} of {plan.tables} are current")
        else:
            self._line(f"all {plan.tables} tables are current; confirming the published ones")
        total = plan.tables + 1 if plan.steps is None else len(plan.steps)
        self._bar.update(self._task, description="starting", completed=0, total=total)

    def started(self, asset: str) -> None:
        """A step started."""
        self._bar.update(self._task, description=asset)

    def finished(self, step: Step) -> None:
        """A step ended."""
        self._bar.advance(self._task)
        rows = "" if step.rows is None else f"{step.rows:,} rows"
        state, mark = ("unchanged", "[dim]=[/]") if step.is_reused else ("computed", "[green]+[/]")
        if step.error:
            state, mark = "failed", "[red]x[/]"
        elif step.rows is None:
            state, mark = "done", "[green]+[/]"
        self._line(f"{mark} {step.asset:<44} {rows:>18}  {state:<9} {step.seconds:6.1f} s")
        if step.error:
            self._line(f"  {escape(step.error)}")

    def _line(self, text: str) -> None:
        self.console.print(text, highlight=False, soft_wrap=True)


def _count(number: int, singular: str, plural: str = "") -> str:
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
