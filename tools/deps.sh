#!/bin/sh
# tools/deps.sh -- the Debian packages that each part needs; install what lacks.
# SPDX-License-Identifier: MIT
#
#   deps.sh [GROUP...]    groups: build run image test lint (default: all)
#
# Asks dpkg first: when everything is there, the network is not touched.  On
# Debian 12 QEMU comes from bookworm-backports, because x2APIC is emulated by
# QEMU 9 and later only.
set -eu

packages() {
	case $1 in
	build) echo gcc libc6-dev binutils make meson ninja-build musl-tools \
		python3 linux-libc-dev busybox-static util-linux \
		console-setup-linux ;;
	run) packages build && echo qemu-system-x86 ovmf ;;
	image) echo grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools ;;
	test) packages lint && echo python3-pytest libcmocka-dev \
		libclang-rt-19-dev bochs bochsbios vgabios gdb cpio spin ;;
	lint) echo clang-19 clang-format-19 clang-tidy-19 cppcheck ;;
	*)
		echo "strat9: no group of packages \"$1\"" >&2
		exit 2
		;;
	esac
}

installed() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

qemu_too_old() {
	[ "$codename" = bookworm ] && installed qemu-system-x86 &&
		dpkg --compare-versions "$(dpkg-query -W -f='${Version}' \
			qemu-system-x86)" lt 1:9
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		echo "strat9: neither root nor sudo here; as root, run:" >&2
		echo "  $*" >&2
		exit 2
	fi
}

backports() { # make bookworm-backports known to apt
	apt-cache policy | grep -q 'bookworm-backports' && return 0
	list=/etc/apt/sources.list.d/strat9-backports.list
	echo "strat9: Debian 12: adding bookworm-backports ($list) for QEMU" >&2
	as_root sh -c "echo 'deb http://deb.debian.org/debian \
bookworm-backports main' >$list"
	need_update=1
}

[ $# -gt 0 ] || set -- build run image test lint
if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "strat9: not a Debian system: packages are not checked" >&2
	exit 0
fi
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
missing=''
here=" $(dpkg-query -W -f='${Package}:${db:Status-Status}\n' 2>/dev/null |
	sed -n 's/:installed$//p' | tr '\n' ' ')"
for group in "$@"; do
	for p in $(packages "$group"); do
		case $here in
		*" $p "*) continue ;;
		esac
		case " $missing " in
		*" $p "*) ;;
		*) missing="$missing $p" ;;
		esac
	done
done
if qemu_too_old; then
	missing="$missing qemu-system-x86"
fi
[ -n "$missing" ] || exit 0

echo "strat9: missing Debian packages:$missing" >&2
need_update=0
[ -n "$(find /var/lib/apt/lists -name '*_Packages*' -print -quit \
	2>/dev/null)" ] || need_update=1
late=''
if [ "$codename" = bookworm ]; then
	case " $missing " in
	*" qemu-system-x86 "*)
		backports
		late='qemu-system-x86'
		missing=$(echo " $missing " | sed 's/ qemu-system-x86 / /g')
		;;
	esac
fi
[ "$need_update" = 0 ] || as_root apt-get update -q >&2
install() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
		--no-install-recommends "$@" >&2
}
# Debian's own release first: what QEMU's backport then upgrades, apt upgrades
# as a whole.  Where a library of the backport is there already and stops that,
# the rest comes from backports too.
if [ -n "${missing# }" ]; then
	# shellcheck disable=SC2086 # a list of names without spaces
	if ! install $missing; then
		# An old package index names versions that are gone.
		as_root apt-get update -q >&2
		if ! install $missing; then
			[ "$codename" = bookworm ] || exit 1
			backports
			[ "$need_update" = 0 ] || as_root apt-get update -q >&2
			install -t bookworm-backports $missing
		fi
	fi
fi
if [ -n "$late" ]; then
	echo "strat9: $late is taken from bookworm-backports" >&2
	install -t bookworm-backports $late
fi
