# What is in the base image. Sourced by base-image.sh; a hash of this file names what was built by it, so that a change here,
# and nothing else, makes a new image.

# No compilers: what tests run is Python and JavaScript. vim, less, ripgrep, ps and patch are what an agent reaches for.
packages=ca-certificates,git,less,netbase,nodejs,patch,procps,python3,python3-pytest,ripgrep,vim-tiny

# Left out of every package.
excluded=(/usr/share/man /usr/share/locale /usr/share/doc)

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
