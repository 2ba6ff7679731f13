FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends nats-server busybox \
 && rm -rf /var/lib/apt/lists/* && ln -s /bin/busybox /usr/local/bin/wget
ENTRYPOINT ["nats-server"]
