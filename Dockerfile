# Stages: build makes a virtual environment from the hashed requirements and the wheel; the images hold that and no tools.
# Targets: exporter (the default) and demo, which has moto for `aws-ses-exporter demo`.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv --without-pip /opt/exporter \
    && pip install --require-hashes -r requirements/build.txt \
    && pip --python /opt/exporter/bin/python install --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY exporter exporter
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /dist . \
    && pip --python /opt/exporter/bin/python install --no-deps --no-index /dist/*.whl

FROM build AS build-demo
COPY requirements/demo.txt requirements/
RUN pip --python /opt/exporter/bin/python install --require-hashes -r requirements/demo.txt

FROM python:3.13-slim AS base
LABEL org.opencontainers.image.title="aws-ses-exporter" \
      org.opencontainers.image.description="Prometheus exporter for Amazon SES" \
      org.opencontainers.image.licenses="Apache-2.0"
# The root file system may be read-only: bytecode was compiled when the packages were installed, nothing else is written.
ENV PATH=/opt/exporter/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
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
COPY --from=build /opt/exporter /opt/exporter
