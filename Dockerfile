# The web server with a worker beside it, or with another command one of them. It needs a PostgreSQL (DATABASE_URL) and a SECRET_KEY; compose.yaml shows both.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    STATIC_ROOT=/app/static-root

RUN useradd --system --uid 10001 --no-create-home --home-dir /app ticketflower
WORKDIR /app

COPY requirements.txt .
RUN pip install -r requirements.txt

COPY . .
# The settings want a secret; this one is forgotten at the end of the line. `.data` is all that the server may write.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_hex(32))')" \
        python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q . \
    && install -d -o ticketflower -m 700 .data

USER ticketflower
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "\
import http.client, os, sys; \
connection = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('PORT') or 8000), timeout=4); \
connection.request('GET', '/health/'); \
sys.exit(connection.getresponse().status != 200)"]
CMD ["python", "manage.py", "run", "--host", "0.0.0.0"]
