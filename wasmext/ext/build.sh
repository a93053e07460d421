#!/bin/sh
# Builds sample.wasm from sample.c and records what it was built from; needs clang and wasm-ld (Debian: clang, lld).
# An argument builds to that file instead and records nothing.
set -eu
cd "$(dirname "$0")"
out=${1:-sample.wasm}
clang --target=wasm32 -std=c11 -O2 -Wall -Wextra -Wno-unused-parameter -ffreestanding -nostdlib \
	-Wl,--no-entry -Wl,--strip-all -Wl,--stack-first -Wl,-z,stack-size=16384 -o "$out" sample.c
if [ $# -eq 0 ]; then
	{
		echo "# $(clang --version | head -n 1)"
		sha256sum build.sh sample.c turso_ext.h sample.wasm
	} >SHA256SUMS
fi
