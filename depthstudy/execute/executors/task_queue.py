"""Tasks that nobody is at yet, and which of them a process takes next."""

from __future__ import annotations

import collections
from collections.abc import Collection, Iterable

from depthstudy.execute.executors.executor import ExecutorTask


class TaskQueue:
    """The tasks of a call, for processes that each keep what they compiled for the last one."""

    def __init__(self, tasks: Iterable[ExecutorTask], processes: int) -> None:
        """Opens tasks, in the order in which they should begin, for so many processes."""
        self._tasks = list(tasks)
        self._open = dict.fromkeys(range(len(self._tasks)))
        self._again: list[int] = []  # that were put back
        self._processes = processes

    @property
    def is_open(self) -> bool:
        """Whether there are tasks that nobody is at."""
        return bool(self._open or self._again)

    def take(self, last: str, elsewhere: Collection[str]) -> tuple[int, ExecutorTask]:
        """Returns the number of a task and the task, which are no more open.

        One that was put back comes first. One that is more than an even share of the open work has
        to begin at once. Else it is one about what the process did last, else about what no other
        process is at, that of which most work is open, else any.

        Args:
          last: What the last task of the process was about.
          elsewhere: What those are about that other processes are at.
        """
        if self._again:
            first = self._again.pop()
            return first, self._tasks[first]
        work: dict[str, float] = collections.defaultdict(float)
        for number in self._open:
            work[self._tasks[number].about] += self._tasks[number].work
        first = next(iter(self._open))
        if self._tasks[first].work * self._processes <= sum(work.values()):
            free = [about for about in work if about not in elsewhere] or list(work)
            about = last if last in work else max(free, key=work.__getitem__)
            first = next(n for n in self._open if self._tasks[n].about == about)
        del self._open[first]
        return first, self._tasks[first]

    def put_back(self, number: int) -> None:
        """Opens a task again, before all others."""
        self._again.append(number)
