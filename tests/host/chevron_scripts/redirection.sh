# Redirections and here-documents.
d=$(mktemp -d); cd "$d"
echo one > a; echo two >> a; cat a; cat < a | wc -l
echo err 2> e >&2; cat e
{ echo o; echo e >&2; } > both 2>&1; cat both
{ echo o; echo e >&2; } 2>&1 > only | cat; cat only
cat <<EOF
expanded $((1 + 1)) $(echo cmd) ${HOME:+home} \$escaped \\ "quoted" 'single'
EOF
cat <<'EOF'
literal $((1 + 1)) $(echo cmd) \$ \\
EOF
cat <<-EOF
	tabs gone
		all of them
	EOF
cat <<A; cat <<B
first
A
second
B
cat <<EOF | tr a-z A-Z
piped
EOF
while read -r l; do echo "<$l>"; done < a
exec 3> three; echo to three >&3; exec 3>&-; cat three
exec 4< a; read -r first <&4; read -r second <&4; exec 4<&-; echo "$first $second"
{ echo x > /nonexistent/file; } 2>/dev/null || echo "cannot"
{ cat < /nonexistent; } 2>/dev/null || echo "no such file"
> empty; test -f empty && echo made
: > empty; test -s empty || echo still empty
if true; then echo in if; fi > c; cat c
for i in 1 2; do echo $i; done > l; cat l
f() { cat; }; f <<EOF
to function
EOF
x=$(cat <<EOF
in substitution
EOF
)
echo "$x"
echo 5 > n; read v < n; echo "v=$v"
echo a b 1>& 2 2> /dev/null
(echo sub > s); cat s
cat <<EOF
a \
continued
EOF
echo rw 1<> rw; cat rw
cd /; rm -r "$d"
