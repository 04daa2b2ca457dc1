# The bridge as an image: the packages it needs, its source and its mappings, run by a user without rights.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# The optional package is a Node of its own; this image has one.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY mappings ./mappings
COPY src ./src
COPY deploy/backup.ts ./deploy/
# As numbers, which platforms can check. A new volume takes over the folder's owner.
RUN install -d -o 10001 -g 10001 -m 0700 /data
USER 10001:10001
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Settings may come as a file; what the environment says goes before it.
ENTRYPOINT ["node", "--max-semi-space-size=4", "--heap-growing-percent=30", "--env-file-if-exists=/run/secrets/bridge.env"]
CMD ["src/node.ts"]
