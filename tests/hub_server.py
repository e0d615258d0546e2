"""The two kinds of request that fetch a file of a model, answered on loopback as the Hugging Face hub does."""

import hashlib
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = 'c' * 40
# Of the program that asks, beside HF_ENDPOINT and HF_HOME.
ENVIRONMENT = {'no_proxy': '127.0.0.1', 'HF_HUB_DISABLE_XET': '1', 'HF_HUB_DISABLE_TELEMETRY': '1'}


@contextmanager
def hub_of(folder: Path, cut: int | None = None):
    """Serves a folder as ``hf://somebody/actions``; a body ends after ``cut`` bytes, whatever its header said."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.answer(body=False)

        def do_GET(self):
            self.answer(body=True)

        def answer(self, body: bool):
            name = self.path.split('?')[0].split('/')[-1]
            path = folder / name
            if not self.path.startswith('/somebody/actions/resolve/') or not path.is_file():
                self.send_response(404)
                self.send_header('X-Error-Code', 'EntryNotFound')
                self.send_header('Content-Length', '0')
                return self.end_headers()
            content = path.read_bytes()
            self.send_response(200)
            self.send_header('X-Repo-Commit', COMMIT)
            self.send_header('ETag', f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header('Content-Length', str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content[:cut])

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01}, daemon=True).start()
        try:
            yield f'http://127.0.0.1:{server.server_port}'
        finally:
            server.shutdown()
