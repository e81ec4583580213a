"""Children that compute: the same results as alone, errors as they were, and nobody left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from methods.errors import MethodError
from resources.errors import DeliveryError
from resources.home import REPOSITORY
from resources.processes import WorkerDiedError, in_processes

GONE_WITHIN = 10.0


def slow_root(number: int, seconds: float) -> tuple[float, int]:
    time.sleep(seconds)
    print("a word on standard output does no harm")
    return number**0.5, os.getpid()


def refuse(number: int) -> int:
    if number == 1:
        raise MethodError("cell x cannot be protected")
    if number == 2:
        raise DeliveryError("line 3 is short", where="accounts.csv", action="ask for it again")
    return number


class AwkwardError(Exception):
    """Cannot be pickled back: its constructor wants more than its message."""

    def __init__(self, what: str, more: str) -> None:
        super().__init__(what)


def fail_awkwardly(number: int) -> None:
    raise AwkwardError(f"number {number}", "more")


def test_results_are_in_order_and_the_same_with_one_worker() -> None:
    jobs = [(4, 0.3), (9, 0.0), (16, 0.1), (25, 0.0)]
    alone, together = in_processes(slow_root, jobs, workers=1), in_processes(slow_root, jobs, workers=2)
    assert [root for root, _ in alone] == [root for root, _ in together] == [2.0, 3.0, 4.0, 5.0]
    assert {process for _, process in alone} == {os.getpid()}
    processes = {process for _, process in together}
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert not any(psutil.pid_exists(process) for process in processes)


def test_one_job_needs_no_process() -> None:
    assert in_processes(os.getpid, [()]) == [os.getpid()]
    assert in_processes(os.getpid, []) == []


def test_errors_come_back_as_they_were() -> None:
    with pytest.raises(MethodError, match="cell x cannot be protected") as refused:
        in_processes(refuse, [(0,), (1,), (2,)])
    assert str(refused.value) == "cell x cannot be protected"
    assert "in refuse" in "".join(refused.value.__notes__)
    with pytest.raises(DeliveryError) as broken:
        in_processes(refuse, [(0,), (2,), (1,)])
    assert str(broken.value) == "accounts.csv: line 3 is short; ask for it again"
    assert broken.value.where == "accounts.csv"
    with pytest.raises(RuntimeError, match=r"AwkwardError: number 0"):
        in_processes(fail_awkwardly, [(0,), (1,)])


def test_a_killed_child_is_one_clear_error() -> None:
    with pytest.raises(WorkerDiedError, match="a worker process was ended by signal 9 before its work was done"):
        in_processes(signal.raise_signal, [(signal.SIGKILL,), (signal.SIGKILL,)])


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_child_outlives_the_parent(by: signal.Signals) -> None:
    script = (
        "import signal, time; from resources.processes import in_processes\n"
        "signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
        "in_processes(time.sleep, [(100,)] * 4)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while len(children := psutil.Process(parent.pid).children()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)  # until both are at work
        parent.send_signal(by)
        assert parent.wait(GONE_WITHIN) != 0
        _, alive = psutil.wait_procs(children, timeout=GONE_WITHIN)
        assert not alive
    finally:
        parent.kill()
        parent.wait()
