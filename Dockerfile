# syntax=docker/dockerfile:1
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/server/package.json packages/server/
COPY packages/api-client/package.json packages/api-client/
RUN npm ci --ignore-scripts
COPY scripts/build.mjs scripts/
COPY packages packages
RUN node scripts/build.mjs --clean \
 && npm prune --omit=dev --ignore-scripts \
 && rm -rf scripts packages/*/src packages/*/test

FROM node:20-bookworm-slim
# The engine and the file system share libuv's threads: four, the default, are not enough for both.
ENV NODE_ENV=production \
    UV_THREADPOOL_SIZE=16 \
    DATA_DIR=/data \
    HOST=0.0.0.0 \
    PORT=8000 \
    PGWIRE_HOST=0.0.0.0
RUN groupadd --gid 10001 storage \
 && useradd --uid 10001 --gid storage --no-create-home --home-dir /data --shell /usr/sbin/nologin storage \
 && install -d -o storage -g storage -m 0750 /data
WORKDIR /app
COPY --from=build /app ./
COPY LICENSE ./
USER storage
VOLUME /data
EXPOSE 8000 5432
# The service stops within SHUTDOWN_TIMEOUT (30 s) of SIGTERM: give `docker stop` longer, see compose.yaml.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8000}${process.env.API_PREFIX || ''}/health`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node as process 1 handles SIGTERM itself and waits for its workers, so no init is needed.
ENTRYPOINT ["node", "--enable-source-maps", "/app/packages/server/dist/main.js"]
CMD ["serve"]
