#!/usr/bin/env bash
# Makes every picture of the documentation anew: builds the program and plays it
# in a pseudo terminal against the lab. Needs Go and the DejaVu fonts.
set -euo pipefail
cd "$(dirname "$0")/../.."
img=$PWD/docs/img

# A path that may be seen in a picture. It must not be there already.
work=/tmp/failback-pictures
mkdir "$work"
trap 'rm -rf "$work"' EXIT
go build -o "$work/failback" .
go build -o "$work/shoot" ./docs/img/shoot

play() { # play SCRIPT STATE OUT [FLAGS OF SHOOT...] -- COMMAND...: one script in one terminal
  local script=$1 state=$2 out=$3
  shift 3
  local flags=()
  while [ "$1" != -- ]; do flags+=("$1"); shift; done
  shift
  # From there, so that no path of this machine gets into a picture.
  (cd "$work" && ./shoot -script "$img/$script.keys" -out "$out" "${flags[@]}" -- ./failback "$@" --state-dir "$state")
}

mkdir "$work/certificates"
touch "$work/certificates/vmm01-provider.pfx"
export LANG=C.UTF-8
play rehearse    one     "$img" -- rehearse
play several     several "$img" -- rehearse
play certificate one     "$img" -- rehearse
# A run that was left is what home shows first.
play left        one     "$work" -- rehearse
play home        one     "$img" --
play jobs        several "$img" --

mkdir -p "$work/light" "$work/plain"
play variant light "$work/light" -light -- rehearse
LANG=C NO_COLOR=1 play variant plain "$work/plain" -- rehearse
for name in run gate-complete; do
  mv "$work/light/$name.png" "$img/$name-light.png"
  mv "$work/plain/$name.png" "$img/$name-ascii.png"
done
