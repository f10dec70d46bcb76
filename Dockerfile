# syntax=docker/dockerfile:1
# Not built where this project is developed (there is no Docker engine): its structure is checked by
# test/unit/deploy/dockerfile.test.ts. Please open an issue when a build fails.
#
#   docker build --tag claude-orchestrator .
#   docker run --init --publish 127.0.0.1:3001:3001 --env API_KEY --env DATABASE_URL --env ANTHROPIC_API_KEY \
#     --volume orchestrator-data:/data --volume orchestrator-workspaces:/workspaces claude-orchestrator
#
# The database is not inside: DATABASE_URL names one (docker-compose.yml brings one along).

FROM node:24-bookworm-slim AS dashboard
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY dashboard/package.json dashboard/
RUN npm ci --ignore-scripts --workspace dashboard
COPY tsconfig.json ./
COPY src/contract/ src/contract/
COPY dashboard/ dashboard/
RUN node node_modules/vite/bin/vite.js build dashboard

FROM node:24-bookworm-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates curl git openssh-client procps tini \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without the optional packages (another Node, the embedded PostgreSQL); Claude Code itself, in the version they name.
RUN npm ci --omit=dev --omit=optional --workspaces=false \
  && npm install --global "@anthropic-ai/claude-code@$(node --print "require('./package.json').optionalDependencies['@anthropic-ai/claude-code-linux-x64']")" \
  && npm cache clean --force
COPY LICENSE README.md ./
COPY bin/ bin/
COPY sql/ sql/
COPY src/ src/
COPY --from=dashboard /build/dashboard/dist/ dashboard/dist/

# An ordinary account, which also owns what Claude may change.
RUN install --directory --owner=node --group=node --mode=0700 /data /workspaces
USER node
ENV NODE_ENV=production \
  API_HOST=0.0.0.0 \
  API_PORT=3001 \
  DATA_DIR=/data \
  WORKSPACE_BASE=/workspaces
VOLUME ["/data", "/workspaces"]
EXPOSE 3001
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
  CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:3001/health"]
STOPSIGNAL SIGTERM
# An init process: agents start processes of their own, and somebody must reap them.
ENTRYPOINT ["tini", "-s", "--"]
CMD ["node", "src/main.ts"]
