#!/bin/sh
# Begins a child that outlives nothing: its number is told, and the test looks for it.
sleep 600 &
echo "child $!"
wait
