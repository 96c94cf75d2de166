#!/bin/sh
# tests/host/chevron_scripts.sh -- Chevron and dash must print the same.
# SPDX-License-Identifier: MIT
#
# usage: chevron_scripts.sh CHEVRON [SHELL]
# Each script in chevron_scripts/ runs three ways (as a file, by -c, from
# standard input) under both shells; output and status are compared.  TAP.

chevron=${1:?usage: chevron_scripts.sh CHEVRON [SHELL]}
shell=${2:-dash}
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

run() { # SHELL WAY SCRIPT: prints output and status
	case $2 in
	file) "$1" "$3" 2>&1 ;;
	text) "$1" -c "$(cat "$3")" 2>&1 ;;
	stdin) "$1" < "$3" 2>&1 ;;
	esac
	echo "status $?"
}

if ! command -v "$shell" > /dev/null; then
	echo "1..0 # SKIP $shell is not installed"
	exit 0
fi
case $chevron in
*/*) chevron=$(cd "$(dirname "$chevron")" && pwd)/$(basename "$chevron") ;;
esac
for script in "$here"/chevron_scripts/*.sh; do
	for way in file text stdin; do
		n=$((n + 1))
		name="$(basename "$script" .sh) as $way"
		cd / || exit 1
		run "$shell" $way "$script" > "$tmp/want" < /dev/null
		run "$chevron" $way "$script" > "$tmp/have" < /dev/null
		if cmp -s "$tmp/want" "$tmp/have"; then
			echo "ok $n - $name"
		else
			failed=$((failed + 1))
			echo "not ok $n - $name"
			diff "$tmp/want" "$tmp/have" | sed 's/^/# /' | head -40
		fi
	done
done
echo "1..$n"
[ $failed -eq 0 ]
