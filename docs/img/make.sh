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
play replay      one     "$img" -- replay last
play several     several "$img" -- rehearse
play certificate one     "$img" -- rehearse
# A run that was left is what home shows first.
play left        one     "$work" -- rehearse
play home        one     "$img" --
play jobs        several "$img" --
play palette     fresh   "$img" -- rehearse
play swedish     swedish "$img" -- rehearse --language sv
play film        film    "$img" -- rehearse
go run ./docs/img/fleet "$work/fleet" 200
play fleet       fleet   "$img" -- replay last --speed 60

mkdir -p "$work/light" "$work/plain"
play variant light "$work/light" -light -- rehearse
LANG=C NO_COLOR=1 play variant plain "$work/plain" -- rehearse
for name in run gate-complete; do
  mv "$work/light/$name.png" "$img/$name-light.png"
  mv "$work/plain/$name.png" "$img/$name-ascii.png"
done

# The components, for docs/style.md.
go build -o "$work/style" ./docs/img/style
sheet() { # sheet NAME VARIANT ROWS [FLAGS OF SHOOT...] -- FLAGS OF STYLE...
  local name=$1 variant=$2 rows=$3
  shift 3
  local flags=()
  while [ "$1" != -- ]; do flags+=("$1"); shift; done
  shift
  printf 'sleep 500ms\nshot style-%s-%s\n' "$name" "$variant" >"$work/sheet.keys"
  "$work/shoot" -script "$work/sheet.keys" -size "78x$rows" -out "$img" "${flags[@]}" -- "$work/style" "$@" "$name"
}
for each in states:19 list:17 question:19 charts:12; do
  name=${each%:*} rows=${each#*:}
  sheet "$name" dark "$rows" -- -theme dark
  sheet "$name" light "$rows" -light -- -theme light
  NO_COLOR=1 sheet "$name" ascii "$rows" -- -ascii
done
sheet states blind-dark 19 -- -theme colour-blind
sheet states blind-light 19 -light -- -theme colour-blind
sheet states 16 19 -- -theme 16

# The gallery: every screen of a rehearsal in three looks at three sizes, and the
# page that shows them.
mkdir -p "$img/gallery/dark" "$img/gallery/light" "$img/gallery/ascii"
play gallery dark  "$img/gallery/dark" -- rehearse
play gallery light2 "$img/gallery/light" -light -- rehearse
LANG=C NO_COLOR=1 play gallery ascii "$img/gallery/ascii" -- rehearse

looks() { # looks SCRIPT STATE -- COMMAND...: one more script for the gallery
  play "$1" "$2" "$img/gallery/dark" "${@:3}"
  play "$1" "$2" "$img/gallery/light" -light "${@:3}"
  LANG=C NO_COLOR=1 play "$1" "$2" "$img/gallery/ascii" "${@:3}"
}
looks gallery-certificate dark -- rehearse
looks gallery-jobs several --

# A vault that is found, and a sign-in that asks for its secret: nobody keeps one here.
"$work/failback" lab serve --estate one --state-dir "$work/served" >"$work/served.json" &
served=$!
trap 'kill "$served"; rm -rf "$work"' EXIT
until grep -q token "$work/served.json"; do sleep 0.1; done
said() { sed -n "1s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$work/served.json"; }
cat >"$work/profiles.yaml" <<EOF
profiles:
  served: {cloud: {resource_manager: "$(said management)", storage: "$(said storage)"}, auth: loopback, token: $(said token)}
  site: {auth: client-secret, tenant: contoso.example, client_id: 00000000-0000-0000-0000-000000000000, subscription: s, resource_group: rg-dr, vault: rsv-dr}
EOF
DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere/bus looks gallery-places fresh -- --config profiles.yaml
{
  echo '# Gallery'
  echo
  echo 'Every screen of a rehearsal, dark, light and in ASCII without colour, made by [docs/img/make.sh](img/make.sh). The pictures are'
  echo '80×24; the links lead to 120×40 and 200×60.'
  for shot in "$img"/gallery/dark/*-80x24.png; do
    name=$(basename "$shot" -80x24.png)
    printf '\n## %s\n| dark | light | ASCII |\n|---|---|---|\n|' "${name#*-}"
    for look in dark light ascii; do printf ' ![%s, %s](img/gallery/%s/%s-80x24.png) |' "${name#*-}" "$look" "$look" "$name"; done
    printf '\n|'
    for look in dark light ascii; do
      printf ' [120×40](img/gallery/%s/%s-120x40.png), [200×60](img/gallery/%s/%s-200x60.png) |' "$look" "$name" "$look" "$name"
    done
    echo
  done
} >docs/gallery.md
