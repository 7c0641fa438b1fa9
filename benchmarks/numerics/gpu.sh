#!/usr/bin/env bash
# Everything that we measure on a GPU, by one command, without a network:
#   bash benchmarks/numerics/gpu.sh [options of gpu.ts]
#
# It needs an NVIDIA GPU with its driver, g++, and a Python with a CUDA PyTorch: `python3`, or the one that
# AFTERSTATE_PYTHON names. Node may be carried: unpack a Linux build of Node 20 anywhere (its include/ too: the addon
# is compiled against it), put its bin/ first in PATH, and bring node_modules with the tree. For WebGPU a Vulkan loader and
# the GPU's Vulkan driver must be there as well; without them that part says that it was skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v node >/dev/null || { echo "no node in PATH: see the head of this script" >&2; exit 1; }
[ -d node_modules ] || { echo "no node_modules: bring them with the tree, or run npm run setup" >&2; exit 1; }
"${AFTERSTATE_PYTHON:-python3}" -c 'import torch' || exit 1
bash scripts/build-torch.sh
[ -f dist/native/torch.node ] || exit 1
exec node node_modules/jiti/lib/jiti-cli.mjs benchmarks/numerics/gpu.ts "$@"
