#!/usr/bin/env bash
# Builds the images, runs them in a Docker engine of its own, brings docker-compose.yml up and holds a meeting of two people in it.
# For Debian 12, as root: nothing comes from an image registry. Base images are made by debootstrap; PostgreSQL, Redis and NATS are
# Debian's. Takes about 8 minutes the first time, 4 afterwards.
#   npm run image:try            everything
#   npm run image:try -- build   only the images
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=${PARLEY_TRY_DIR:-$root/.data/image-try}
most_mib=60
mkdir -p "$work/images"

missing=
for program in buildah debootstrap dockerd docker docker-compose runc iptables ip curl; do
  PATH=$PATH:/usr/sbin command -v "$program" > /dev/null || missing="$missing $program"
done
if [ -n "$missing" ]; then
  echo "Missing:$missing. On Debian: apt-get install -y --no-install-recommends buildah debootstrap docker.io docker-compose runc iptables iproute2 curl" >&2
  exit 1
fi

export BUILDAH_ISOLATION=chroot
# npm in a build trusts what this machine trusts.
certificates=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
printf 'cafile=/run/build-ca.crt\n' > "$work/npmrc"
build() {
  buildah bud -q --layers --pull-never --format docker -v "$certificates:/run/build-ca.crt:ro" -v "$work/npmrc:/root/.npmrc:ro" "$@"
}
exists() { buildah images -q "$1" > /dev/null 2>&1; }
say() { printf '\n== %s\n' "$*"; }

make_bases() {
  say 'base images by debootstrap'
  rm -rf "$work/debian"
  debootstrap --variant=minbase bookworm "$work/debian" > "$work/debootstrap.log"
  tar -C "$work/debian" -c --exclude='./var/cache/apt/archives/*.deb' --exclude='./var/lib/apt/lists/*' \
    --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' . > "$work/debian.tar"
  local base npm
  base=$(buildah from scratch)
  buildah add -q "$base" "$work/debian.tar" / > /dev/null
  buildah config --cmd bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$base"
  buildah commit -q "$base" docker.io/library/debian:bookworm-slim
  npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  buildah copy -q "$base" "$root/node_modules/node/bin/node" /usr/local/bin/node
  buildah copy -q "$base" "$npm" /usr/local/lib/node_modules/npm
  buildah run "$base" -- sh -c 'ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
    && groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home node && node --version'
  buildah commit -q "$base" docker.io/library/node:24-bookworm-slim
  buildah rm "$base" > /dev/null
}

stand_ins='postgres:17-bookworm redis:7-bookworm nats:2-alpine minio/minio:RELEASE.2025-04-22T22-12-26Z'
exists docker.io/library/node:24-bookworm-slim || make_bases
say 'images of ours'
commit=$(git -C "$root" rev-parse HEAD)
cd "$root"
build --build-arg PARLEY_COMMIT="$commit" -t parley -f deploy/Dockerfile .
build --build-arg PARLEY_COMMIT="$commit" --target media -t parley-media -f deploy/Dockerfile .
build -t parley-janus -f deploy/janus/Dockerfile deploy
build -t parley-coturn -f deploy/coturn/Dockerfile deploy
say 'stand-ins for images that only a registry has'
for image in $stand_ins; do
  name=${image%%:*}
  build -t "docker.io/$(case $image in */*) ;; *) printf library/ ;; esac)$image" -f "$here/stand-ins/${name##*/}.Dockerfile" "$here/stand-ins"
done
[ "${1:-}" != build ] || exit 0

say "the engine"
rm -f "$work"/images/*.tar
for image in parley:latest parley-media:latest parley-janus:latest parley-coturn:latest $stand_ins; do
  from=$image
  case $image in parley*) from=localhost/$image ;; esac
  buildah push -q "$from" "docker-archive:$work/images/$(echo "$image" | tr '/:' '__').tar:$image"
done
exec env ROOT="$root" WORK="$work" MOST_MIB="$most_mib" COMMIT="$commit" unshare --net bash "$here/inside.sh"
