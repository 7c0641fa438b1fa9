#!/usr/bin/env bash
# Builds dist/benchmarks/libtorch-peer, the benchmark's C++ peer, over the libtorch that the torch backend is built over,
# and prints its path. A second run with nothing changed costs nothing.
set -euo pipefail
cd "$(dirname "$0")/../../.."
. scripts/find-libtorch.sh
if [ -z "$torch_kind" ]; then
  echo "no libtorch: apt-get install libtorch-dev libopenblas0-pthread" >&2
  exit 1
fi
target=dist/benchmarks/libtorch-peer
stamp="$(cat benchmarks/numerics/libtorch/* | sha256sum | cut -c1-32) $torch_kind $(grep -m1 '^model name' /proc/cpuinfo || true)"
if [ ! -f "$target" ] || [ "$(cat "$target.stamp" 2>/dev/null)" != "$stamp" ]; then
  mkdir -p "$(dirname "$target")"
  g++ -O3 -march=native -DNDEBUG benchmarks/numerics/libtorch/main.cc "${torch_flags[@]}" -o "$target" \
    -ltorch -ltorch_cpu -lc10
  printf '%s\n' "$stamp" >"$target.stamp"
fi
realpath "$target"
