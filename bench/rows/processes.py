"""The processes of fcgi-api: memory, start, number, plain CGI."""

import json
import socket
import struct
import subprocess
import time
from statistics import mean, median

import load
import proc
from context import POST_BODY, REQUESTS, Row, messages_path
from data import CROWD, HANDFUL, LOGIN_NAME, LOGIN_PASSWORD, NINE, QUIET, places, token
from paths import BUILD, STATE
from rows.writing import post_requests
from turns import Result

COUNTS = (1, 2, 4, 8, 16, 32, 64)
CURVE_CONNECTIONS = 64

# ---- memory ----


def mixed_requests():
    """A thousand requests of all kinds, valid and invalid: mostly reads and posts, and one each of
    those that hash a password. They lengthen no list that is read, since a longer list takes more
    memory."""
    reader, maker, rooms = token(1), token(3), "/api/chat/rooms/"
    cheap = [f"GET {rooms} {reader} ", f"GET {rooms}?public=1 {reader} ",
             f"GET {rooms}{QUIET}/ {reader} ", f"GET {messages_path(QUIET)} {reader} ",
             f"GET {messages_path(QUIET, '?limit=200')} {reader} ",
             f"GET {messages_path(QUIET, '?before=150&limit=10')} {reader} ",
             f"GET {messages_path(QUIET)}200/ {reader} ", f"GET {rooms}{QUIET}/events/ {reader} ",
             f"GET {rooms}{CROWD}/members/ {reader} ", f"GET {rooms}{QUIET}/presence/ {reader} ",
             f"GET /api/chat/users/?search={NINE} {reader} ", f"GET /api/auth/me/ {reader} ",
             "GET /healthz - ", f"POST {messages_path(CROWD)} {reader} {POST_BODY}",
             f"POST {rooms}{HANDFUL}/read/ {reader} " + json.dumps({"message_id": 600}),
             f"PATCH {messages_path(HANDFUL)}410/ {reader} " + json.dumps({"content": "@"}),
             f"POST {rooms}direct/ {reader} " + json.dumps({"user_id": 2}),
             f"POST {rooms}{HANDFUL}/invite/ {reader} " + json.dumps({"user_id": 50}),
             f"POST {rooms}{HANDFUL}/remove_member/ {reader} " + json.dumps({"user_id": 50}),
             f"GET {rooms}999999999/ {reader} ", "GET /api/nothing/ - ", f"GET {rooms} - ",
             f"POST {messages_path(CROWD)} {reader} " + '{"content": 7}',
             f"POST {messages_path(CROWD)} {reader} " + '{"content": ']
    login = {"username": LOGIN_NAME, "password": LOGIN_PASSWORD}
    expensive = [f"POST {rooms} {maker} " + json.dumps({"name": "Room @"}),
            "POST /api/auth/login/ - " + json.dumps(login),
            "POST /api/auth/token/ - " + json.dumps({**login, "password": "wrong"}),
            "POST /api/auth/register/ - " + json.dumps({**login, "username": "@"})]
    several = [cheap[i % len(cheap)] for i in range(1000 - len(expensive))]
    return several[:500] + expensive + several[500:]


def _resting_mb(pid):
    """The least of some readings over the time in which an idle process gives freed memory back
    (TRIM_EVERY_MS and IDLE_MS of gateway.c): at once the figure depends on when it last did."""
    readings = []
    for _ in range(60):
        time.sleep(0.5)
        readings.append(proc.pss_kib(pid) / 1024)
    return min(readings)


def memory(bench):
    """One process serves all requests, so that their number is known."""
    most = 10_000 if bench.quick else 100_000
    bench.instance.configure(processes=1, max_requests=10_000_000)
    run = bench.wrk_list(mixed_requests(), refused_allowed=True)
    pid = bench.instance.workers()[0]
    served, at = 0, {}
    for target in (most // 10, most):
        while served < target:
            served += run(1 if target < most else 2).count
        at[target] = _resting_mb(pid)
    bench.instance.configure()
    bench.turns.take({"all": bench.wrk(REQUESTS["messages"][1])}, rounds=1)
    workers = [proc.pss_kib(worker) / 1024 for worker in bench.instance.workers()]
    first, last = at.values()
    return Row("memory", "memory of one fcgi-api process (PSS)",
               values={"pss": last, "growth": last / first},
               text=[f"One process, alone: {first:.2f} MB after {most // 10:,} requests of all "
                     f"kinds, {last:.2f} MB after {most:,}. With {len(workers)} processes, which "
                     f"share their libraries, {mean(workers):.2f} MB each after reading "
                     f"messages."])


# ---- start ----

PARAMS = {"REQUEST_METHOD": "GET", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
          "REQUEST_URI": f"/api/chat/rooms/{QUIET}/", "PATH_INFO": f"/api/chat/rooms/{QUIET}/",
          "SCRIPT_NAME": "", "QUERY_STRING": "", "HTTP_HOST": "localhost", "SERVER_PORT": "80",
          "SERVER_NAME": "localhost", "HTTP_AUTHORIZATION": f"Token {token(1)}"}


def _fastcgi_request():
    def record(kind, content):
        return struct.pack("!BBHHBB", 1, kind, 1, len(content), 0, 0) + content
    pairs = b"".join(struct.pack("!BB", len(name), len(value)) + name.encode() + value.encode()
                     for name, value in PARAMS.items())
    return (record(1, struct.pack("!HB5x", 1, 0)) + record(4, pairs) + record(4, b"") +
            record(5, b""))


def _first_answer_ms(instance):
    """Starts one process as a web server does, with the socket as its standard input and a pending
    request, and returns the time to its answer."""
    path = STATE / "sock" / "start.sock"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(str(path))
        listener.listen(1)
        client.connect(str(path))
        client.sendall(_fastcgi_request())
        started = time.monotonic()
        with subprocess.Popen([BUILD / "fcgi-api", "-c", STATE / "confab.conf"], stdin=listener,
                              stderr=subprocess.DEVNULL, env=instance.env) as process:
            answer = client.recv(65536)
            took = (time.monotonic() - started) * 1000
            process.terminate()
    if b"Status: 200" not in answer:
        raise load.LoadFailed(f"a new process answers {answer[:300]}")
    return took


def start(bench):
    times = sorted(_first_answer_ms(bench.instance) for _ in range(5 if bench.quick else 25))
    return Row("start", "start of a process to its first answer (GET room)",
               values={"first": median(times)},
               text=[f"{len(times)} starts: {times[0]:.1f} ms at best, {median(times):.1f} ms in "
                     f"the middle, {times[-1]:.1f} ms at worst; program, connection to the "
                     f"database and statements included."])


# ---- number of processes ----

def _curve(bench):
    """All numbers of processes in turns; (reading, posting), each a Result by number."""
    samples = {"GET messages": {count: [] for count in COUNTS},
               "POST message": {count: [] for count in COUNTS}}
    requests = post_requests(places(bench.data.scale))
    for _ in range(min(3, bench.turns.rounds)):
        for count in COUNTS:
            bench.instance.configure(processes=count)
            found = bench.turns.take(
                {"GET messages": bench.wrk(REQUESTS["messages"][1],
                                           connections=CURVE_CONNECTIONS),
                 "POST message": bench.wrk_list(requests, connections=CURVE_CONNECTIONS)},
                rounds=1, seconds=1)
            for name, result in found.items():
                samples[name][count] += result.samples
    bench.instance.configure()
    return tuple({count: Result(f"{count} processes, {name}", taken)
                  for count, taken in by_count.items()} for name, by_count in samples.items())


def processes(bench):
    default = bench.instance.processes()
    reading, posting = _curve(bench)
    score = {count: (reading[count].rate / max(r.rate for r in reading.values()) +
                     posting[count].rate / max(r.rate for r in posting.values())) / 2
             for count in COUNTS}
    best = max(score, key=score.get)
    lines = ["| processes | GET messages a second | CPU us | p99 ms | POST messages a second | "
             "CPU us | p99 ms | both, of the best |", "|" + " --- |" * 8]
    lines += [f"| {count} | {reading[count].rate:,.0f} | {reading[count].cpu:.0f} | "
              f"{reading[count].of('p99_us') / 1000:.1f} | {posting[count].rate:,.0f} | "
              f"{posting[count].cpu:.0f} | {posting[count].of('p99_us') / 1000:.1f} | "
              f"{score[count]:.2f} |" for count in COUNTS]
    nearest = min(COUNTS, key=lambda count: abs(count - default))
    return Row("processes", f"number of processes, {CURVE_CONNECTIONS} connections",
               values={"default": score[nearest] / score[best]},
               text=["\n".join(lines), f"Best on this machine: {best}; the default is {default}."])


# ---- plain CGI ----

def cgi(bench):
    path = REQUESTS["room"][1]
    bench.instance.stop()
    bench.instance.start(CGI="1")
    try:
        found = bench.turns.take({"FastCGI": bench.wrk(path),
                                  "CGI": bench.wrk("/cgi-bin/confab.cgi" + path)})
    finally:
        bench.instance.stop()
        bench.instance.start()
    fast, plain = found.values()
    return Row("cgi", "plain CGI, GET room", [fast, plain],
               text=[f"Plain CGI costs {plain.cpu / fast.cpu:.0f} times what FastCGI does: a "
                     f"process and a connection to the database for each request."],
               subject=plain)
