# tests/system/long_script.sh -- a day's work for busybox sh, the same anywhere.
# SPDX-License-Identifier: MIT
set -eu
umask 022
export TZ=UTC LC_ALL=C
PATH=/bin
bb=/bin/busybox
w=/tmp/long_script.$$
$bb mkdir -p "$w"
cd "$w"

echo '== loops and arithmetic'
i=0 sum=0
while [ $i -lt 200 ]; do
	i=$((i + 1))
	sum=$((sum + i * i))
done
echo "$i $sum"
for word in one 'two words' three; do
	echo "<$word>"
done
until [ $i -eq 190 ]; do i=$((i - 1)); done
echo $i
case $sum in *700) echo ends ;; *) echo other ;; esac

echo '== functions and substitution'
fact() {
	if [ "$1" -le 1 ]; then echo 1; else
		echo $(($1 * $(fact $(($1 - 1)))))
	fi
}
fact 12
x=abcdefabc
echo "${x#abc} ${x%abc} ${x##*b} ${#x} ${unset:-default}"

echo '== here-documents'
$bb cat <<END
sum is $sum, $((1 + 1))
END
$bb cat <<'END'
sum is $sum
END
$bb tr a-z A-Z <<END | $bb rev
through a pipe
END

echo '== pipes'
$bb seq 1 1000 | $bb awk '{ s += $1 } END { print s, NR }'
$bb seq 1 500 | $bb sort -rn | $bb head -n 3
$bb seq 1 20000 | $bb sort -n | $bb uniq | $bb wc -l
yes_lines=$($bb yes line | $bb head -n 2000 | $bb wc -l)
echo "$yes_lines"
$bb printf 'b 2\na 1\nc 3\n' | $bb sort | while read -r a b; do
	echo "$b-$a"
done

echo '== files'
$bb mkdir -p d/e/f
for i in $($bb seq 1 60); do
	echo "content $i of file" >"d/file $i.txt"
	echo "$i" >d/e/f/"n$i"
done
$bb find d -type f | $bb wc -l
$bb find d -name 'n*' -print0 | $bb xargs -0 $bb cat | $bb sort -n | $bb tail -n 2
$bb find d -type f -name '*.txt' | $bb sort | $bb head -n 3
$bb find d -type f -print0 | $bb xargs -0 -n 7 $bb grep -h 'content [0-9]*7 ' |
	$bb sort
$bb cp -r d copy
$bb mv copy/e moved
$bb ln -s moved/f link
$bb ls link | $bb wc -l
$bb rm -r copy
$bb test ! -e copy && echo gone
$bb chmod 640 'd/file 1.txt'
$bb stat -c '%a %s %F' 'd/file 1.txt'

echo '== sed and awk'
$bb sed -n -e '/1[0-5] /{s/content/line/;p;}' d/*.txt | $bb sort
$bb sed -i 's/of file/of a file/' d/*.txt
$bb cat d/*.txt | $bb awk '{ c[length($0)]++ } END {
	for (k in c) print k, c[k] }' | $bb sort
$bb awk 'BEGIN { for (i = 0; i < 5; i++) printf "%05.2f %x %s\n", i / 3, i * 37, substr("abcdef", i, 3) }'

echo '== tar, gzip, sha256sum'
i=0
while [ $i -lt 300 ]; do
	echo "record $i $((i * 7919 % 1000)) $((i * i))"
	i=$((i + 1))
done >records
$bb sha256sum <records
$bb tar cf all.tar --owner root d records 2>/dev/null || $bb tar cf all.tar d records
$bb mkdir out
$bb tar xf all.tar -C out
$bb diff -r d out/d && $bb cmp records out/records && echo same
$bb gzip -c records | $bb gunzip | $bb sha256sum
$bb gzip records
$bb zcat records.gz | $bb md5sum
$bb tar cf - out | $bb gzip | $bb gunzip | $bb tar tf - | $bb wc -l
$bb dd if=/dev/zero bs=4096 count=256 2>/dev/null | $bb sha256sum

echo '== background jobs'
for n in 3 1 2; do
	(
		i=0
		while [ $i -lt $((n * 300)) ]; do i=$((i + 1)); done
		echo "job $n" >"job$n"
	) &
done
wait
$bb cat job1 job2 job3
$bb sleep 60 &
pid=$!
kill $pid
wait $pid 2>/dev/null || echo "killed $?"
trap 'echo trapped' USR1
kill -USR1 $$
trap - USR1
(exit 7) || echo "status $?"

echo '== a thousand forks'
i=0 good=0
while [ $i -lt 1000 ]; do
	i=$((i + 1))
	if (exit $((i % 3))); then good=$((good + 1)); fi
done
echo "$i $good"

echo '== exec'
$bb sh -c 'echo "$0 $# $*"' name a 'b c' d
$bb env -i A=1 B=2 $bb sh -c 'echo $A$B'

cd /
$bb rm -rf "$w"
echo done
