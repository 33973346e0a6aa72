"""The benchmark is a command, not a test: here it only has to run, and to count right."""

import json
import sys

import numpy
import pytest

from tools import bench


def test_it_prints_a_table_and_writes_its_figures(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(bench.browser, "CHROMIUM", None)
    path = tmp_path / "figures.json"
    monkeypatch.setattr(sys, "argv", ["bench", "--changes", "5", "--json", str(path)])
    bench.main()
    printed = capsys.readouterr().out
    assert "Left out: the browser" in printed
    figures = json.loads(path.read_text())
    assert list(figures["milliseconds"]) == ["in the kernel"]
    for name, row in figures["milliseconds"]["in the kernel"].items():
        assert name in printed
        assert row["changes"] == 5
        assert 0 < row["least"] <= row["median"] <= row["95th percentile"] <= row["most"]
    assert figures["machine"]["cores"] >= 1


def test_the_summary_of_known_seconds():
    row = bench.summary(numpy.arange(1, 102) / 1000)
    assert row == pytest.approx(
        {"changes": 101, "median": 51, "95th percentile": 96, "least": 1, "most": 101}
    )


def test_every_change_is_another_setting():
    explorer = bench.convolution.explore_convolution()
    controls = [explorer.controls[name] for name in ("filter_rows", "filter_flip", "border_mode")]
    rng = numpy.random.RandomState(0)
    for _ in range(20):
        before = explorer.settings()
        assert bench.change_one(controls, rng) > 0
        assert explorer.settings() != before


def test_what_a_control_can_take():
    controls = bench.convolution.explore_convolution().controls
    assert list(bench.choices(controls["filter_rows"])) == list(range(1, 32))
    assert bench.choices(controls["filter_flip"]) == [False, True]
    assert bench.choices(controls["border_mode"]) == ["valid", "half", "full"]
    assert "own" not in bench.choices(controls["filter_name"])
    assert len(bench.choices(controls["own"])) == len(bench.choices(controls["upload"])) == 0
