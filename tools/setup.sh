#!/bin/sh
# Set the course up in .venv: sh tools/setup.sh course|test
#
# Nothing is downloaded or written before a fitting Python and a C++ compiler have been found.
# What is already there is kept, so a second call returns at once.
set -eu
unset CDPATH

case ${1-} in
course | test) wanted=$1 ;;
*)
    echo "usage: sh tools/setup.sh course|test" >&2
    exit 2
    ;;
esac
case $0 in
*/*) cd -- "${0%/*}/.." ;;
*) cd .. ;;
esac
here=$(pwd -P)

# Packages that these variables point to would be taken for installed ones.
unset PYTHONPATH PYTHONHOME
# As variables and not as options: the pip of an older Python stops at options it doesn't know.
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_USER=0

# What a Python is: its version, what it lacks (or "nothing"), the path to call it by, the file
# behind that path, the folder of its headers. Python 2 must be able to read this, too.
PROBE='
import os, sys
version, lacks, include = sys.version_info[:3], "nothing", ""
real = os.path.realpath(sys.executable)
if version[:2] not in ((3, 10), (3, 11)):
    lacks = "version"
else:
    import sysconfig
    include = sysconfig.get_path("include")
    if not os.path.isfile(os.path.join(include, "Python.h")):
        lacks = "headers"
    try:
        import ensurepip, venv
    except ImportError:
        lacks = "venv"
# The Python of a virtual environment, perhaps of our own .venv, stands for the one behind it.
inside = getattr(sys, "base_prefix", sys.prefix) != sys.prefix
print("\n".join([".".join(map(str, version)), lacks, real if inside else "", real, include]))
'

# What the set-up depends on: if any of it changes, the set-up runs again.
CHECKSUM='
import hashlib, os, sys
parts = [os.fsencode(text) for text in [os.getcwd(), os.path.realpath(sys.executable)]]
parts.append(repr(sys.version_info[:2]).encode())
for name in sys.argv[1:]:
    with open(name, "rb") as file:
        parts.append(file.read())
print(hashlib.sha256(b"\0".join(parts)).hexdigest())
'

# Fills version, lacks, python, real and include; false if the command doesn't run at all, as
# pyenv's stand-ins for Pythons that are not chosen don't.
probe() {
    answer=$("$1" -c "$PROBE" 2>/dev/null) || return 1
    {
        read -r version
        read -r lacks
        read -r python
        read -r real
        read -r include
    } <<END
$answer
END
    python=${python:-$1}
}

checksum() {
    .venv/bin/python -I -S -c "$CHECKSUM" "$@" 2>/dev/null
}

wanted_checksum() {
    if [ "$1" = test ]; then
        checksum requirements/course.txt requirements/test.txt pyproject.toml
    else
        checksum requirements/course.txt pyproject.toml
    fi
}

content() {
    if [ -f "$1" ]; then
        read -r line <"$1" || :
        printf '%s' "${line-}"
    fi
}

is_set_up() {
    [ -f ".venv/lenet-course/$wanted" ] || return 1
    now=$(wanted_checksum "$wanted") || return 1
    [ "$now" = "$(content ".venv/lenet-course/$wanted")" ] || return 1
    if [ -n "${PYTHON-}" ] && probe "$PYTHON" && [ "$lacks" = nothing ]; then
        [ "$real" = "$(content .venv/lenet-course/python)" ] || return 1
    fi
}

explain() {
    cat >&2 <<END

What installs all that the course needs, whichever line fits:
  Debian, Ubuntu    sudo apt install python$advised-venv python$advised-dev g++
  Fedora            sudo dnf install python$advised-devel gcc-c++
  macOS             brew install python@$advised && xcode-select --install
  any, with conda   conda create -n lenet -c conda-forge python=3.11 cxx-compiler
                    conda activate lenet
A system too new to offer Python $advised has it through conda.
Then run the same command again. Nothing was installed or changed so far.
END
    exit 1
}

# Of all that is found, the first Python with nothing lacking; else the one that is nearest to it.
find_python() {
    found='' nearest=version
    near_version='' near_python=''
    for name in "${PYTHON-}" python3.11 python3.10 python3 python; do
        command=$(command -v "$name" 2>/dev/null) || continue
        probe "$command" || continue
        [ "$lacks" != nothing ] || return 0
        found="$found
  $command is Python $version"
        case $nearest-$lacks in
        version-venv | version-headers | venv-headers)
            nearest=$lacks near_version=$version near_python=$command
            ;;
        esac
    done
    advised=${near_version%.*}
    advised=${advised:-3.11}
    case $nearest in
    version)
        echo "The course needs Python 3.10 or 3.11: its engine, Theano-PyMC, works with no newer one."
        echo "Found:${found:- no Python at all.}"
        echo "A Python in a place of its own can be named: PYTHON=/path/to/python3.11 make lab"
        ;;
    venv)
        echo "$near_python, Python $near_version, is a good one for the course, but its modules venv"
        echo "and ensurepip are missing: many systems put them into a package of their own."
        ;;
    headers)
        echo "$near_python, Python $near_version, is a good one for the course, but its header file"
        echo "Python.h is missing, and Theano compiles against it. It comes with a package of its own."
        ;;
    esac >&2
    explain
}

# Theano turns every network into C++ and compiles it. The package takes the first of these that
# exists, so that one is tried, in earnest.
check_compiler() {
    compiler=
    for name in "${CXX-}" g++ clang++; do
        compiler=$(command -v "$name" 2>/dev/null) && break
    done
    advised=${version%.*}
    if [ -z "$compiler" ]; then
        echo "Python $version is found, but no C++ compiler (g++ or clang++), and Theano needs one." >&2
        explain
    fi
    attempt=$(mktemp -d)
    trap 'rm -rf "$attempt"' EXIT
    cat >"$attempt/attempt.cpp" <<'END'
#include <Python.h>
#include <cmath>
#include <vector>
extern "C" PyObject* attempt(double x) {
    std::vector<double> values(1, std::sqrt(x));
    return PyFloat_FromDouble(values[0]);
}
END
    case $(uname) in
    Darwin) link='-undefined dynamic_lookup' ;; # Python's symbols are found at run time
    *) link= ;;
    esac
    # $link is two words, or none.
    # shellcheck disable=SC2086
    if ! "$compiler" -shared -fPIC $link -I"$include" -o "$attempt/attempt.so" \
        "$attempt/attempt.cpp" 2>"$attempt/errors"; then
        {
            echo "The C++ compiler $compiler is found, but it can't compile a small test. It says:"
            head -n 4 "$attempt/errors"
            [ -z "${CXX-}" ] || echo "The variable CXX names it; unset CXX to let the course choose."
        } >&2
        explain
    fi
    rm -rf "$attempt"
    trap - EXIT
}

# This file says which Python the folder was made with, and where. It is away while pip works, so
# a folder that was moved, or left half made, has a wrong one or none, and is made anew.
make_venv() {
    mark="$real $here"
    if [ -e .venv ] || [ -h .venv ]; then
        if [ "$(content .venv/lenet-course/made)" = "$mark" ] && .venv/bin/python -c 'import pip'; then
            return 0
        fi 2>/dev/null
        echo "The folder .venv is incomplete, was moved, or has another Python: it is made anew."
        rm -rf .venv
    fi
    if ! "$python" -m venv .venv; then
        echo "Python $version could not make the folder .venv; its own words are above." >&2
        exit 1
    fi
    mkdir -p .venv/lenet-course
}

# -qq keeps errors only. Without --use-pep517 an older pip complains of theano-pymc's old form.
run_pip() {
    .venv/bin/python -m pip install -qq --no-warn-script-location --use-pep517 --no-deps \
        --no-build-isolation "$@" || {
        cat >&2 <<'END'

The packages could not be installed; pip's own words are above. Most often the network is away, a
proxy is not set (https_proxy), or the disk is full (1 GB is enough). What was downloaded is kept:
run the same command again.
END
        exit 1
    }
}

install() {
    if [ "$wanted" = test ]; then
        echo "Setting up the course and its tests in .venv: about a minute, 900 MB, only this once."
    else
        echo "Setting up the course in .venv: about a minute, 650 MB, only this once."
    fi
    rm -f .venv/lenet-course/course .venv/lenet-course/test .venv/lenet-course/made
    # theano-pymc is published as source only, and this setuptools builds it.
    builder=
    while read -r line; do
        case $line in setuptools==*) builder=${line%% *} ;; esac
    done <requirements/course.txt
    run_pip "$builder"
    run_pip -r "requirements/$wanted.txt"
    run_pip -e .
    # JupyterLab would look for news on the network, and ask about it at the first start.
    mkdir -p .venv/etc/jupyter/labconfig
    printf '%s\n' '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}' \
        >.venv/etc/jupyter/labconfig/page_config.json
    printf '%s\n' "$mark" >.venv/lenet-course/made
    printf '%s\n' "$real" >.venv/lenet-course/python
    wanted_checksum course >.venv/lenet-course/course
    [ "$wanted" = course ] || wanted_checksum test >.venv/lenet-course/test
    echo "Done."
}

is_set_up && exit 0
trap 'echo; echo "Stopped. Run the same command again to go on."; exit 130' INT
find_python
check_compiler
make_venv
install
