#!/bin/bash
# Builds the oneDNN engine in a fresh Debian 13 (oneDNN 3.7) and runs its tests, the contract suite
# and PyTorch's numbers on it. Needs root, debootstrap and Debian's registry; not part of
# `make test`. The checkout must be built (`make build`). Five minutes.
#   sudo scripts/check-debian13.sh [FOLDER]
#   FOLDER  for the Debian root, kept for the next time; default a temporary one
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo 'Run this as root: debootstrap and chroot need it.'; exit 2; }
[ -f dist/testing/contract.test.js ] || { echo 'Run "make build" first.'; exit 2; }

root=${1:-$(mktemp -d)}
[ $# -gt 0 ] || temporary=1
[ -x "$root/usr/bin/node" ] ||
  debootstrap --variant=minbase --include=g++,libdnnl-dev,nodejs trixie "$root" \
    "${DEBIAN_MIRROR:-http://deb.debian.org/debian}"

rm -rf "$root/alexnet"
mkdir "$root/alexnet"
tar c --exclude=./build --exclude=./.git --exclude=./runs . | tar x -C "$root/alexnet"
# Threads need /proc, and Node needs /dev/urandom.
mount -t proc none "$root/proc"
cleanup() { umount "$root/proc"; [ -z "${temporary:-}" ] || rm -rf "$root"; }
trap cleanup EXIT
# Nothing of this machine's environment, which may name files that are not in there.
chroot "$root" env -i PATH="$PATH" /bin/sh -c 'cd /alexnet && . /etc/os-release &&
  echo "$PRETTY_NAME, Node $(node --version), $(g++ --version | head -1)" &&
  node bin/alexnet native && node bin/alexnet doctor && scripts/test-onednn.sh'
