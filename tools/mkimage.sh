#!/bin/sh
# tools/mkimage.sh -- a bootable ISO, or a raw disk image, with GRUB.
# SPDX-License-Identifier: MIT
#
#   mkimage.sh iso|image BUILD_DIR [--initfs FILE] [-o OUT] [--append ARGS]
#
# Both boot under BIOS and UEFI firmware.  GRUB takes the kernel's multiboot2
# entry; graphics are set up where there is a screen.
set -eu

kind=$1
dir=$2
shift 2
initfs=$dir/initfs.cpio
out=$dir/strat9.$kind
[ "$kind" = iso ] || out=$dir/strat9.img
append=''
while [ $# -gt 0 ]; do
	case $1 in
	--initfs) initfs=$2 ;;
	-o) out=$2 ;;
	--append) append=$2 ;;
	*)
		echo "mkimage: $1?" >&2
		exit 2
		;;
	esac
	shift 2
done

work=$(mktemp -d "${TMPDIR:-/tmp}/strat9-image.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM
mkdir -p "$work/root/boot/grub"
strip -g -o "$work/root/boot/bedrock.elf" "$dir/kernel/bedrock.elf"
python3 "$(dirname "$0")/grub-kernel.py" "$work/root/boot/bedrock.elf"
cp "$initfs" "$work/root/boot/initfs.cpio"
cat >"$work/root/boot/grub/grub.cfg" <<E2
set timeout=0
set gfxmode=1024x768x32,auto
set gfxpayload=keep
insmod all_video
menuentry "Strat9" {
	multiboot2 /boot/bedrock.elf $append
	module2 /boot/initfs.cpio initfs
}
E2
case $kind in
iso)
	# Of GRUB's modules what grub.cfg uses: all of them are 20 MiB.
	grub-mkrescue -o "$work/out" --fonts= --themes= --locales= \
		--install-modules="normal multiboot2 all_video echo test" \
		"$work/root" \
		>"$work/log" 2>&1 || {
		cat "$work/log" >&2
		exit 1
	}
	;;
image)
	# The prefix is found by the kernel's file, whatever disk this is on.
	cat >"$work/early.cfg" <<'E2'
search --no-floppy --set=root --file /boot/bedrock.elf
set prefix=($root)/boot/grub
normal
E2
	mods='part_gpt part_msdos fat search search_fs_file normal boot configfile
		multiboot2 test echo'
	# shellcheck disable=SC2086 # a list of module names
	grub-mkimage -O i386-pc -o "$work/core.img" -c "$work/early.cfg" \
		-p /boot/grub $mods biosdisk vbe vga all_video
	# shellcheck disable=SC2086
	grub-mkimage -O x86_64-efi -o "$work/bootx64.efi" -c "$work/early.cfg" \
		-p /boot/grub $mods efi_gop efi_uga all_video
	python3 "$(dirname "$0")/mkdisk.py" -o "$work/out" \
		--boot /usr/lib/grub/i386-pc/boot.img --core "$work/core.img" \
		--efi "$work/bootx64.efi" --root "$work/root"
	;;
*)
	echo "mkimage: kind $kind?" >&2
	exit 2
	;;
esac
mv "$work/out" "$out"
echo "$out ($(($(stat -c %s "$out") / 1024)) KiB)"
