#!/usr/bin/env bash
# The base image, "afterstate-base": a small Debian with git, Python, pytest and Node (base-image-recipe.sh), from the
# machine's own package sources, without a container registry. It lies in the cache as a tar, from which bubblewrap's roots
# are unpacked, and is imported into a container engine where one answers. Again and again without harm.
set -euo pipefail
cd "$(dirname "$0")"

. ./base-image-recipe.sh
name=afterstate-base
# As in src/sandbox/images/base-image.ts.
recipe=$(sha256sum base-image-recipe.sh | cut -c1-16)
# As in src/core/cache-directory.ts.
cache=${AFTERSTATE_CACHE:-$HOME/.cache/afterstate}
tar=$cache/images/$name-$recipe.tar

say() { printf 'base image: %s\n' "$*" >&2; }

# Prints the file that names the machine's Debian (or Ubuntu) sources.
package_sources() {
  local file
  for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list.d/ubuntu.sources /etc/apt/sources.list; do
    [ -s "$file" ] && printf '%s\n' "$file" && return
  done
  return 1
}

build() {
  if ! command -v mmdebstrap >/dev/null 2>&1; then
    say "please install as root: apt-get install mmdebstrap"
    return 1
  fi
  local sources suite log hook path exclusions=()
  sources=$(package_sources) || { say "no Debian package sources under /etc/apt: the image is made from them"; return 1; }
  suite=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
  for path in "${excluded[@]}"; do exclusions+=(--dpkgopt="path-exclude=$path/*"); done
  log=$(mktemp)
  hook=$(mktemp)
  printf '%s' "$customize" >"$hook"
  say "building from $suite (half a minute)"
  if ! mmdebstrap --quiet --variant=minbase --format=tar --include="$packages" \
    --dpkgopt=force-unsafe-io "${exclusions[@]}" --customize-hook="sh $hook \"\$1\"" \
    "$suite" "$tar.part" "$sources" >"$log" 2>&1; then
    tail -20 "$log" >&2
    say "mmdebstrap failed; as root it needs nothing else, without root it needs: apt-get install uidmap, and a range in /etc/subuid"
    rm -f "$log" "$hook" "$tar.part"
    return 1
  fi
  rm -f "$log" "$hook"
  mv "$tar.part" "$tar"
  # Of earlier recipes; another checkout may still use a young one.
  find "$cache/images" -maxdepth 1 -name "$name-*.tar" ! -path "$tar" -mtime +7 -delete
}

# Where engines may listen, as in src/sandbox/docker/engine-address.ts.
engines() {
  if [ -n "${DOCKER_HOST:-}" ]; then
    printf '%s\n' "$DOCKER_HOST"
  elif [ -n "${AFTERSTATE_DOCKER_DIR:-}" ]; then
    printf 'unix://%s/docker.sock\n' "$AFTERSTATE_DOCKER_DIR"
  else
    printf 'unix://%s/docker.sock\n' /var/run ${XDG_RUNTIME_DIR:+"$XDG_RUNTIME_DIR"} /var/lib/afterstate-docker
  fi
}

import() {
  local host label
  command -v docker >/dev/null 2>&1 || return 0
  for host in $(engines); do
    export DOCKER_HOST=$host
    docker version >/dev/null 2>&1 || continue
    label=$(docker image inspect --format '{{index .Config.Labels "afterstate.recipe"}}' "$name" 2>/dev/null || true)
    [ "$label" = "$recipe" ] && return 0
    say "importing into the container engine"
    docker import --change "LABEL afterstate.recipe=$recipe" --change 'CMD ["/bin/bash"]' "$tar" "$name" >/dev/null
    return
  done
}

mkdir -p -m 0700 "$cache" "$cache/images"
exec 9>"$cache/images/.$name.lock"
flock 9
[ -f "$tar" ] || build
import
