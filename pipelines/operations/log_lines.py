"""Structured logs: JSON lines with run, job and asset in `<home>/logs/`, one file a day, beside what a terminal shows.

Belongs here: what a line holds and where it goes. Does not belong here: how long files stay
(`pipelines.operations.maintenance`). Dagster hands its records to `LogLines` because `dagster.yaml` names it under
`python_logs`; everything else goes through the logger `coopgva`.

Several processes write the same file, so every line is one `write` to a file opened for appending, and a new day is a
new file: renaming files under other processes would lose lines. No traceback, no metadata and no message of an error
that nobody foresaw is written: they may hold figures or rows. Secrets of the environment are masked.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipelines.operations.alert_settings import scrub
from pipelines.operations.last_refresh import reason_of_step, without_figures
from resources.home import Home

LOGS = "logs"
_TOLD_EVENTS = frozenset(
    {"STEP_START", "STEP_SUCCESS", "STEP_FAILURE", "STEP_UP_FOR_RETRY", "ASSET_CHECK_EVALUATION"}
    | {f"PIPELINE_{word}" for word in ("START", "SUCCESS", "FAILURE", "CANCELED")}
)


def log_folder(home: Home) -> Path:
    """Where the lines are."""
    return home.root / LOGS


class LogLines(logging.Handler):
    """Writes records as JSON lines into a home's folder of logs.

    Args:
        home: the home; the one of the environment by default, asked for each line.
        level: the lowest level written; Dagster tells most of a run's events at the lowest.
    """

    def __init__(self, home: Home | None = None, level: int | str = logging.DEBUG) -> None:
        super().__init__(level)
        self._home = home

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a disk that takes none must not stop the work that is logged."""
        line = as_line(record)
        if line is None:
            return
        day = dt.datetime.fromtimestamp(record.created, dt.UTC).date()
        with suppress(OSError):
            folder = log_folder(self._home or Home.from_environment())
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / f"coopgva-{day.isoformat()}.jsonl"
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, (json.dumps(line, ensure_ascii=False) + "\n").encode())
            finally:
                os.close(descriptor)


def as_line(record: logging.LogRecord) -> dict[str, Any] | None:
    """The line of a record; None for Dagster's own chatter."""
    meta = getattr(record, "dagster_meta", None) or {}
    event = meta.get("dagster_event")
    if event is None and (record.levelno < logging.INFO or _is_consequence(meta)):
        return None
    if event is not None and not _is_told(event):
        return None
    step = meta.get("step_key")
    line = {
        "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "run_id": meta.get("run_id") or getattr(record, "run_id", None),
        "job": meta.get("job_name"),
        "asset": step.replace("__", ".") if step else None,
        "event": event.event_type_value.lower() if event is not None else None,
        "message": scrub(_message(record, meta, event)),
    }
    return {name: value for name, value in line.items() if value}


def _is_consequence(meta: dict[str, Any]) -> bool:
    """Dagster calls every step an error that is left out because one before it failed: dozens for one cause."""
    return str(meta.get("orig_message") or "").startswith("Dependencies for step")


def _is_told(event: Any) -> bool:
    """A check that passed is no news: there are hundreds a night."""
    if event.event_type_value == "ASSET_CHECK_EVALUATION":
        return not event.asset_check_evaluation_data.passed
    return event.event_type_value in _TOLD_EVENTS


def _message(record: logging.LogRecord, meta: dict[str, Any], event: Any) -> str:
    if event is None:
        return without_figures(meta.get("orig_message") or record.getMessage())
    kind = event.event_type_value
    if kind == "STEP_FAILURE":
        return reason_of_step(event.step_failure_data)
    if kind == "ASSET_CHECK_EVALUATION":
        found = event.asset_check_evaluation_data
        severity = "blocks" if found.blocking and found.severity.value == "ERROR" else "warns"
        return f"{found.check_name} failed, {severity}"
    return "" if kind in ("PIPELINE_FAILURE", "STEP_UP_FOR_RETRY") else event.message or ""


def write_lines(home: Home) -> None:
    """Send what this process logs under `coopgva` to the home's lines as well."""
    logger = logging.getLogger("coopgva")
    if not any(isinstance(handler, LogLines) for handler in logger.handlers):
        logger.addHandler(LogLines(home))
        logger.setLevel(logging.INFO)
