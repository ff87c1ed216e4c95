# syntax=docker/dockerfile:1

FROM node:20-bookworm-slim AS base
WORKDIR /app
ENV NPM_CONFIG_UPDATE_NOTIFIER=false
COPY package.json package-lock.json .npmrc ./

FROM base AS build
RUN npm ci
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY migrations migrations
COPY src src
RUN npm run build

# With --build-arg OMIT='dev optional' the embedded PostgreSQL stays out; DATABASE_URL must be set then.
FROM base AS dependencies
ARG OMIT=dev
RUN npm ci $(printf ' --omit=%s' $OMIT) && npm cache clean --force

FROM base AS runtime
# HOST: reachable from outside the container, and therefore not without API_KEYS or API_KEYS_FILE.
ENV NODE_ENV=production \
    LOG_FORMAT=json \
    HOST=0.0.0.0 \
    SERVER_PORT=8000 \
    CLIENT_PORT=3000 \
    DATA_DIR=/data
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY scripts scripts
COPY .env events.jsonl LICENSE ./
RUN install -d -o node -g node -m 0700 /data
# All of /app belongs to root: the application writes to /data, and to /tmp when its tools sort.
USER node
VOLUME /data
EXPOSE 8000 3000
STOPSIGNAL SIGTERM
# Alive, not ready: a full disk or a drain is nothing that a restart would cure.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SERVER_PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/main.js"]
