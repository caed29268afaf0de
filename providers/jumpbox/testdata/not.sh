#!/bin/sh
echo 'the service does not answer' >&2
exit 3
