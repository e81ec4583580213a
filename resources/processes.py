"""Work on several cores: a function called for many arguments in child processes.

Belongs here: starting children, sending them work, and seeing that none outlives the parent. Does not belong here: what
they compute.

The children are interpreters of their own, started by name (`python -m resources.processes`), for three reasons: the
parent has threads of Dagster and DuckDB, so it must not be forked; `multiprocessing` would import the parent's main
program into each child, which for Dagster costs seconds and hundreds of megabytes; and its children wait for ever when
the parent is killed. These end with the parent, whatever ended it: their input closes, and on Linux the kernel kills
them.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, TypeVar

from resources.errors import CoopgvaError
from resources.home import REPOSITORY

Result = TypeVar("Result")

WORKERS = 2
"""Children at once: the machine this is made for has two cores, and each takes memory."""

PR_SET_PDEATHSIG = 1


class WorkerDiedError(CoopgvaError):
    """A child ended without an answer, most often for lack of memory."""

    def __init__(self, code: int) -> None:
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        super().__init__(f"a worker process {how} before its work was done", action="see to free memory and run again")


def in_processes(
    function: Callable[..., Result], jobs: Sequence[tuple[Any, ...]], workers: int = WORKERS
) -> list[Result]:
    """Calls a function once for each tuple of arguments, several at a time in processes of their own.

    Args:
        function: of a module, found by its name; the module and what it imports should be light.
        jobs: arguments of each call; they and the results are pickled.
        workers: most processes; one, or one job, is done in this process.

    Returns:
        The results in the order of the jobs, the same whatever the number of workers.

    Raises:
        WorkerDiedError: a child was killed.
        Exception: what the function raised, for the first job in order that failed; the others are given up.
    """
    count = min(workers, len(jobs))
    if count <= 1:
        return [function(*job) for job in jobs]
    children: list[_Child] = []
    pool = ThreadPoolExecutor(count)
    idle: queue.SimpleQueue[_Child] = queue.SimpleQueue()

    def work(job: tuple[Any, ...]) -> Result:
        child = idle.get()
        result: Result = child.call(function, job)
        idle.put(child)
        return result

    try:
        # started by the thread that waits for them: the kernel ends a child with the thread that started it
        for _ in range(count):
            children.append(_Child())
            idle.put(children[-1])
        waiting = [pool.submit(work, job) for job in jobs]
        return [each.result() for each in waiting]
    finally:
        # an interrupt must not wait for work nobody wants any more
        pool.shutdown(wait=False, cancel_futures=True)
        for child in children:
            child.kill()
            idle.put(child)
        pool.shutdown(wait=True)
        for child in children:
            child.close()


class _Child:
    """A process that answers one call after the other."""

    def __init__(self) -> None:
        path = os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )

    def call(self, function: Callable[..., Any], job: tuple[Any, ...]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            pickle.dump((function, job), self._process.stdin)
            self._process.stdin.flush()
            is_done, answer = pickle.load(self._process.stdout)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            raise WorkerDiedError(self._process.wait()) from None
        if is_done:
            return answer
        raise answer

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except BrokenPipeError:  # a job that was never read
                continue


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """The life of a child: calls in, answers out, until the parent closes its end or is no more."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # Ctrl-C goes to every process of a terminal; the parent answers it for all
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    calls: queue.SimpleQueue[tuple[Callable[..., Any], tuple[Any, ...]]] = queue.SimpleQueue()

    def read() -> None:
        try:
            while True:
                calls.put(pickle.load(requests))
        except EOFError:
            # at once, also in the middle of a call
            os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    with ThreadPoolExecutor(1) as worker:
        while True:
            function, job = calls.get()
            done = worker.submit(function, *job)
            error = done.exception()
            answers.write(pickle.dumps((True, done.result()) if error is None else (False, _portable(error))))
            answers.flush()


def _portable(error: BaseException) -> BaseException:
    """The error with its traceback as a note, in a form that survives the way to the parent."""
    story = "".join(traceback.format_exception(error))
    error.add_note(story)
    try:
        pickle.loads(pickle.dumps(error))
    except (TypeError, AttributeError, pickle.PicklingError):
        return RuntimeError(f"{type(error).__name__}: {error}\n{story}")
    return error


def main() -> None:
    """Serves the parent on the standard streams; whatever else would be printed goes to standard error."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
