# Everything of the product in one image: web server, poller, sandbox, migrations, command line.
# docs/docker.md tells how to run it.

FROM python:3.13-slim-bookworm AS build
COPY requirements.txt /tmp/
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --no-deps \
        --only-binary :all: --require-hashes --requirement /tmp/requirements.txt
WORKDIR /app
COPY . .
# Valid whatever the files' times: the same sources give the same files.
RUN python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib /app


FROM python:3.13-slim-bookworm
LABEL org.opencontainers.image.title="Product Aggregator" \
    org.opencontainers.image.description="A product catalogue whose prices follow the market"
RUN pip uninstall --yes --quiet --root-user-action ignore pip \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin aggregator \
    && install --directory --owner aggregator --group aggregator /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FLASK_APP=wsgi \
    PORT=5000 \
    DATABASE_URL=sqlite:////data/aggregator.db
# By number: Kubernetes sees that it is not root.
USER 10001:10001
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; web = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); web.request('GET', '/healthz'); sys.exit(web.getresponse().status != 200)"]
CMD ["gunicorn", "wsgi:app"]
