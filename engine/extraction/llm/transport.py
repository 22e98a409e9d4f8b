"""The HTTP client: that of the openai package, with a bound on how long and how much a whole answer may be.

Time limits of HTTP clients are for one read: a service that sends a byte now and then is never too late. Imported only
when a model is asked, since the openai package takes its time to load.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai


class BoundedClient(openai.DefaultHttpxClient):
    """Gives up an answer that is not complete after ``seconds``, or longer than ``size`` bytes."""

    def __init__(self, *, seconds: float, size: int) -> None:
        super().__init__()
        self._seconds = seconds
        self._size = size

    def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        """As ``httpx.Client.send``; the bounds hold for bodies that are read later, too.

        Raises:
            httpx.ReadTimeout: out of time. httpx.ReadError: too long.
        """
        deadline = time.monotonic() + self._seconds
        response = super().send(request, stream=True, **options)
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _BoundedStream(response.stream, request, deadline, self._size)
        if not stream:
            try:
                response.read()
            except BaseException:
                response.close()
                raise
        return response


class _BoundedStream(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, request: httpx.Request, deadline: float, size: int) -> None:
        self._stream = stream
        self._request = request
        self._deadline = deadline
        self._size = size

    def __iter__(self) -> Iterator[bytes]:
        left = self._size
        for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise httpx.ReadError(f"an answer of more than {self._size:,} bytes", request=self._request)
            if time.monotonic() > self._deadline:
                raise httpx.ReadTimeout("the answer was not complete in time", request=self._request)
            yield chunk

    def close(self) -> None:
        self._stream.close()
