#!/bin/sh
# tools/gen-meson-lists.sh -- write the source lists of the kernel's folders.
# SPDX-License-Identifier: MIT
#
# Run it after adding or removing a .c or .S file under kernel/ (./strat9 does).
# A list that did not change is not touched, so that ninja has nothing to do.
# kasan.c and ubsan.c are built in their flavor only, *fastpath.c by option;
# files that say "cold:" in their head are compiled for size.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C

# put FILE: replace FILE by standard input if it differs.
put() {
	cat >"$1.new.$$"
	if cmp -s "$1" "$1.new.$$"; then
		rm -f "$1.new.$$"
	else
		mv -f "$1.new.$$" "$1"
		echo "$1"
	fi
}

sources() { # names of the C and assembly files of a folder
	(cd "$1" && for f in *.c *.S; do
		[ -e "$f" ] && echo "$f"
	done) || true
}

list() { # VARIABLE FILES...: an assignment, one name a line
	v=$1
	shift
	[ $# -gt 0 ] || return 0
	echo "$v += files("
	printf "  '%s',\n" "$@"
	echo ")"
}

kernel_folder() {
	normal='' cold='' runtimes='' fast=''
	marked=" $(cd "$1" && grep -l '^/\* cold:' ./*.c 2>/dev/null | tr '\n' ' ')"
	for f in $(sources "$1"); do
		case $f in
		kasan.c | ubsan.c) runtimes="$runtimes $f" ;;
		*fastpath.[cS]) fast="$fast $f" ;;
		*.c)
			case $marked in
			*" ./$f "*) cold="$cold $f" ;;
			*) normal="$normal $f" ;;
			esac
			;;
		*) normal="$normal $f" ;;
		esac
	done
	echo "# Made by tools/gen-meson-lists.sh."
	# shellcheck disable=SC2086 # lists of names without spaces
	list kernel_sources $normal
	# shellcheck disable=SC2086
	list kernel_cold_sources $cold
	if [ -n "$fast" ]; then
		echo "if get_option('ipc_fastpath')"
		# shellcheck disable=SC2086
		list kernel_sources $fast | sed 's/^/  /'
		echo "endif"
	fi
	for f in $runtimes; do
		echo "if flavor == '${f%.c}'"
		list kernel_plain_sources "$f" | sed 's/^/  /'
		echo "endif"
	done
}

for d in boot arch/x86_64 core mm object ipc socket vfs linux sys trace; do
	[ -n "$(sources "kernel/$d" 2>/dev/null)" ] || continue
	kernel_folder "kernel/$d" | put "kernel/$d/meson.build"
done
