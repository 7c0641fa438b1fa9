#!/usr/bin/env bash
# Builds dist/: the TypeScript, the small C program that is pid 1 in every sandbox, and the numerics addon.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p dist/native
if command -v gcc >/dev/null 2>&1; then
  # Static, so that it runs in a container of any image.
  gcc -static -O2 -Wall -Wextra -o dist/native/sandbox-init native/sandbox-init.c
else
  printf 'build: no gcc, so no sandbox: apt-get install gcc\n' >&2
fi
bash scripts/build-torch.sh
node_modules/.bin/tsc -p tsconfig.build.json
chmod +x dist/cli/main.js
