#!/usr/bin/env bash
# The base image, "afterstate-base": a small Debian with git, Python, pytest and Node, from the machine's own package
# sources, without a container registry. It lies in the cache as a tar, from which bubblewrap's roots are unpacked, and is
# imported into a container engine where one answers. Again and again without harm: the tar is named by a hash of this
# file, and so is the label of the imported image.
set -euo pipefail

name=afterstate-base
# No compilers: what tests run is Python and JavaScript. vim, less, ripgrep, ps and patch are what an agent reaches for.
packages=ca-certificates,git,less,netbase,nodejs,patch,procps,python3,python3-pytest,ripgrep,vim-tiny
recipe=$(sha256sum "${BASH_SOURCE[0]}" | cut -c1-16)
# As in src/core/cache-directory.ts.
cache=${AFTERSTATE_CACHE:-$HOME/.cache/afterstate}
tar=$cache/images/$name-$recipe.tar

say() { printf 'base image: %s\n' "$*" >&2; }

# What turns a Debian into ours. Run by mmdebstrap with the new root as its argument.
customize='
set -eu
root=$1
chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash agent
install -d -m 1777 "$root/workspace" "$root/testbed"
install -d -m 0755 "$root/etc/afterstate"
ln -sf vim.tiny "$root/usr/bin/vim"
printf "%s\n" sandbox >"$root/etc/hostname"
printf "%s\n" "127.0.0.1 localhost sandbox" "::1 localhost sandbox" >"$root/etc/hosts"
printf "[safe]\n\tdirectory = *\n[user]\n\tname = agent\n\temail = agent@localhost\n[init]\n\tdefaultBranch = main\n" \
  >"$root/etc/gitconfig"
cat >"$root/etc/bash.bashrc" <<"END"
[ -z "$PS1" ] && return
shopt -s checkwinsize
unset HISTFILE
PS1="\\u@\\h:\\w\\$ "
[ -f /etc/afterstate/bashrc ] && . /etc/afterstate/bashrc
END
rm -rf "$root"/var/log/* "$root"/var/cache/debconf/* "$root"/home/agent/.bashrc
'

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
  local sources suite log hook
  sources=$(package_sources) || { say "no Debian package sources under /etc/apt: the image is made from them"; return 1; }
  suite=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
  log=$(mktemp)
  hook=$(mktemp)
  printf '%s' "$customize" >"$hook"
  say "building from $suite (half a minute)"
  if ! mmdebstrap --quiet --variant=minbase --format=tar --include="$packages" \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --customize-hook="sh $hook \"\$1\"" "$suite" "$tar.part" "$sources" >"$log" 2>&1; then
    tail -20 "$log" >&2
    say "mmdebstrap failed; as root it needs nothing else, without root it needs: apt-get install uidmap, and a range in /etc/subuid"
    rm -f "$log" "$hook" "$tar.part"
    return 1
  fi
  rm -f "$log" "$hook"
  mv "$tar.part" "$tar"
  # Only the last recipe's is of use.
  find "$cache/images" -maxdepth 1 -name "$name-*.tar" ! -name "$name-$recipe.tar" -delete
}

import() {
  command -v docker >/dev/null 2>&1 && docker version >/dev/null 2>&1 || return 0
  local label
  label=$(docker image inspect --format '{{index .Config.Labels "afterstate.recipe"}}' "$name" 2>/dev/null || true)
  [ "$label" = "$recipe" ] && return 0
  say "importing into the container engine"
  docker import --change "LABEL afterstate.recipe=$recipe" --change 'CMD ["/bin/bash"]' "$tar" "$name" >/dev/null
}

mkdir -p -m 0700 "$cache" "$cache/images"
exec 9>"$cache/images/.$name.lock"
flock 9
[ -f "$tar" ] || build
import
