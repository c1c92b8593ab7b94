#!/bin/sh
# Builds dist/conclave_mls.wasm, the same bytes on every machine: pinned toolchain, locked dependencies, no paths, one codegen unit.
set -eu
cd "$(dirname "$0")"
home=${CARGO_HOME:-$HOME/.cargo}
target=${CARGO_TARGET_DIR:-target}
RUSTFLAGS="--remap-path-prefix=$PWD=/mls --remap-path-prefix=$home=/cargo --remap-path-prefix=$(rustc --print sysroot)=/rust" \
  cargo build --locked --release --lib --target wasm32-wasip1
out=${1:-dist}
mkdir -p "$out"
cp "$target/wasm32-wasip1/release/conclave_mls.wasm" "$out/conclave_mls.wasm"
(cd "$out" && sha256sum conclave_mls.wasm >SHA256 && cat SHA256)
