# Stages: build makes a virtual environment from the hashed requirements and the wheel; the images hold that and no tools.
# Targets: exporter (the default) and demo, which has moto for `aws-ses-exporter demo`.
#
# Nothing here depends on the architecture. docs/installation.md says how to pin BASE by its digest and what makes two
# builds the same; SOURCE_DATE_EPOCH is the time of all files, by default that of the build backend.

ARG BASE=python:3.13-slim
ARG SOURCE_DATE_EPOCH=1580601600

FROM ${BASE} AS build
ARG SOURCE_DATE_EPOCH
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 PIP_ROOT_USER_ACTION=ignore PYTHONHASHSEED=0
WORKDIR /src
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv --without-pip /opt/exporter \
    && pip install --only-binary=:all: --require-hashes -r requirements/build.txt \
    && pip --python /opt/exporter/bin/python install --only-binary=:all: --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
    && pip --python /opt/exporter/bin/python install --no-deps --no-index /dist/*.whl

# Bytecode that is never compared with its source: it carries no times, and the root file system may be read-only.
FROM build AS build-exporter
ARG SOURCE_DATE_EPOCH
RUN python -m compileall -q --invalidation-mode unchecked-hash /opt/exporter \
    && find /opt/exporter -exec touch --no-dereference --date=@${SOURCE_DATE_EPOCH} {} +

FROM build AS build-demo
ARG SOURCE_DATE_EPOCH
COPY requirements/demo.txt requirements/
RUN pip --python /opt/exporter/bin/python install --only-binary=:all: --require-hashes -r requirements/demo.txt \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/exporter \
    && find /opt/exporter -exec touch --no-dereference --date=@${SOURCE_DATE_EPOCH} {} +

# The official image has pip, and no bytecode of the standard library, which would be made anew in memory at each start.
FROM ${BASE} AS base
ENV PATH=/opt/exporter/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN rm -rf /usr/local/bin/pip* /usr/local/lib/python3.*/site-packages/* /usr/local/lib/python3.*/ensurepip \
    && PYTHONHASHSEED=0 python -m compileall -q --invalidation-mode unchecked-hash \
        -x '/(idlelib|lib2to3|pydoc_data|test|tkinter|turtledemo)/' /usr/local/lib/python3.*
ARG BASE
ARG VERSION
ARG REVISION
ARG SOURCE
LABEL org.opencontainers.image.title="aws-ses-exporter" \
      org.opencontainers.image.description="Prometheus exporter for Amazon SES" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"
USER 65534:65534
WORKDIR /
EXPOSE 9199
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-m", "exporter.probe"]
ENTRYPOINT ["aws-ses-exporter"]

FROM base AS demo
COPY --from=build-demo /opt/exporter /opt/exporter
CMD ["--web.listen-address=:9199", "demo"]

FROM base AS exporter
COPY --from=build-exporter /opt/exporter /opt/exporter
