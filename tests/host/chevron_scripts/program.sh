# Something like a real script: primes, word counts, string work.
primes() {
	n=2
	while [ $n -le $1 ]; do
		d=2 prime=1
		while [ $((d * d)) -le $n ]; do
			if [ $((n % d)) -eq 0 ]; then prime=0; break; fi
			d=$((d + 1))
		done
		[ $prime = 1 ] && printf '%d ' $n
		n=$((n + 1))
	done
	echo
}
primes 200
reverse() {
	s=$1 r=
	while [ -n "$s" ]; do
		rest=${s#?}
		r=${s%"$rest"}$r
		s=$rest
	done
	echo "$r"
}
reverse 'strat9 chevron'
fib() { [ $1 -lt 2 ] && echo $1 || echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); }
fib 10
split() { old=$IFS; IFS=$2; set -f; set -- $1; set +f; IFS=$old; for w; do echo "- $w"; done; }
split 'a/b/*/d' /
d=$(mktemp -d)
for i in 1 2 3 4 5; do echo "file $i" > "$d/f$i"; done
for f in "$d"/f*; do n=$(basename "$f"); printf '%s=%s\n' "$n" "$(cat "$f")"; done
find "$d" -type f | sort | while read -r f; do case $f in *[13]) echo "odd ${f##*/}" ;; *) ;; esac; done
tar -C "$d" -cf - . | tar -tf - | sort
sum=0; for f in "$d"/*; do sum=$((sum + $(wc -c < "$f"))); done; echo $sum
rm -r "$d"; [ -d "$d" ] || echo removed
menu() {
	while [ $# -gt 0 ]; do
		case $1 in
		-a | --all) all=1 ;;
		-n) shift; number=$1 ;;
		--) shift; break ;;
		-*) echo "unknown $1"; return 1 ;;
		*) break ;;
		esac
		shift
	done
	echo "all=$all number=$number rest=$*"
}
menu -a -n 5 x y; menu --all -- -z; menu -q; echo $?
i=0; out=; while [ $i -lt 300 ]; do out=$out.$i; i=$((i + 1)); done; echo ${#out}
awk 'BEGIN { for (i = 0; i < 3; i++) print i * i }' | while read n; do echo "sq $n"; done
