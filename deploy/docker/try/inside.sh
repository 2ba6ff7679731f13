#!/usr/bin/env bash
# The part of run.sh that happens in a network of its own: a Docker engine, one container, then the compose file.
set -euo pipefail
export DOCKER_HOST=unix://$WORK/docker.sock PATH=$PATH:/usr/sbin
faults=0
check() { # name, command…
  local name=$1
  shift
  if "$@"; then echo "ok   $name"; else echo "FAIL $name"; faults=$((faults + 1)); fi
}
within() { # seconds, command…: until it succeeds
  local until=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt "$until" ] || return 1
    sleep 1
  done
}

ip link set lo up
dockerd --data-root "$WORK/engine" --exec-root "$WORK/run" --host "$DOCKER_HOST" --pidfile "$WORK/pid" > "$WORK/dockerd.log" 2>&1 &
engine=$!
finish() {
  docker rm -f -v parley-one > /dev/null 2>&1 || true
  kill "$engine"
  wait "$engine" || true
}
trap finish EXIT
within 60 docker info > /dev/null 2>&1
for archive in "$WORK"/images/*.tar; do docker load -q -i "$archive" > /dev/null; done

ours=$(($(docker image inspect -f '{{.Size}}' parley) - $(docker history parley --format '{{.Size}}' --human=false | tail -1)))
echo "of ours over the base: $((ours / 1024 / 1024)) MiB"
check "ours is at most $MOST_MIB MiB" test "$ours" -le $((MOST_MIB * 1024 * 1024))
check 'no tests, maps or page sources in it' test -z \
  "$(docker run --rm --entrypoint find parley /app ! -path '*/node_modules/*' \( -name '*.test.ts' -o -name '*.tsx' -o -name '*.map' \))"

loads() {
  docker run --rm -i --entrypoint node parley --no-warnings --experimental-import-meta-resolve --input-type=module - \
    < "$ROOT/deploy/docker/try/loads.mjs"
}
check 'every package that a module of ours names loads' loads
check 'the commands explain themselves' grep -q 'parley doctor' <<< "$(docker run --rm parley parley --help)"

echo "one container, nothing set, 512 MiB: docker run --memory 512m parley embedded"
from=$(date +%s%N)
docker run -d --name parley-one --memory 512m --memory-swap 512m --read-only --tmpfs /tmp --cap-drop ALL \
  --security-opt no-new-privileges -p 8081:8080 parley embedded > /dev/null
check 'it gets ready, read-only and without rights' within 90 curl -sf -o /dev/null http://localhost:8081/readyz
echo "ready after $((($(date +%s%N) - from) / 1000000)) ms"
meets() { (cd "$ROOT" && node_modules/.bin/node tests/programs/protocol-client.ts http://localhost:8081 > "$WORK/one.log" 2>&1); }
check 'two people meet in it' meets
# The second name is that of cgroups 1.
peak=$(docker exec parley-one sh -c 'cat /sys/fs/cgroup/memory.peak || cat /sys/fs/cgroup/memory/memory.max_usage_in_bytes' 2> /dev/null)
echo "memory: $(docker stats --no-stream --format '{{.MemUsage}}' parley-one), at most $((peak / 1024 / 1024)) MiB with the page cache"
echo "resident at most: $(docker exec parley-one sh -c 'grep VmHWM /proc/1/status' | tr -s '\t ' ' ')"
check 'it is nobody of importance' test "$(docker exec parley-one id -u)" = 1000
check '/version tells the commit' grep -q "$COMMIT" <<< "$(curl -s http://localhost:8081/version)"
check 'it serves the page' grep -q '<html' <<< "$(curl -s http://localhost:8081/)"
docker stop -t 60 parley-one > /dev/null
check 'it ends in order' test "$(docker inspect -f '{{.State.ExitCode}}' parley-one)" = 0
docker rm -v parley-one > /dev/null

echo 'docker-compose.yml'
ROOT=$ROOT WORK=$WORK bash "$ROOT/deploy/docker/try/compose.sh" || faults=$((faults + 1))
if [ "$faults" -gt 0 ]; then
  echo "$faults failed; logs are in $WORK"
  exit 1
fi
echo 'All checks passed'
