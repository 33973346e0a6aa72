"""On how many threads the course computes.

The number follows OMP_NUM_THREADS, if the learner has set it, and else what the system allows: the
container's quota of processor time and the processors that this process may run on.
"""

import math
import os
import re
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUPS = Path("/proc/self/cgroup")


def thread_count():
    """Return the number of threads to compute on.

    Returns
    -------
    int
        The learner's OMP_NUM_THREADS, or else as many as there is processor time for, rounded up;
        at least 1.
    """
    return learners_count() or max(1, math.ceil(min(_processors(), _quota())))


def learners_count():
    """Return the number of threads in OMP_NUM_THREADS, as OpenMP reads it.

    Returns
    -------
    int or None
        The first number of a list such as "4,2", which is the one that counts here. None where
        the variable is missing or no list of positive numbers, which OpenMP ignores.
    """
    text = os.environ.get("OMP_NUM_THREADS", "")
    if not re.fullmatch(r"\s*\+?\d{1,9}\s*(,\s*\+?\d{1,9}\s*)*", text, re.ASCII):
        return None
    counts = [int(part) for part in text.split(",")]
    return counts[0] if min(counts) > 0 else None


def _processors():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota():
    """Return how many processors' time the cgroups leave this process, which may be infinite."""
    quotas = [math.inf]
    for folder in _cgroup_folders():
        for read in (_quota_of_version_2, _quota_of_version_1):
            try:
                quota, period = read(folder)
                quotas.append(quota / period if quota > 0 else math.inf)
            except (OSError, ValueError, ZeroDivisionError):
                continue  # no such file, or "max", where there is no limit
    return min(quotas)


def _quota_of_version_2(folder):
    quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
    return int(quota), int(period)


def _quota_of_version_1(folder):
    names = ("cpu.cfs_quota_us", "cpu.cfs_period_us")
    return tuple(int((folder / name).read_text(encoding="ascii")) for name in names)


def _cgroup_folders():
    """Yield the folders of this process's cgroups for processor time, and all above them.

    Every one of them may have a quota. Inside a container the path in OWN_CGROUPS can be the
    host's; the container's own cgroup is then the topmost folder.
    """
    try:
        lines = OWN_CGROUPS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = CGROUPS / "cpu" if controllers else CGROUPS
        folder = Path(f"{top}{os.path.normpath(path)}")
        yield from (parent for parent in (folder, *folder.parents) if parent.is_relative_to(top))
