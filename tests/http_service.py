"""A service on this machine that answers JSON requests over real HTTP, as scripted or as a subclass thinks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes]
Scripted = Answer | Callable[[BaseHTTPRequestHandler], None]
"""Status, headers and body; or what to do with the connection instead of answering properly."""


class HttpService:
    """``script`` holds answers to give first; ``requests`` what was asked, with the path and the key."""

    def __init__(self) -> None:
        self.script: list[Scripted] = []
        self.requests: list[dict[str, Any]] = []
        self._turn = threading.Lock()
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked = body | {"path": self.path, "key": self.headers["Authorization"]}
                with service._turn:
                    service.requests.append(asked)
                    scripted = service.script.pop(0) if service.script else None
                if callable(scripted):
                    self.close_connection = True
                    scripted(self)
                    return
                status, headers, content = scripted or service.answer(asked)
                self.send_response(status)
                for name, value in ({"Content-Type": "application/json"} | headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def answer(self, body: dict[str, Any]) -> Answer:
        """What to answer when nothing is scripted."""
        raise AssertionError(f"nothing is scripted for {body['path']}")

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
