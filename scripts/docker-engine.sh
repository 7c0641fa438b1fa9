#!/usr/bin/env bash
# A Docker engine of our own, for machines that run none: as root, without systemd, a registry or a network.
#   docker-engine.sh up      installs what is missing, starts it, and prints its address; where one answers, only that
#   docker-engine.sh down    ends it with every container in it; what it stored stays
# Its data and its socket (docker.sock) are in $AFTERSTATE_DOCKER_DIR, /var/lib/afterstate-docker unless set.
# Afterstate finds it there (src/sandbox/docker/engine-address.ts); for other tools set DOCKER_HOST to the address.
set -euo pipefail

directory=${AFTERSTATE_DOCKER_DIR:-/var/lib/afterstate-docker}
socket=$directory/docker.sock
cgroup=$(basename "$directory")
say() { printf 'docker-engine: %s\n' "$*" >&2; }

answers() { curl -sf --max-time 5 --unix-socket "$1" http://engine/_ping >/dev/null 2>&1; }

# The engine that Afterstate would take, in its order, if it answers.
running() {
  local candidates=("$socket") candidate
  [ -n "${AFTERSTATE_DOCKER_DIR:-}" ] || candidates=(/var/run/docker.sock "$socket")
  if [ -n "${DOCKER_HOST:-}" ]; then candidates=("${DOCKER_HOST#unix://}"); fi
  for candidate in "${candidates[@]}"; do
    if answers "$candidate"; then
      printf 'unix://%s\n' "$candidate"
      return 0
    fi
  done
  return 1
}

install() {
  local missing=()
  command -v dockerd >/dev/null || missing+=(docker.io)
  command -v crun >/dev/null || missing+=(crun)
  command -v tini >/dev/null || missing+=(tini)
  command -v curl >/dev/null || missing+=(curl)
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing Debian packages: ${missing[*]}"
  apt-get update -qq >/dev/null 2>&1 || say "apt-get update failed; trying with the package lists there are"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$directory/apt.log" 2>&1 || {
    tail -5 "$directory/apt.log" >&2
    return 1
  }
}

# The engine's process, if the number in the record is still its own.
engine_pid() {
  local pid
  pid=$(cat "$directory/engine.pid" 2>/dev/null) || return 1
  grep -qaF -- "$directory/docker.pid" "/proc/$pid/cmdline" 2>/dev/null || return 1
  printf '%s' "$pid"
}

start() {
  rm -f "$directory/docker.pid" "$socket"
  # Of an engine that was killed: in a new pid namespace its number may be somebody else's, for whom dockerd would wait.
  rm -f "$directory/exec/containerd/containerd.pid" "$directory"/exec/containerd/*.sock*
  # A pid namespace: the end of this one process ends the engine, its helpers and all containers. A mount namespace: the
  # version 2 half of a hybrid cgroup tree is hidden there (crun refuses to run beside it); the machine keeps it.
  # No bridge and no packet filter: containers of ours have no network, and the machine's stays as it is.
  setsid unshare --mount --pid --fork --kill-child --mount-proc bash -c '
    umount /sys/fs/cgroup/unified 2>/dev/null || true
    exec tini -s -- dockerd "$@"' dockerd \
    --host "unix://$socket" --pidfile "$directory/docker.pid" \
    --data-root "$directory/data" --exec-root "$directory/exec" --cgroup-parent "/$cgroup" \
    --add-runtime crun="$(command -v crun)" --default-runtime crun \
    --log-level warn --bridge none --iptables=false --ip6tables=false --ip-forward=false \
    >"$directory/engine.log" 2>&1 </dev/null 9>&- &
  echo $! >"$directory/engine.pid"
  # Generous: a busy machine is slow, not wrong.
  for _ in $(seq 600); do
    if answers "$socket"; then return 0; fi
    kill -0 $! 2>/dev/null || break
    sleep 0.1
  done
  tail -5 "$directory/engine.log" >&2
  say "the engine did not start (all it said: $directory/engine.log)"
  return 1
}

up() {
  if running; then return 0; fi
  if [ "$(id -u)" != 0 ]; then
    say "no Docker engine answers; as root: apt-get install docker.io crun tini, then bash scripts/docker-engine.sh up"
    return 1
  fi
  mkdir -p -m 0711 "$directory"
  exec 9>"$directory/lock"
  flock 9
  if running; then return 0; fi
  install
  # The package may come with a service that has started one.
  if running; then return 0; fi
  start
  printf 'unix://%s\n' "$socket"
}

down() {
  local pid
  if pid=$(engine_pid); then
    kill -KILL "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
  fi
  rm -f "$directory/engine.pid" "$socket"
  for group in /sys/fs/cgroup/*/"$cgroup" /sys/fs/cgroup/"$cgroup"; do
    # The kernel needs a moment after the last process of a group.
    for _ in $(seq 40); do
      [ -d "$group" ] || break
      find "$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
      sleep 0.05
    done
  done
}

case ${1:-} in
  up) up ;;
  down) down ;;
  *)
    echo "usage: docker-engine.sh up|down" >&2
    exit 2
    ;;
esac
