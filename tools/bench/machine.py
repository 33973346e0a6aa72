"""What this machine is, as far as it decides on speed."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

from lenet_helpers.fast import threads

import numpy
import scipy.linalg  # loads the OpenBLAS that Theano links
import theano
import threadpoolctl

from tools.bench import ENVIRONMENT

# Settings of threads, BLAS and memory, and of the course itself.
SETTINGS = ("OMP_", "GOMP_", "KMP_", "OPENBLAS_", "MKL_", "MALLOC_")
SETTINGS += ("LENET_FAST", "LENET_PORTABLE")
INSTRUCTIONS = ("avx", "avx2", "fma", "avx512f", "avx512bw", "amx_tile", "neon", "asimd")
CORES_BY_QUOTA = (
    ("/sys/fs/cgroup/cpu.max", "/sys/fs/cgroup/cpu.max"),
    ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
)


def machine(torch_python):
    """Return what this machine is, as a dict of texts and numbers."""
    blas = [
        f"OpenBLAS {part['version']} for {part.get('architecture', '?')}"
        for part in threadpoolctl.threadpool_info()
        if part["user_api"] == "blas"
    ]
    return {
        "measured on": datetime.date.today().isoformat(),
        "commit of": commit(),
        "processor": processor(),
        "instructions": " ".join(name for name in INSTRUCTIONS if name in instructions()),
        "cores": os.cpu_count(),
        "cores to use": usable_cores(),
        "quota": quota(),
        "threads": threads.thread_count(),
        "load at the start": round(os.getloadavg()[0], 2),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
        "theano-pymc": theano.__version__,
        "torch": torch_version(torch_python),
        "BLAS": ", ".join(sorted(set(blas))),
        "compiler": Path(theano.config.cxx).name,
        "compiler flags": theano.config.gcc__cxxflags,
        **{
            name: value
            for name, value in sorted(ENVIRONMENT.items())
            if name.startswith(SETTINGS) and "/" not in value
        },
    }


def usable_cores():
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def torch_version(python):
    """Return the version of PyTorch that a Python has, or an empty text."""
    if not python:
        return ""
    done = subprocess.run(
        [python, "-c", "import torch; print(torch.__version__)"], capture_output=True, text=True
    )
    return done.stdout.strip()


def commit():
    """Return the date of the commit that is measured, or an empty text."""
    done = subprocess.run(
        ["git", "log", "-1", "--format=%cs"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def processor():
    """Return the processor's name."""
    return _cpuinfo("model name") or platform.processor()


def instructions():
    """Return the names of the processor's instruction sets, as Linux has them."""
    return (_cpuinfo("flags") or _cpuinfo("Features")).split()


def quota():
    """Return how many cores' time the container may use, or an empty text."""
    for first, second in CORES_BY_QUOTA:
        if Path(first).exists() and Path(second).exists():
            numbers = [Path(path).read_text(encoding="utf-8").split() for path in (first, second)]
            limit, period = numbers[0][0], numbers[1][-1]
            return int(limit) / int(period) if limit.isdigit() else ""
    return ""


def _cpuinfo(name):
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = [line.partition(":")[2].strip() for line in lines if line.startswith(name)]
    return found[0] if found else ""
