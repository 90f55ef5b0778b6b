# The image of every program of this project: docs/containers.md.
ARG PYTHON=3.13.18-slim-trixie

FROM python:${PYTHON} AS build
# Without versions: Debian keeps only the newest of each.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir --no-compile uv==0.13.9
ENV UV_CACHE_DIR=/var/cache/uv \
    UV_LINK_MODE=copy \
    UV_COMPILE_BYTECODE=1 \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /app
# The dependencies first: a layer that a change of the code keeps.
COPY pyproject.toml README.md ./
RUN --mount=type=cache,target=/var/cache/uv \
    uv sync --no-default-groups --extra monitor --no-install-project
COPY dolphin_strategies dolphin_strategies
COPY adapters adapters
COPY backtests backtests
COPY live live
RUN --mount=type=cache,target=/var/cache/uv \
    uv sync --no-default-groups --extra monitor \
    && .venv/bin/python -m compileall -q dolphin_strategies adapters backtests live

FROM python:${PYTHON}
# One user for all containers that share memory: a region is its writer's user's.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /tmp dolphin \
    && install --directory --mode=700 --owner=dolphin --group=dolphin /var/lib/dolphin
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
ENTRYPOINT ["python"]
CMD ["live/dolphin.py", "--help"]
