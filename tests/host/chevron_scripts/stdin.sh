# Commands share standard input with the script's own reading.
printf 'a\nb\nc\n' | { read x; echo "first $x"; cat; }
printf '1 2\n3 4\n' | while read a b; do echo "$b $a"; done
seq 5 | { head -n 1 > /dev/null; echo ok; }
echo "x=1; echo \$x" | sh
cat << 'X' | sh
for i in 1 2; do
	echo "inner $i"
done
X
