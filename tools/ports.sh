#!/bin/sh
# tools/ports.sh -- fetch, check, build and cache a third-party part.
# SPDX-License-Identifier: MIT
#
#   ports.sh NAME            print where it is installed; 1: it cannot be had
#   ports.sh --cached NAME   the same, but only if it was built before
#
# What cannot be fetched is remembered for a day, so that the next build does
# not try the network again.
set -eu

cached_only=0
if [ "$1" = --cached ]; then
	cached_only=1
	shift
fi
name=$1
recipe=$(cd "$(dirname "$0")/.." && pwd)/ports/$name/recipe
[ -f "$recipe" ] || {
	echo "ports: no recipe for $name" >&2
	exit 2
}
cache=${STRAT9_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/strat9}
hash=$(sha256sum <"$recipe" | cut -c 1-16)
prefix=$cache/ports/$name-$hash
failed=$cache/ports/$name-$hash.failed

if [ -f "$prefix/.done" ]; then
	echo "$prefix"
	exit 0
fi
[ "$cached_only" = 0 ] || exit 1
if [ -n "$(find "$failed" -mmin -1440 2>/dev/null)" ]; then
	exit 1
fi

give_up() {
	echo "strat9: port $name is left out: $1" >&2
	mkdir -p "$cache/ports"
	echo "$1" >"$failed"
	exit 1
}

. "$recipe"
work=$(mktemp -d "${TMPDIR:-/tmp}/strat9-port.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
mkdir -p "$cache/ports" "$work/lists/partial" "$work/cache/archives/partial" \
	"$work/src"
exec 8>"$cache/ports/$name.lock"
flock 8
if [ -f "$prefix/.done" ]; then # somebody else built it meanwhile
	echo "$prefix"
	exit 0
fi

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
echo "deb-src [signed-by=$keyring] http://deb.debian.org/debian $suite main" \
	>"$work/sources.list"
apt_private() {
	apt-get -q -o "Dir::Etc::SourceList=$work/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null \
		-o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" \
		-o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}
echo "strat9: port $name: fetching $tarball" >&2
apt_private update >"$work/log" 2>&1 || give_up "apt-get update failed"
(cd "$work" && apt_private source --download-only --only-source \
	"$source/$suite" >>"$work/log" 2>&1) ||
	give_up "its Debian source package cannot be fetched"
echo "$sha256  $work/$tarball" | sha256sum -c --status 2>/dev/null ||
	give_up "$tarball is not the pinned one"

tar xf "$work/$tarball" -C "$work/src" --strip-components 1
echo "strat9: port $name: building" >&2
rm -rf "$prefix"
(cd "$work/src" && build) >"$work/log" 2>&1 || {
	tail -20 "$work/log" >&2
	rm -rf "$prefix"
	give_up "it does not build"
}
touch "$prefix/.done"
echo "$prefix"
