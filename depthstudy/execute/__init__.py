"""Does the runs of a study: trains and measures them, here or in processes side by side."""

from depthstudy.execute.budget import check_budgets
from depthstudy.execute.earlier_runs import check, reopen_shorter
from depthstudy.execute.executors.all_hosts import dismiss, follow
from depthstudy.execute.executors.ray_connection import lead as lead_by_ray
from depthstudy.execute.following import following_share
from depthstudy.execute.measurement import measure, repair_measured
from depthstudy.execute.progress import Event, EventSink, RunFinished
from depthstudy.execute.training import Job, Session, jobs_of
from depthstudy.execute.tuning import Tuned, tune

__all__ = [
    "Event",
    "EventSink",
    "Job",
    "RunFinished",
    "Session",
    "Tuned",
    "check",
    "check_budgets",
    "dismiss",
    "follow",
    "following_share",
    "jobs_of",
    "lead_by_ray",
    "measure",
    "reopen_shorter",
    "repair_measured",
    "tune",
]
