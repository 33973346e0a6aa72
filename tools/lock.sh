#!/bin/sh
# Work the exact pins out again: requirements/*.in become *.txt and environment.yml.
# Pins that still fit stay as they are. To have one renewed, delete its line from the .txt files.
set -eu
unset CDPATH
case $0 in
*/*) cd -- "${0%/*}/.." ;;
*) cd .. ;;
esac

python=.venv/bin/python
[ -x "$python" ] || python=python3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
echo "Working out the pins with uv, in a folder that is deleted afterwards."
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install -q --disable-pip-version-check uv==0.13.9
# course comes first: test.txt contains it.
for name in course test; do
    # Neither who asks for a package nor where it was found belongs into the file.
    "$folder/bin/uv" pip compile -q --universal --python-version 3.10 \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
        "requirements/$name.in" -o "requirements/$name.txt"
done
"$folder/bin/python" tools/make_environment.py
