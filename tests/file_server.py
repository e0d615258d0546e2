"""A web server on loopback with the bad habits of real ones, for the tests of downloads."""

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Serves ``files``, name → bytes."""

    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.files = {}
        self.ranges = True  # whether a part may be asked for
        self.etag = '"1"'
        self.kind = 'application/octet-stream'
        self.cuts = []  # after so many bytes, the next responses end
        self.stalls = []  # after so many bytes, the next responses fall silent
        self.asked = []  # the Range of every request, None for the whole file
        self.gate = None  # an Event that responses wait for, half way
        self.released = threading.Event()
        self.url = f'http://127.0.0.1:{self.server_port}'


@contextmanager
def serving():
    with FileServer() as server:
        threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01}, daemon=True).start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, content = self.server, self.server.files.get(self.path[1:])
        server.asked.append(self.headers.get('Range'))
        if content is None:
            return self.send_error(404)
        start = self.first_byte()
        if start is not None and start >= len(content):
            return self.send_error(416)
        self.send_response(200 if start is None else 206)
        if start is not None:
            self.send_header('Content-Range', f'bytes {start}-{len(content) - 1}/{len(content)}')
        body = content[start or 0 :]
        self.send_header('Content-Length', str(len(body)))
        self.send_header('Content-Type', server.kind)
        if server.etag:
            self.send_header('ETag', server.etag)
        self.end_headers()
        self.send(body)

    def first_byte(self):
        """Where a part is to begin; None for the whole file."""
        asked = re.fullmatch(r'bytes=(\d+)-', self.headers.get('Range', ''))
        same = self.headers.get('If-Range') == self.server.etag
        return int(asked[1]) if asked and same and self.server.ranges else None

    def send(self, body):
        server = self.server
        if server.gate:
            self.wfile.write(body[: len(body) // 2])
            server.gate.wait(30)
            body = body[len(body) // 2 :]
        elif server.cuts:
            body = body[: server.cuts.pop(0)]
        elif server.stalls:
            self.wfile.write(body[: server.stalls.pop(0)])
            server.released.wait(30)
            return
        self.wfile.write(body)

    def log_message(self, *_):
        pass
