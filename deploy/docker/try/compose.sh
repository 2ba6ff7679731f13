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
    '# ADMIN_TOKEN=') echo "ADMIN_TOKEN=$(secret)" ;;
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
untilHealthy() { # how many containers
  until [ "$(all healthy)" = "$1" ]; do
    if [ $(($(date +%s) - from)) -gt 300 ]; then
      echo "FAIL $(all healthy) of $1 containers are healthy"
      docker ps -a --format '{{.Names}}	{{.Status}}' | sort
      exit 1
    fi
    sleep 1
  done
  echo "ok   $1 containers are healthy after $(($(date +%s) - from)) s"
}
meeting() {
  if ! (cd "$root" && node_modules/.bin/node tests/programs/protocol-client.ts http://localhost:8080 > "$work/client.log" 2>&1); then
    cat "$work/client.log"
    echo 'FAIL two people meet through the one port'
    exit 1
  fi
  echo "ok   two people meet through the one port: $(grep -c '^ok' "$work/client.log") checks"
}
untilHealthy "$containers"
docker ps -a --format '{{.Names}}	{{.Status}}' | sort
meeting

# As docs/operation/containers.md says: one more node of signaling, which the gateway finds by itself.
from=$(date +%s)
$compose up -d --no-build --scale signaling=3 > "$work/scale.log" 2>&1 || tail -20 "$work/scale.log"
untilHealthy $((containers + 1))
nodes() { $compose exec -T gateway node deploy/docker/entrypoint.mjs parley nodes; }
until [ "$(nodes | grep -c '^signaling/.* serving ')" = 3 ]; do
  if [ $(($(date +%s) - from)) -gt 300 ]; then
    nodes
    echo 'FAIL the gateway has three signaling nodes'
    exit 1
  fi
  sleep 1
done
nodes
echo 'ok   the gateway has three signaling nodes'
meeting
# Its images are not to be had everywhere; at least it fits the file that it stands over.
$compose -f docker-compose.yml -f docker-compose.observability.yml config -q
echo 'ok   docker-compose.observability.yml is valid'
docker stats --no-stream --format '{{.Name}}	{{.MemUsage}}	{{.CPUPerc}}' | sort
