# Speaks S3, which is enough to see that the parts find each other; MinIO itself is to be had from its registry only.
FROM node:24-bookworm-slim
RUN npm install --global s3rver@3.7.1
COPY s3.mjs /usr/local/lib/node_modules/
RUN printf '#!/bin/sh\nexec node -e "fetch(\\"http://127.0.0.1:9000/\\").then(() => process.exit(0), () => process.exit(1))"\n' \
  > /usr/local/bin/mc && chmod +x /usr/local/bin/mc
ENTRYPOINT ["node", "/usr/local/lib/node_modules/s3.mjs"]
