# Prompt Portal. Three stages: the page, the packages, and what runs: no root, no compiler, nothing written outside /data and /tmp.
# Base images are build arguments, so that a team can name its own mirror or pin a digest (IMAGE@sha256:…).
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim
ARG PYTHON_IMAGE=docker.io/library/python:3.11-slim-trixie

FROM ${NODE_IMAGE} AS page
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY docs/openapi.json /src/docs/openapi.json
COPY frontend ./
RUN npm run build -- --logLevel warn

FROM ${PYTHON_IMAGE} AS packages
COPY backend/requirements.lock /requirements.lock
RUN python3 -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r /requirements.lock

FROM ${PYTHON_IMAGE}
# libgomp1: the embedded llama.cpp; postgresql-client: `backup` and `restore`, which need one no older than the server (trixie: 17)
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends libgomp1 postgresql-client >/dev/null \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --home-dir /data --shell /usr/sbin/nologin portal \
 && install -d -o portal -g portal -m 700 /data
COPY --from=packages /venv /venv
COPY LICENSE /app/LICENSE
COPY backend /app/backend
COPY demo_model /app/demo_model
COPY --from=page /src/frontend/dist /app/frontend/dist
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    PORTAL_ENV_FILE="" PORTAL_HOST=0.0.0.0 PORTAL_PORT=8000 PORTAL_DATA_DIR=/data
WORKDIR /app/backend
USER 10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["python3", "-m", "app"]
CMD ["serve"]
