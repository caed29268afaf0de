#!/bin/sh
# Writes far more than anybody keeps, and things that no screen may get.
i=0
while [ $i -lt 3000 ]; do
	printf 'line %d of a script that talks a lot, and then some more of it\n' $i
	i=$((i + 1))
done
printf '\033[2J\007\302\233at the end\000 \342\200\256done\n'
