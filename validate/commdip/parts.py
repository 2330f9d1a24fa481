"""Parts of a file: whole records of it as bytes, read ahead and counted.

Nothing here knows of tables or frames.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import queue
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

BLOCK = 48 << 20
"""Bytes of a part: a larger one costs memory, a smaller one time."""
BUFFERS = 4
"""Parts that are there at once: one is read, one waits, one is parsed, and one may be judged."""
STEP = 1 << 18
TAIL = 1 << 16
"""Bytes at the end of a part in which a line end is looked for, so that the part need not be cut."""
DELETE = b"\x7f"
QUOTE = b'"'


class Ahead:
    """What an iterator gives; it works one step ahead in a thread of its own, from now on."""

    def __init__(self, parts: Generator[Any]) -> None:
        self._parts = parts
        self._waiting: queue.Queue[Any] = queue.Queue(1)
        self._stop = threading.Event()
        self._end = object()
        self._worker = threading.Thread(target=self._work, name="commdip reader", daemon=True)
        self._worker.start()

    def _hand(self, thing: Any) -> None:
        while not self._stop.is_set():
            try:
                return self._waiting.put(thing, timeout=0.1)
            except queue.Full:
                continue

    def _work(self) -> None:
        try:
            for part in self._parts:
                self._hand(part)
                del part
                if self._stop.is_set():
                    break
            self._hand(self._end)
        except BaseException as error:
            self._hand(error)
        finally:
            self._parts.close()

    def __iter__(self) -> Iterator[Any]:
        try:
            while (part := self._waiting.get()) is not self._end:
                if isinstance(part, BaseException):
                    raise part
                yield part
        finally:
            self.close()

    def close(self) -> None:
        """Stop, and wait until the thread has ended."""
        self._stop.set()
        self._worker.join()


@dataclass
class Part:
    """Bytes of whole records, and what was counted in them."""

    source: bytes
    newlines: int
    controls: int
    quotes: int
    ascii: bool
    escaped: bool = False


def weigh(source: bytes) -> Part:
    """Count in bytes what tells whether they were read right."""
    codes = np.frombuffer(source, np.uint8)
    newlines = controls = quotes = 0
    # In steps that stay in the processor's cache; bytes.count takes six times as long.
    for at in range(0, len(codes), STEP):
        step = codes[at : at + STEP]
        newlines += int(np.count_nonzero(step == ord("\n")))
        controls += int(np.count_nonzero(step < ord(" ")))
        quotes += int(np.count_nonzero(step == ord(QUOTE)))
    controls += source.count(DELETE) if DELETE in source else 0
    return Part(source, newlines, controls, quotes, source.isascii())


class Buffers:
    """Memory for parts, taken again and again: pages that the system must give anew cost more than reading into them.

    A part that somebody still holds keeps its bytes: ``BytesIO`` takes new memory then.
    """

    def __init__(self) -> None:
        self._buffers: list[io.BytesIO] = []

    def read(self, stream: IO[bytes], size: int) -> bytes:
        """Return the next bytes of a stream, fewer than ``size`` at its end only."""
        if len(self._buffers) < BUFFERS:
            source = stream.read(size)
            self._buffers.append(io.BytesIO(source))
            return source
        buffer = self._buffers.pop(0)
        self._buffers.append(buffer)
        if buffer.getbuffer().nbytes < size:
            buffer.seek(size - 1)
            buffer.write(b"\0")
        got = 0
        with buffer.getbuffer() as view:
            while got < size and (more := cast("io.BufferedReader", stream).readinto(view[got:size])):
                got += more
        buffer.truncate(got)
        return buffer.getvalue()


def first_record(source: bytes) -> int:
    """Return how many bytes are the first record: up to the first line end outside quotes; 0 if there is none."""
    end = 0
    while (end := source.find(b"\n", end) + 1) and source.count(QUOTE, 0, end) % 2:
        pass
    return end


def whole_records(source: bytes) -> int:
    """Return how many bytes are whole records, up to the last line end outside quotes; 0 if there are none."""
    end = source.rfind(b"\n") + 1
    quotes = source.count(QUOTE, 0, end)
    while end and quotes % 2:
        before = source.rfind(b"\n", 0, end - 1) + 1
        quotes -= source.count(QUOTE, before, end)
        end = before
    return end


class Source:
    """A file that is read in parts; ``packed`` with gzip or not."""

    def __init__(self, file: Path, *, packed: bool) -> None:
        self._raw: IO[bytes] = file.open("rb")
        self._stream = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw)) if packed else self._raw
        self._hash = hashlib.sha256()
        self._buffers = Buffers()
        self._ended = False

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        self._raw.close()

    def parts(self) -> Generator[tuple[int, Part]]:
        """Yield the parts of the file with their offsets in what is unpacked."""
        offset, kept = 0, b""
        while source := self._more(kept):
            part = weigh(source)
            if not self._ended and (part.quotes % 2 or not source.endswith(b"\n")):
                cut = whole_records(source)
                if not cut:
                    kept = source
                    continue
                part = weigh(source[:cut])
            size = len(part.source)
            kept = source[size:]
            del source
            yield offset, part
            offset += size
            del part

    def bytes_at(self, offset: int, size: int) -> bytes:
        """Return bytes again."""
        self._stream.seek(offset)
        return self._buffers.read(self._stream, size)

    def digest(self, *, read: bool) -> str:
        """Return the SHA-256 digest of the file; ``read`` says that its parts were read to the end."""
        if read and self._stream is self._raw:
            return self._hash.hexdigest()
        self._raw.seek(0)
        return hashlib.file_digest(cast("Any", self._raw), "sha256").hexdigest()

    def _more(self, kept: bytes) -> bytes:
        asked = self._up_to_line_end()
        new = self._buffers.read(self._stream, asked)
        self._ended = len(new) < asked
        if self._stream is self._raw:
            self._hash.update(new)
        return kept + new if kept else new

    def _up_to_line_end(self) -> int:
        """Return how many bytes to read: a part, less what follows its last line end."""
        if self._stream is not self._raw:
            return BLOCK
        before = max(BLOCK - TAIL, 0)
        at = self._raw.tell()
        self._raw.seek(at + before)
        end = self._raw.read(BLOCK - before).rfind(b"\n") + 1
        self._raw.seek(at)
        return before + end if end else BLOCK
