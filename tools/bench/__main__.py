"""Measure, print tables, and write the figures to a file if one is named."""

import argparse
import importlib.util
import json
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from lenet_helpers.fast import threads

from tools.bench import machine, report
from tools.bench.contestants import ROOT, say

PAGE = ROOT / "docs" / "performance.md"


@dataclass
class Plan:
    """What to measure with: threads, a Python that has PyTorch or None, and how thoroughly."""

    threads: int
    torch: str | None
    quick: bool
    left_out: list = field(default_factory=list)

    def some(self, usually, quickly):
        """Return the one or the other."""
        return quickly if self.quick else usually


def main(arguments=None):
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", default="", help=f"some of: {' '.join(report.TOPICS)}")
    parser.add_argument("--torch", default="", help="a Python that has PyTorch")
    parser.add_argument("--quick", choices=("yes", "no"), help="fewer rounds and no compiling")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    parser.add_argument("--page", type=Path, help="figures to write into docs/performance.md")
    settings = parser.parse_args(arguments)
    if settings.page:
        figures = json.loads(settings.page.read_text(encoding="utf-8"))
        PAGE.write_text(report.page(PAGE.read_text(encoding="utf-8"), figures), encoding="utf-8")
        return 0
    chosen = settings.only.split() or list(report.TOPICS)
    unknown = [name for name in chosen if name not in report.TOPICS]
    if unknown:
        parser.error(f"no such topic: {' '.join(unknown)}; there are {' '.join(report.TOPICS)}")
    torch = settings.torch or (sys.executable if importlib.util.find_spec("torch") else None)
    figures = run(chosen, Plan(threads.thread_count(), torch, settings.quick == "yes"))
    print(report.as_text(figures))
    if settings.json:
        settings.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0 if set(chosen) == set(figures["measured"]) else 1


def run(topics, plan):
    """Measure the topics one after the other; return all figures."""
    about = {"thoroughness": plan.some("all rounds", "a first look, QUICK=yes")}
    about |= machine.machine(plan.torch)
    if not about["torch"]:
        plan.torch = None
        plan.left_out.append("PyTorch: it is not installed (README tells how)")
    measured = {}
    for name in topics:
        # What took minutes must not be lost because of what comes after it.
        try:
            measured[name] = report.TOPICS[name].measure(plan)
        except Exception as error:
            traceback.print_exc()
            plan.left_out.append(f"{name}: {type(error).__name__}: {error}")
    say("done")
    return {"machine": about, "measured": measured, "left out": plan.left_out}


if __name__ == "__main__":
    sys.exit(main())
