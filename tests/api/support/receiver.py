"""A receiver of hooks: an HTTP server whose answers a test chooses, with a record of what came."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections import defaultdict

from support.wait import wait_for

# What a receiver may do instead of answering with a status.
HANG, CUT, SLOW, RESET, REDIRECT = "hang", "cut", "slow", "reset", "redirect"

# Answers that do not end: how they begin, and what follows again and again.
ENDLESS = {
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", bytes(65536)),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
               b"1000\r\n" + bytes(4096) + b"\r\n"),
    "head": (b"HTTP/1.1 200 OK\r\n", b"X-Line: of a head\r\n"),
    "line": (b"HTTP/1.1 200 OK\r\nX-Line: ", b"x" * 4096),
    "interim": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "trailer": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Line: x\r\n"),
}


class Delivery:
    """One request: when it came, its path, headers (lower-case names) and body."""

    def __init__(self, path, headers, body):
        self.at = time.monotonic()
        self.path = path
        self.headers = headers
        self.body = body
        self.id = headers.get("webhook-id")
        self.was_taken = False      # answered with a 2xx

    @property
    def json(self):
        return json.loads(self.body)

    def is_signed_by(self, secret):
        """Whether one of the signatures is by this secret, and the time is now."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        text = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        own = base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()
        return (f"v1,{own}" in self.headers["webhook-signature"].split(" ")
                and abs(time.time() - int(self.headers["webhook-timestamp"])) < 60)


class Receiver:
    """Serves on 127.0.0.1 from a thread until close(). answer(delivery) is called for each
    delivery and returns a status, one of the words above, or the bytes of the whole answer."""

    def __init__(self, answer=lambda delivery: 200, certificate=None, key=None, port=0):
        self.answer = answer
        self.location = "http://127.0.0.1:1/"
        self.deliveries = []
        self._context = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate, key)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._released = asyncio.Event()
        self._port = port
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def url(self, path="/", host="127.0.0.1"):
        return f"{'https' if self._context else 'http'}://{host}:{self.port}{path}"

    def release(self):
        """Ends all connections that hang, now and later, without an answer."""
        self._loop.call_soon_threadsafe(self._released.set)

    def close(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    # ---- what came ----

    def at(self, path):
        return [delivery for delivery in list(self.deliveries) if delivery.path == path]

    def events(self, path=None):
        """The events of all deliveries that were taken, in the order of arrival, without
        repetitions: of deliveries with the same webhook-id the first counts."""
        seen, events = set(), []
        for delivery in list(self.deliveries):
            if delivery.was_taken and delivery.id not in seen and path in (None, delivery.path):
                seen.add(delivery.id)
                events += delivery.json["events"]
        return events

    def wait_for_events(self, count, seconds=30, path=None):
        """Waits for at least this many events; returns them."""
        wait_for(lambda: len(self.events(path)) >= count, seconds, f"{count} events")
        return self.events(path)

    def wait_for_deliveries(self, count, seconds=30):
        wait_for(lambda: len(self.deliveries) >= count, seconds, f"{count} deliveries")
        return self.deliveries

    # ---- serving ----

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(
            self._serve, "127.0.0.1", self._port, ssl=self._context, backlog=4096))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        # Connections that hang are closed: a worker does not wait for them any longer.
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader, writer):
        try:
            while await self._serve_one(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _serve_one(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip()
                   for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        delivery = Delivery(head[0].split(" ")[1], headers, body)
        self.deliveries.append(delivery)
        answer = self.answer(delivery)
        if answer == HANG:
            # Until the sender gives up.
            ends = [asyncio.ensure_future(end) for end in (reader.read(), self._released.wait())]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in ends:
                end.cancel()
            return False
        if answer == RESET:
            writer.transport.abort()
            return False
        if answer == CUT:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half")
            await writer.drain()
            return False
        if answer == SLOW:
            for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Slow: 0123456789\r\n\r\n{}":
                writer.write(bytes([byte]))
                await asyncio.sleep(0.4)
            return False
        if answer in ENDLESS:
            begin, more = ENDLESS[answer]
            writer.write(begin)
            while True:         # until the sender gives up
                writer.write(more)
                await writer.drain()
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
            return False
        extra = ""
        if answer == REDIRECT:
            answer, extra = 302, f"Location: {self.location}\r\n"
        delivery.was_taken = 200 <= answer < 300
        writer.write(f"HTTP/1.1 {answer} X\r\nContent-Length: 0\r\n{extra}\r\n".encode())
        await writer.drain()
        return True


def check_order(deliveries):
    """Violations of the promise: for one room (of one path), each delivery follows on the one before
    that was taken, and what comes again has the same webhook-id."""
    violations = []
    last = defaultdict(lambda: None)    # (path, room) -> the last seq taken
    ids = {}                            # webhook-id -> (room, first_seq, last_seq)
    for delivery in deliveries:
        content = delivery.json
        room, first, end = content["room_id"], content["first_seq"], content["last_seq"]
        place = delivery.path, room
        if ids.setdefault(delivery.id, (room, first, end)) != (room, first, end):
            violations.append(f"{delivery.id} is used for {ids[delivery.id]} and for "
                              f"{room, first, end}")
        known = last[place]
        if known is not None and first > known + 1:
            violations.append(f"room {room}: {first} came after {known}")
        if not delivery.was_taken:
            continue
        if known is not None and end < known:
            violations.append(f"room {room}: {end} came after {known}")
        last[place] = max(end, known or 0)
    return violations
