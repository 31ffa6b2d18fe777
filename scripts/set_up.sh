#!/bin/sh
# Sets up .venv with the locked requirements and this project. Instant when nothing has changed since the last time.
# PYTHON=/path/to/python3.12 chooses the interpreter of a new .venv.
set -eu
cd "$(dirname "$0")/.."

venv=.venv
stamp=$venv/set-up-of
uv_version=0.13.8

# The project itself is installed in place, so that its code is no input: only its metadata is.
inputs=$(cat requirements.txt requirements-dev.txt pyproject.toml scripts/set_up.sh | cksum)
if [ "$(cat "$stamp" 2>/dev/null)" = "$inputs" ] && "$venv/bin/python" -c "" 2>/dev/null; then
    exit 0
fi

suits() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null
}

if ! suits "$venv/bin/python"; then
    found=
    for python in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        if suits "$python"; then
            found=$python
            break
        fi
    done
    if [ -z "$found" ]; then
        echo "Airmedic needs Python 3.11, 3.12 or 3.13; found $(python3 --version 2>/dev/null || echo none)." >&2
        echo "Install one of them, or name it: make PYTHON=/path/to/python3.12 …" >&2
        exit 1
    fi
    echo "Setting up $venv with $("$found" --version) (a few minutes the first time) …"
    if ! "$found" -m venv --clear "$venv"; then
        echo "$found cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    fi
else
    echo "Bringing $venv up to date …"
fi

pip="$venv/bin/python -m pip --disable-pip-version-check --quiet"

with_uv() {
    $pip install "uv==$uv_version" || return 1
    # uv does not read pip's configuration. Where that names a mirror or a certificate, uv shall use them too.
    index=$($pip config get global.index-url 2>/dev/null || true)
    cert=$($pip config get global.cert 2>/dev/null || true)
    cert=${PIP_CERT:-$cert}
    index=${PIP_INDEX_URL:-$index}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
    [ -z "$cert" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$cert}"
    "$venv/bin/uv" pip install --quiet --compile-bytecode --python "$venv/bin/python" \
        --require-hashes -r requirements.txt -r requirements-dev.txt || return 1
}

with_pip() {
    echo "uv could not install the requirements; trying pip, which takes longer …" >&2
    # The lists are complete. Following dependencies, pip asks a pinned package for a hash of its own where one with extras
    # is wanted (evidently wants pandas[parquet]), and gives up.
    $pip install --no-deps --require-hashes -r requirements.txt -r requirements-dev.txt
}

with_uv || with_pip
$pip install --no-deps --no-build-isolation -e .
echo "$inputs" > "$stamp"
