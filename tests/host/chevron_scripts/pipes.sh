# Pipelines, exit codes, background jobs.
echo hello | tr a-z A-Z | rev
seq 100 | grep 7 | wc -l
false | true; echo $?
true | false; echo $?
echo a | { cat; echo b; } | cat
yes | head -n 3
seq 1000 | sort -rn | head -n 2
i=0; seq 3 | while read x; do i=$((i + x)); echo $i; done; echo "outer $i"
sleep 0 & wait; echo "waited $?"
(exit 7) & wait $!; echo "status $?"
{ echo bg > /dev/null; } & p=$!; wait $p; echo $?
wait; echo none
{ sh -c 'kill -TERM $$'; } 2> /dev/null; echo "killed $?"
sh -c 'exit 300'; echo $?
/nonexistent/program 2>/dev/null; echo $?
nonexistent_command 2>/dev/null; echo $?
/ 2>/dev/null; echo $?
echo $(echo one; echo two) | cat
x=$(false); echo $?
x=$(exit 9) ; echo $?
echo $(exit 9) $?
y=$(echo a | tr a b | tr b c); echo $y
if echo x | grep -q x; then echo found; fi
echo "$(seq 5 | tr '\n' ' ')"
for i in 1 2 3; do echo $i; done | tac
printf '%s\n' b a c | sort | tr '\n' ' '; echo
seq 20000 | tail -n 1
head -c 200000 /dev/zero | wc -c
