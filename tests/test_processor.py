"""The compiler's options for this processor: found with every compiler, asked for once."""

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

from lenet_helpers.compiling import processor

import pytest
from theano.link.c import cmodule


def test_the_processor_is_remembered_for_this_compiler_only(monkeypatch, tmp_path):
    asked = []
    settings = SimpleNamespace(compiledir=str(tmp_path), gcc__cxxflags="")
    monkeypatch.setattr(processor, "config", settings)

    def ask(march_flags=True):
        if cmodule.GCC_compiler.march_flags is None:
            asked.append(settings.cxx)
            cmodule.GCC_compiler.march_flags = ["-msse2"]
        return cmodule.GCC_compiler.march_flags

    monkeypatch.setattr(processor, "options_of_clang", lambda: None)
    for name, times in (("ls", 1), ("ls", 1), ("cat", 2)):
        settings.cxx = shutil.which(name)
        monkeypatch.setattr(cmodule.GCC_compiler, "march_flags", None)
        assert processor.remember_processor(ask, None, (), {}) == ["-msse2"]
        assert len(asked) == times
    next(tmp_path.iterdir()).write_text("{}")
    monkeypatch.setattr(cmodule.GCC_compiler, "march_flags", None)
    processor.remember_processor(ask, None, (), {})
    assert len(asked) == 3


@pytest.mark.skipif(not shutil.which("clang++"), reason="left out: clang++ is not installed")
@pytest.mark.skipif(sys.platform != "linux", reason="left out: Theano knows macOS's clang")
def test_clang_compiles_for_this_processor(monkeypatch):
    monkeypatch.setattr(processor.config, "cxx", shutil.which("clang++"))
    monkeypatch.setattr(cmodule.GCC_compiler, "march_flags", None)
    options = processor.options_of_clang()
    assert options[0].startswith("-march=")
    command = [shutil.which("clang++"), "-dM", "-E", "-x", "c++", os.devnull]
    native, ours = (
        subprocess.run([*command, *more], capture_output=True, check=True).stdout
        for more in (["-march=native"], options)
    )
    assert ours == native


def test_other_compilers_are_left_to_theano(monkeypatch):
    monkeypatch.setattr(processor.config, "cxx", shutil.which("cat"))
    assert processor.options_of_clang() is None
