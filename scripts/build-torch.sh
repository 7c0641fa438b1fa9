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

# A PyTorch in the way of `python3` (or $AFTERSTATE_PYTHON) comes first: where there is a GPU, that is the one with CUDA.
flags=()
kind=
python=${AFTERSTATE_PYTHON:-python3}
torch_home=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__))' 2>/dev/null || true)
if [ -n "$torch_home" ] && [ -d "$torch_home/include/ATen" ]; then
  abi=$("$python" -c 'import torch; print(int(torch._C._GLIBCXX_USE_CXX11_ABI))')
  kind="PyTorch $("$python" -c 'import torch; print(torch.__version__)')"
  flags+=("-I$torch_home/include" "-I$torch_home/include/torch/csrc/api/include" "-D_GLIBCXX_USE_CXX11_ABI=$abi")
  flags+=("-L$torch_home/lib" "-Wl,-rpath,$torch_home/lib")
  # Named though nothing refers to it: loading it is what makes CUDA known.
  if [ -f "$torch_home/lib/libtorch_cuda.so" ]; then flags+=("-Wl,--no-as-needed" -ltorch_cuda -lc10_cuda); fi
elif [ -f /usr/include/ATen/ATen.h ]; then
  kind="Debian's libtorch $(dpkg-query -W -f '${Version}' libtorch-dev 2>/dev/null || true)"
  flags+=(-I/usr/include/torch/csrc/api/include)
fi

if [ -z "$kind" ]; then
  say "no libtorch, so no torch backend (wasm is used, about five times slower): apt-get install libtorch-dev libopenblas0"
  rm -f "$target"
  exit 0
fi
if [ -z "$node_headers" ] || ! command -v g++ >/dev/null 2>&1; then
  say "no torch backend: it needs g++ and the headers of Node (node_api.h)"
  rm -f "$target"
  exit 0
fi

# Tuned to this machine's processor, and so built again when it is another one.
stamp="$(cat native/torch/* | sha256sum | cut -c1-32) $kind $(node --version) $(grep -m1 '^model name' /proc/cpuinfo || true)"
if [ -f "$target" ] && [ "$(cat "$target.stamp" 2>/dev/null)" = "$stamp" ]; then exit 0; fi
say "the torch backend over $kind"
mkdir -p dist/native
log=$(mktemp)
if g++ -std=c++17 -O3 -march=native -fno-math-errno -fno-trapping-math -fopenmp -fPIC -shared -DNDEBUG \
  -DNODE_GYP_MODULE_NAME=torch "-I$node_headers" "$source" "${flags[@]}" -o "$target.new" -ltorch -ltorch_cpu -lc10 \
  2>"$log"; then
  mv "$target.new" "$target"
  printf '%s\n' "$stamp" >"$target.stamp"
else
  grep -m5 'error' "$log" >&2 || tail -5 "$log" >&2
  say "the torch backend does not compile; going on without it"
  rm -f "$target" "$target.new"
fi
rm -f "$log"
