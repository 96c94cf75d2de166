#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# linux-peer.sh - measure Linux, the peer, on the emulated machine.
#
#   linux-peer.sh [-k 6.1,6.12] [-v default,mitoff,tuned] [-m icount,repeat,wall,smp,boot]
#                 [-a "osbench arguments"] [-c CPU] [-s SEED] [-o DIR] [-t SECONDS]
#
#   -k  kernel series: Debian's linux-image-cloud-amd64 of bookworm (6.1) and of
#       bookworm-backports (6.12)
#   -v  kernel command line: Debian's own defaults; mitigations=off; or tuned:
#       also without security modules, memory cgroup, audit, zeroing of slabs,
#       usercopy checks, stack offset randomisation, pressure accounting and
#       watchdogs, with huge pages - the fastest Linux, and the one to beat
#   -m  icount: 1 vCPU, the clock counts instructions (the measurement)
#       repeat: icount once more, and print the differences
#       wall:   1 vCPU by the host's clock (noisy)
#       smp:    2 vCPUs by the host's clock, multi-threaded TCG (noisy)
#       boot:   icount, power off at once, with the icount.c plugin's count
#
# Results: DIR/linux-SERIES-VARIANT.json (icount) and DIR/linux-SERIES-VARIANT-MODE.json.
# Default: every kernel and variant, icount and boot.  Debian packages used:
# qemu-system-x86 musl-tools gcc cpio python3; as root, missing ones are installed.

# shellcheck disable=SC2054  # commas in QEMU's options
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=${LINUX_PEER_WORK:-/tmp/linux-peer}
kernels=6.1,6.12 variants=default,mitoff,tuned modes=icount,boot args='' seed=1 out=$here/../build/bench limit=900
cpu=${LINUX_PEER_CPU:-EPYC-v4,enforce,+umip,+x2apic,-erms,-fxsr-opt,-misalignsse,-osvw,-topoext}
[ -n "${LINUX_PEER_CPU:-}" ] || cpu+=,-perfctr-core,-clzero,-ibpb,-nrip-save,-xsavec,-xsaves
while getopts k:v:m:a:c:s:o:t: o; do
	case $o in
	k) kernels=$OPTARG ;; v) variants=$OPTARG ;; m) modes=$OPTARG ;; a) args=$OPTARG ;;
	c) cpu=$OPTARG ;; s) seed=$OPTARG ;; o) out=$OPTARG ;; t) limit=$OPTARG ;;
	*) sed -n '2,/^$/s/^# \{0,1\}//p; /^set/q' "$0"; exit 2 ;;
	esac
done
mkdir -p "$work" "$out"

need() {        # command, Debian package
	command -v "$1" >/dev/null || apt-get install -y --no-install-recommends "$2" >/dev/null
}
need qemu-system-x86_64 qemu-system-x86
need musl-gcc musl-tools
need gcc gcc
need cpio cpio
need python3 python3

# Fetch and unpack the kernel package of a series; set vmlinuz and package.
fetch_kernel() {
	local d=$work/kernel-$1 version
	if ! ls "$d"/boot/vmlinuz-* >/dev/null 2>&1; then
		version=$(apt-cache madison linux-image-cloud-amd64 |
			awk -v s="$1." '$3 ~ /^[0-9]/ && index($3, s) == 1 { print $3; exit }')
		if [ -z "$version" ]; then
			apt-get update >/dev/null
			version=$(apt-cache madison linux-image-cloud-amd64 |
				awk -v s="$1." 'index($3, s) == 1 { print $3; exit }')
		fi
		[ -n "$version" ] || { echo "linux-peer: no package of series $1" >&2; return 1; }
		mkdir -p "$d"
		(cd "$d" && apt-get download "$(apt-cache show "linux-image-cloud-amd64=$version" |
			sed -n 's/^Depends: *\(linux-image-[^ ,]*\).*/\1/p')" >/dev/null 2>&1 &&
			dpkg-deb -x ./*.deb . && rm -rf usr lib)
	fi
	vmlinuz=$(ls "$d"/boot/vmlinuz-*)
	package=$(basename "$d"/*.deb)
}

build() {
	local r=$work/root
	rm -rf "$r"
	mkdir -p "$r"
	musl-gcc -std=gnu11 -O2 -static -s -o "$r/osbench" "$here/osbench.c"
	musl-gcc -std=gnu11 -O2 -static -s -Wl,-Ttext-segment=0x60000000 -o "$r/init" "$here/init.c"
	find "$r" -exec touch -d @0 {} +
	(cd "$r" && find . | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0 --reproducible) >"$work/initramfs"
	gcc -O2 -shared -fPIC -o "$work/icount.so" "$here/icount.c"
}

# run_one SERIES VARIANT MODE: one QEMU run; the result file's name in $result.
run_one() {
	local name=linux-$1-$2 accel=tcg,thread=single smp=1 extra=() append log=$work/$1-$2-$3.log
	append='console=ttyS0 quiet nokaslr norandmaps tsc=reliable panic=-1'
	case $2 in
	default) ;;
	mitoff) append+=' mitigations=off' ;;
	tuned) append+=' mitigations=off lsm= audit=0 init_on_alloc=0 randomize_kstack_offset=off'
		append+=' hardened_usercopy=off cgroup_disable=memory psi=0 noautogroup'
		append+=' nowatchdog preempt=none thp' ;;
	*) echo "linux-peer: variant $2?" >&2; return 2 ;;
	esac
	case $3 in
	icount | repeat) extra=(-icount shift=0,sleep=off) ;;
	boot) extra=(-icount shift=0,sleep=off -plugin "$work/icount.so" -d plugin -D "$log.plugin")
		append+=' boot' ;;
	wall) ;;
	smp) accel=tcg,thread=multi smp=2 ;;
	*) echo "linux-peer: mode $3?" >&2; return 2 ;;
	esac
	[ "$3" = icount ] || name+=-$3
	[ -z "$args" ] || append+=" osbench=${args// /,}"
	extra+=(-machine q35 -accel "$accel" -cpu "$cpu" -smp "$smp" -m 512 -nodefaults
		-display none -no-reboot -rtc base=2025-01-01,clock=vm -seed "$seed")
	result=$out/$name.json
	rm -f "$log" "$log.plugin"
	local t0=$SECONDS
	timeout -k 5 "$limit" qemu-system-x86_64 "${extra[@]}" -serial "file:$log" \
		-kernel "$vmlinuz" -initrd "$work/initramfs" -append "$append" </dev/null ||
		echo "linux-peer: $name: qemu exit $?" >&2
	touch "$log.plugin"
	python3 "$here/collect.py" "$log" "$log.plugin" -o "$result" \
		"kernel=Linux $1 ($package)" "variant=$2" "mode=$3" "cpu=$cpu" "smp=$smp" \
		"append=$append" "args=${extra[*]//$work/.}" "vmlinuz_bytes=$(stat -c %s "$vmlinuz")" \
		"initramfs_bytes=$(stat -c %s "$work/initramfs")" \
		"qemu=$(qemu-system-x86_64 --version | head -1)" \
		"host=$(uname -r), $(nproc) CPUs,$(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2)" \
		"wall_s=$((SECONDS - t0))" ||
		echo "linux-peer: $name: no result, see $log" >&2
	echo "$result ($((SECONDS - t0)) s)"
}

build
for k in ${kernels//,/ }; do
	fetch_kernel "$k"
	for v in ${variants//,/ }; do
		for m in ${modes//,/ }; do
			run_one "$k" "$v" "$m"
			[ "$m" != repeat ] ||
				python3 "$here/compare.py" "${result%-repeat.json}.json" "$result" --controls
		done
	done
done
