"""Who takes which task, where each process keeps what it has compiled last."""

from __future__ import annotations

import heapq

from depthstudy.execute.executors.executor import ExecutorTask
from depthstudy.execute.executors.task_queue import TaskQueue


def dealt(works: dict[str, list[float]], processes: int) -> tuple[list[list[str]], float]:
    """Returns what the tasks of each process are about, and when the last one is done."""
    pairs = sorted(((work, about) for about in works for work in works[about]), reverse=True)
    queue = TaskQueue([ExecutorTask((), about, work) for work, about in pairs], processes)
    free, done = [(0.0, process) for process in range(processes)], [[] for _ in range(processes)]
    at: dict[int, tuple[float, str]] = {}
    while queue.is_open:
        now, process = heapq.heappop(free)
        last = done[process][-1] if done[process] else ""
        elsewhere = {about for end, about in at.values() if end > now}
        _, task = queue.take(last, elsewhere)
        done[process].append(task.about)
        at[process] = now + task.work, task.about
        heapq.heappush(free, (now + task.work, process))
    return done, max(end for end, _ in free)


def compilations(done: list[list[str]]) -> int:
    return sum(a != b for abouts in done for a, b in zip(["", *abouts], abouts, strict=False))


def test_each_net_is_compiled_once_where_it_costs_no_time() -> None:
    works = {"plain56": [2.8] * 5, "resnet56": [2.8] * 5, "plain8": [0.3] * 5, "resnet8": [0.3] * 5}
    done, end = dealt(works, 2)
    assert compilations(done) == 4
    assert end < 1.01 * sum(map(sum, works.values())) / 2


def test_who_is_done_helps_the_others() -> None:
    done, end = dealt({"deep": [3.0] * 6, "shallow": [1.0] * 2}, 2)
    assert end == 11
    assert done == [["deep"] * 3, ["shallow"] * 2 + ["deep"] * 3]


def test_the_longest_begin_at_once() -> None:
    """Whoever took the short ones first would be done with the long ones at 52."""
    done, end = dealt({"deep": [42.0, 42.0], "shallow": [5.0, 5.0]}, 2)
    assert end == 47
    assert [abouts[0] for abouts in done] == ["deep", "deep"]


def test_what_was_put_back_comes_first() -> None:
    queue = TaskQueue(
        [ExecutorTask((), "deep", 3.0)] * 3 + [ExecutorTask((), "shallow", 1.0)] * 3, 2
    )
    assert queue.take("", ())[0] == 0
    assert queue.take("", {"deep"})[0] == 3
    queue.put_back(3)
    assert queue.take("", {"shallow"})[0] == 3  # though most of what is open is about the other
    queue.put_back(0)
    assert queue.take("shallow", {"shallow"})[0] == 0
    assert queue.take("shallow", {"deep"})[0] == 4


def test_tasks_about_nothing_keep_their_order() -> None:
    queue = TaskQueue([ExecutorTask((number,)) for number in range(4)], 2)
    taken = [queue.take("", {""})[0] for _ in range(2)]
    queue.put_back(1)
    while queue.is_open:
        taken.append(queue.take("", {""})[0])
    assert taken == [0, 1, 1, 2, 3]
