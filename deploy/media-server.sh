#!/bin/sh
# Fills the configuration of a media server in from the environment, then becomes it: media-server "<secrets>" <command…>
set -eu
from=${MEDIA_SERVER_TEMPLATES:-/etc/media-server}
to=${MEDIA_SERVER_CONFIG:-/run/media-server}
secrets=$1
shift

# This container's own address, where nobody says another.
: "${TURN_ADDRESS:=$(hostname -i | cut -d' ' -f1)}"
export TURN_ADDRESS
for name in $secrets; do
  eval "value=\${$name:-}"
  [ "${#value}" -ge 16 ] || { echo "$name must be set, with at least 16 characters" >&2; exit 1; }
done

names=$(grep -ohE '\$\{[A-Z][A-Z0-9_]*\}' "$from"/* | tr -d '${}' | sort -u)
script=
for name in $names TURN_PUBLIC_ADDRESS TURN_ALLOWED_PEERS; do
  eval "value=\${$name-}"
  # What ends a quoted string or a line could say more than a value.
  case $value in
    *[!A-Za-z0-9_.:,/=+\ -]*) echo "$name has characters that do not fit into a configuration file" >&2; exit 1 ;;
  esac
  script="$script;s|\${$name}|$value|g"
done
umask 077
for file in "$from"/*; do
  sed "${script#;}" "$file" > "$to/$(basename "$file")"
done

# coturn only: behind a 1:1 NAT, and single addresses inside that clients may reach.
if [ -e "$to/turnserver.conf" ]; then
  [ -z "${TURN_PUBLIC_ADDRESS:-}" ] || echo "external-ip=$TURN_PUBLIC_ADDRESS/$TURN_ADDRESS" >> "$to/turnserver.conf"
  for address in $(echo "${TURN_ALLOWED_PEERS:-}" | tr ',' ' '); do
    echo "allowed-peer-ip=$address" >> "$to/turnserver.conf"
  done
fi
exec "$@"
