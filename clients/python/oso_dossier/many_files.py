"""Many files checked on all cores, told in the order they were given."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from oso_dossier.reading import DEFAULT_LIMIT
from oso_dossier.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from concurrent.futures import Future
    from typing import BinaryIO

    from oso_dossier.verdict import Question, Verdict

STDIN = "-"
"""The name that stands for standard input."""

_WORTH_A_PROCESS = 16  # files; fewer are done before another process has started
_LARGEST_PIECE = 16  # files given to a process at a time
_AHEAD = 4  # pieces for each process that may wait to be told


def files_of(arguments: Sequence[str]) -> list[str]:
    """Give the files that are meant: of a folder all below it that end in `.xml`, sorted.

    A folder in which none can be found is given itself: its verdict will say so.
    """
    names: list[str] = []
    for argument in arguments:
        if argument != STDIN and Path(argument).is_dir():
            names += _below(argument) or [argument]
        else:
            names.append(argument)
    return names


def _below(folder: str) -> list[str]:
    names: list[str] = []
    closed: list[str] = []
    for where, folders, files in os.walk(folder, onerror=lambda one: closed.append(one.filename)):
        folders.sort()
        names += [str(Path(where, one)) for one in sorted(files) if one.lower().endswith(".xml")]
    return names + closed


def verdicts(
    names: Sequence[str], question: Question, stdin: BinaryIO, jobs: int | None = None
) -> Generator[Verdict, None, None]:
    """Check files; give the verdicts in the order of the names.

    Args:
        names: Paths, or `-` for standard input.
        question: What is asked of each.
        stdin: Standard input.
        jobs: How many processes check; None: as many as there are cores, as far as it pays.

    Raises:
        concurrent.futures.process.BrokenProcessPool: A process was ended from outside.

    """
    if jobs is None:
        jobs = min(_cores(), 1 + len(names) // _WORTH_A_PROCESS)
    # The first one is checked here, always: what that compiles, processes that are forks then have.
    for name in names if jobs == 1 else names[:1]:
        yield _here(name, question, stdin)
    if jobs > 1:
        yield from _in_processes(names[1:], question, stdin, jobs)


def _in_processes(
    names: Sequence[str], question: Question, stdin: BinaryIO, jobs: int
) -> Iterator[Verdict]:
    waiting: deque[Future[list[Verdict]] | str] = deque()

    def told() -> Iterator[Verdict]:
        one = waiting.popleft()
        if isinstance(one, str):
            yield _here(one, question, stdin)
        else:
            yield from one.result()

    pool = ProcessPoolExecutor(
        jobs, multiprocessing.get_context(_start_method()), initializer=_leave_interrupts
    )
    try:
        for piece in _pieces(names, max(1, min(_LARGEST_PIECE, len(names) // (jobs * _AHEAD)))):
            waiting.append(
                piece if isinstance(piece, str) else pool.submit(_check_all, piece, question)
            )
            if len(waiting) > jobs * _AHEAD:
                yield from told()
        while waiting:
            yield from told()
    finally:
        pool.shutdown(cancel_futures=True)


def _pieces(names: Sequence[str], size: int) -> Iterator[list[str] | str]:
    """Cut the names into pieces for a process; what only this process can read stands alone."""
    piece: list[str] = []
    for name in names:
        mine = not Path(name).is_file()  # standard input, a pipe; or nothing, which takes no time
        if piece and (mine or len(piece) == size):
            yield piece
            piece = []
        if mine:
            yield name
        else:
            piece.append(name)
    if piece:
        yield piece


def _here(name: str, question: Question, stdin: BinaryIO) -> Verdict:
    if name == STDIN:
        return verdict(name, question, stdin.read(DEFAULT_LIMIT + 1))
    return verdict(name, question)


def _check_all(names: list[str], question: Question) -> list[Verdict]:
    return [verdict(name, question) for name in names]


def _leave_interrupts() -> None:
    """Ctrl-C is for the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _start_method() -> str:
    """Fork where that is safe: it takes no time, and the others have to load everything again.

    It is safe in a process with one thread, as the command is. Others may hold locks that nobody
    in the new process would ever release.
    """
    threads = Path("/proc/self/task")
    if threads.is_dir() and len(list(threads.iterdir())) == 1:
        return "fork"
    known = multiprocessing.get_all_start_methods()
    return "forkserver" if "forkserver" in known else "spawn"
