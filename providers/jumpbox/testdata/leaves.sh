#!/bin/sh
# Ends well and leaves a child behind that holds its output open.
sleep 600 &
echo "child $!"
exit 0
