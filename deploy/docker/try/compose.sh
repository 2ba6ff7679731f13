#!/usr/bin/env bash
# Brings docker-compose.yml up from images that are built, waits until everything is healthy, and lets two people meet through its
# one port. In CI, and at the end of run.sh.
set -euo pipefail
root=${ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)}
work=${WORK:-$root/.data/image-try}
# A machine with much to do opens 400 ports slowly.
export COMPOSE_HTTP_TIMEOUT=300
compose='docker compose'
docker compose version > /dev/null 2>&1 || compose=docker-compose
containers=13

mkdir -p "$work"
secret() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
while IFS= read -r line; do
  case $line in
    PUBLIC_URL=*) echo PUBLIC_URL=http://localhost:8080 ;;
    MEDIA_ADDRESS=*) echo MEDIA_ADDRESS=172.17.0.1 ;;
    SIGNING_SECRET=* | *_PASSWORD=* | *_SECRET=* | *_KEY=*) echo "${line%%=*}=$(secret)" ;;
    *) echo "$line" ;;
  esac
done < "$root/.env.example" > "$work/compose.env"
cd "$root"
compose="$compose --env-file $work/compose.env"

finish() {
  $compose logs --no-color > "$work/compose-logs.log" 2>&1 || true
  $compose down -v --timeout 40 > /dev/null 2>&1 || true
}
trap finish EXIT
from=$(date +%s)
$compose up -d --no-build > "$work/compose.log" 2>&1 || tail -20 "$work/compose.log"
all() { $compose ps -q | xargs -r docker inspect -f '{{.State.Health.Status}}' | grep -c "^$1\$" || true; }
until [ "$(all healthy)" = "$containers" ]; do
  if [ $(($(date +%s) - from)) -gt 300 ]; then
    echo "FAIL $(all healthy) of $containers containers are healthy"
    docker ps -a --format '{{.Names}}	{{.Status}}' | sort
    exit 1
  fi
  sleep 1
done
echo "ok   $containers containers are healthy after $(($(date +%s) - from)) s"
docker ps -a --format '{{.Names}}	{{.Status}}' | sort
if ! (cd "$root" && node_modules/.bin/node tests/programs/protocol-client.ts http://localhost:8080 > "$work/client.log" 2>&1); then
  cat "$work/client.log"
  echo 'FAIL two people meet through the one port'
  exit 1
fi
echo "ok   two people meet through the one port: $(grep -c '^ok' "$work/client.log") checks"
docker stats --no-stream --format '{{.Name}}	{{.MemUsage}}	{{.CPUPerc}}' | sort
