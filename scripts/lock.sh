#!/bin/sh
# Compiles the requirements with pins and hashes from pyproject.toml, for every Python and platform it supports.
# The files name no package index. UPGRADE=1 also moves pins that still satisfy pyproject.toml.
set -eu
cd "$(dirname "$0")/.."

compile() {
    .venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --custom-compile-command "make lock" ${UPGRADE:+--upgrade} "$@"
}

compile --extra all --output-file requirements.txt
compile --extra dev --constraint requirements.txt --output-file requirements-dev.txt
