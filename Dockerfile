# The warehouse and its Airflow in one image; docker-compose.yml says which process a container runs.
# The tag is exact. Who can reach the registry adds the digest: python:3.13.16-slim-bookworm@sha256:...
FROM python:3.13.16-slim-bookworm

ENV TZ=UTC PYTHONUNBUFFERED=1 GX_ANALYTICS_ENABLED=false DBT_SEND_ANONYMOUS_USAGE_STATS=false

# The program is root's and stays as it was built; the state under /srv/longan is the warehouse's own. A volume takes over its owner.
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin warehouse \
    && install -d -o warehouse -g warehouse -m 0750 /srv/longan /srv/longan/reports /srv/backup

WORKDIR /opt/warehouse
COPY . .
# The installation of `make install`: every package of requirements.lock with its hash. Caches stay out of the image.
RUN --mount=type=cache,target=/opt/warehouse/.data \
    sh operations/bootstrap.sh && .venv/bin/python -m compileall -q dags operations reporting expectations ingestion warehouse synthetic

ENV PATH=/opt/warehouse/.venv/bin:$PATH WAREHOUSE_HOME=/srv/longan WAREHOUSE_QUIET=true
USER 10001:10001
CMD ["warehouse", "status"]
