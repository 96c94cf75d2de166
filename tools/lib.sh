# tools/lib.sh -- what the parts of ./strat9 share.  Sourced, in the top folder.
# SPDX-License-Identifier: MIT
# shellcheck shell=sh

top=$(pwd)
build_root=${STRAT9_BUILD_DIR:-build}
flavor=${STRAT9_FLAVOR:-release}
compiler=${STRAT9_CC:-gcc}
: "${build_root}" "${flavor}" "${top}"

say() {
	printf 'strat9: %s\n' "$*" >&2
}

die() {
	say "$*"
	exit 2
}

# The build folder of the chosen flavor and compiler.
build_dir() {
	case $compiler in
	gcc) echo "$build_root/$flavor" ;;
	*) echo "$build_root/$flavor-$compiler" ;;
	esac
}

# The cross file for user space: our musl, or Debian's where that cannot be had.
musl_cross() {
	if p=$(tools/ports.sh musl); then
		sed "s|'musl-gcc'|'$p/bin/musl-gcc'|" tools/musl.cross \
			>"$build_root/musl-port.cross"
		echo "$build_root/musl-port.cross"
	else
		say "user space is built with Debian's musl-tools"
		echo tools/musl.cross
	fi
}

# build: compile everything and make the boot archive.  What the compiler says
# is shown as it comes on a terminal, and otherwise only when it fails.
build() {
	b=$(build_dir)
	mkdir -p "$b"
	exec 9>"$b/.lock"
	flock 9
	tools/gen-meson-lists.sh >/dev/null || return 1
	if [ ! -f "$b/build.ninja" ]; then
		say "configuring $b"
		meson setup "$b" --cross-file "$(musl_cross)" \
			--native-file "tools/kernel-$compiler.native" \
			-Dflavor="$flavor" >"$b/setup.log" 2>&1 || {
			cat "$b/setup.log" >&2
			return 1
		}
	fi
	if [ -t 2 ]; then
		ninja -C "$b" >&2 || return 1
	else
		ninja -C "$b" >"$b/build.log" 2>&1 || {
			cat "$b/build.log" >&2
			return 1
		}
	fi
	stage "$b" || return 1
	flock -u 9
}

# stage DIR: the install tree and the boot archive, if anything is newer.
stage() {
	if [ -f "$1/initfs.cpio" ] && [ -z "$(find "$1" tools/rootfs \
		-newer "$1/initfs.cpio" -type f ! -name '*.log' \
		! -path '*/.lock' ! -path '*/meson-*' ! -name '.ninja_*' \
		! -name '*.o' ! -path '*/kernel/*' ! -path '*/images/*' \
		-print -quit)" ]; then
		return 0
	fi
	# Beside the old one, which a test may be reading; it goes next time.
	new=tree.$$
	meson install -C "$1" --no-rebuild --quiet \
		--destdir "$top/$1/$new" >"$1/install.log" 2>&1 || {
		cat "$1/install.log" >&2
		return 1
	}
	mkdir -p "$1/$new"
	[ -L "$1/tree" ] || rm -rf "$1/tree"
	old=$(readlink "$1/tree" || true)
	ln -sfn "$new" "$1/tree.link" && mv -fT "$1/tree.link" "$1/tree"
	for d in "$1"/tree.*; do
		case ${d##*/} in
		"$new" | "$old") ;;
		*) rm -rf "$d" ;;
		esac
	done
	python3 tools/mkinitfs.py --tree "$1/tree" -o "$1/initfs.cpio.new" &&
		mv -f "$1/initfs.cpio.new" "$1/initfs.cpio"
}
