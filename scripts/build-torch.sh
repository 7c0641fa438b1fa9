#!/usr/bin/env bash
# Builds dist/native/torch.node, the numerics addon, where a libtorch is found: Debian's, or the one inside PyTorch.
# Without one it says what is missing and fails nothing. A second run with nothing changed costs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'build: %s\n' "$*" >&2; }
target=dist/native/torch.node
source=native/torch/addon.cc

node_headers=
for directory in "$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")/include/node" /usr/include/node; do
  if [ -f "$directory/node_api.h" ]; then node_headers=$directory; break; fi
done

. scripts/find-libtorch.sh

if [ -z "$torch_kind" ]; then
  say "no libtorch, so no torch backend (wasm is used, which trains about four times slower): apt-get install libtorch-dev libopenblas0-pthread"
  rm -f "$target"
  exit 0
fi
if [ -z "$node_headers" ] || ! command -v g++ >/dev/null 2>&1; then
  say "no torch backend: it needs g++ and the headers of Node (node_api.h)"
  rm -f "$target"
  exit 0
fi

# Tuned to this machine's processor, and so built again when it is another one.
stamp="$(cat native/torch/* | sha256sum | cut -c1-32) $torch_kind $(node --version) $(grep -m1 '^model name' /proc/cpuinfo || true)"
if [ -f "$target" ] && [ "$(cat "$target.stamp" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
say "the torch backend over $torch_kind"
mkdir -p dist/native
log=$(mktemp)
if g++ -O3 -march=native -fno-math-errno -fno-trapping-math -fopenmp -fPIC -shared -DNDEBUG \
  -DNODE_GYP_MODULE_NAME=torch "-I$node_headers" "$source" "${torch_flags[@]}" -o "$target.new" -ltorch -ltorch_cpu -lc10 \
  2>"$log"; then
  mv "$target.new" "$target"
  printf '%s\n' "$stamp" >"$target.stamp"
else
  grep -m5 'error' "$log" >&2 || tail -5 "$log" >&2
  say "the torch backend does not compile; going on without it"
  rm -f "$target" "$target.new"
fi
rm -f "$log"
