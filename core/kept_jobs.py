"""Jobs that a living worker holds without working on them. 被占用的作业

When the database goes away just as a job is handed out or ends, its row goes on saying that this
worker has it; the worker's heartbeat goes on too, so that nobody takes it for stalled.
"""

import logging
from collections.abc import Awaitable, Callable

from procrastinate.job_context import JobContext
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.worker import Worker

log = logging.getLogger(__name__)


class KeptJobs:
    """What one worker has in hand, and what the queue says that it has.

    A job in the queue's list alone at two looks in a row is handed out again: between two looks
    there is time enough to write down the end of one that has just been done.
    """

    def __init__(self) -> None:
        self._worker_id: int | None = None
        self._in_hand: set[int] = set()
        self._suspects: set[tuple[int, int]] = set()

    async def watch(
        self, work: Callable[[], Awaitable[object]], context: JobContext, worker: Worker
    ) -> object:
        """Around every job of the worker, as its library's middleware."""
        self._worker_id = worker.worker_id
        job_id = context.job.id
        assert job_id is not None
        self._in_hand.add(job_id)
        try:
            return await work()
        finally:
            self._in_hand.discard(job_id)

    async def find(self, manager: JobManager) -> list[Job]:
        """Those to be handed out again."""
        if self._worker_id is None:
            return []
        listed = await manager.list_jobs_async(status="doing", worker_id=self._worker_id)
        idle = {(job.id, job.attempts): job for job in listed if job.id not in self._in_hand}
        kept = [job for key, job in idle.items() if key in self._suspects]
        self._suspects = {(id_, attempts) for id_, attempts in idle if id_ is not None}
        return kept
