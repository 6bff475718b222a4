# mmsprep as a command, run as you so that it may write into your folder:
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/work" mmsprep prepare photo.heic --store out
# Nothing needs root, and the root file system may be read-only:
#   docker run --rm --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges …
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv --without-pip /opt/mmsprep

# The dependencies by hash, in a layer of their own: it lasts until the lock changes. Wheels only, but for two
# modules of Python that are published as source alone.
COPY requirements-worker.lock ./
RUN pip --python /opt/mmsprep/bin/python install --require-hashes \
    --only-binary :all: --no-binary openlocationcode,pyvips -r requirements-worker.lock

COPY pyproject.toml README.md LICENSE NOTICE ./
COPY docs/mmsprep.1 docs/
COPY fixtures fixtures
COPY src src
RUN pip wheel --no-deps --wheel-dir /dist . \
    && pip --python /opt/mmsprep/bin/python install --no-deps /dist/*.whl

FROM python:${PYTHON}-slim
LABEL org.opencontainers.image.title="mmsprep" \
      org.opencontainers.image.description="Prepares photos and other media so that carriers deliver them by MMS" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/opt/mmsprep/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin mmsprep \
    && install --directory --owner mmsprep --group mmsprep /work
COPY --from=build /opt/mmsprep /opt/mmsprep
# What is inside, and what that asks of whoever hands the image on.
COPY LICENSE NOTICE docs/dependencies.md /usr/share/doc/mmsprep/
USER 10001:10001
WORKDIR /work
HEALTHCHECK --interval=1m --timeout=20s --start-period=10s --retries=3 CMD ["mmsprep", "doctor"]
ENTRYPOINT ["mmsprep"]
CMD ["--help"]
