#!/bin/sh
# tools/fmt.sh -- bring all C sources into the style of .clang-format.
# SPDX-License-Identifier: MIT
set -eu
git ls-files -co --exclude-standard -- '*.c' '*.h' |
	grep -v -e '^tests/corpus/' -e '^bench/osbench.c' -e '^bench/init.c' |
	xargs -r clang-format-19 -i
