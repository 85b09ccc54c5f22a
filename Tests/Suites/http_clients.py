"""HTTP clients of Python before proxyd, and redis-py beside them. Says what differs, and exits with 1.

Usage: http_clients.py HTTP_PORT RESP_PORT
"""

import asyncio
import http.client
import json
import random
import sys
import urllib.parse

import aiohttp
import httpx
import redis

PROBLEMS = []


def expect(holds, what):
    if not holds:
        PROBLEMS.append(what)


def connect():
    return http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=60)


def ask(client, method, path, body=None, headers={}):
    client.request(method, path, body=body, headers=headers)
    response = client.getresponse()
    return response.status, response.read(), response


def standard_library():
    """Over one connection, as http.client keeps it."""
    client = connect()
    client.connect()
    socket = client.sock
    keys = ["plain", "a/b", "ä ö", "100%", "?&=#+", "%41", "..", "//", "x" * 2000]
    for key in keys:
        path = "/" + urllib.parse.quote(key, safe="")
        value = (key * 3).encode()
        status, body, _ = ask(client, "PUT", path, value)
        expect((status, body) == (204, b""), f"PUT {key!r}: {status} {body!r}")
        for _ in range(2):
            status, body, response = ask(client, "GET", path)
            expect((status, body) == (200, value), f"GET {key!r}: {status} {body!r}")
        query = urllib.parse.urlencode({"key": key})
        status, body, _ = ask(client, "GET", f"/get?{query}")
        expect((status, body) == (200, value), f"GET /get {key!r}: {status} {body!r}")
        expect(REDIS.get(key) == value, f"{key!r} is {REDIS.get(key)!r} over RESP")
        tag = response.getheader("ETag")
        status, body, _ = ask(client, "GET", path, headers={"If-None-Match": tag})
        expect((status, body) == (304, b""), f"{key!r} of a known tag: {status} {body!r}")
        status, body, _ = ask(client, "HEAD", path)
        expect((status, body) == (200, b""), f"HEAD {key!r}: {status} {body!r}")
        status, _, _ = ask(client, "DELETE", path)
        expect(status == 204, f"DELETE {key!r}: {status}")
        status, _, _ = ask(client, "GET", path)
        expect(status == 404, f"GET {key!r} after DELETE: {status}")
    chunks = iter([b"in ", b"three ", b"pieces"])
    status, _, _ = ask(client, "PUT", "/chunked", chunks)
    expect(status == 204, f"PUT in chunks: {status}")
    expect(REDIS.get("chunked") == b"in three pieces", "what came in chunks is something else")
    status, body, _ = ask(client, "GET", "/chunked", headers={"Accept": "application/json"})
    expect(json.loads(body)["value"] == "in three pieces", f"JSON: {body!r}")
    expect(client.sock is socket, "the connection was not kept")


def httpx_client():
    with httpx.Client(base_url=f"http://127.0.0.1:{HTTP_PORT}", timeout=60) as client:
        expect(client.put("/httpx", content=b"\xff\x00").status_code == 204, "httpx cannot PUT")
        response = client.get("/httpx")
        expect(response.content == b"\xff\x00", f"httpx: {response.content!r}")
        expect(response.headers["content-type"] == "application/octet-stream", "httpx: type")
        part = client.get("/httpx", headers={"Range": "bytes=1-"})
        expect((part.status_code, part.content) == (206, b"\x00"), f"httpx: {part!r}")
        REDIS.rpush("list", "x")
        expect(client.get("/list").status_code == 409, "a list is no value")
        expect(client.post("/httpx").status_code == 405, "POST")


async def aiohttp_client():
    """Many requests at once over many connections, of few keys."""
    connector = aiohttp.TCPConnector(limit=40)
    base = f"http://127.0.0.1:{HTTP_PORT}"
    async with aiohttp.ClientSession(base, connector=connector) as session:

        async def check(number):
            key = f"aio{number % 20}"
            async with session.get(f"/{key}") as response:
                body = await response.read()
                expect((response.status, body) == (200, key.encode()), f"{key}: {body!r}")

        for number in range(20):
            async with session.put(f"/aio{number}", data=f"aio{number}".encode()) as response:
                expect(response.status == 204, f"aiohttp cannot PUT: {response.status}")
        await asyncio.gather(*(check(number) for number in range(3000)))
        large = random.Random(1).randbytes(3_000_000)
        async with session.put("/aio-large", data=large) as response:
            expect(response.status == 204, f"aiohttp cannot PUT 3 MB: {response.status}")
        for _ in range(2):
            async with session.get("/aio-large") as response:
                expect(await response.read() == large, "3 MB came back as something else")


def coherence():
    """What one front has answered to be written is what the other reads, in both directions."""
    print(f"SEED={SEED}")
    chance = random.Random(SEED)
    web = [connect() for _ in range(4)]
    resp = [redis.Redis(port=RESP_PORT, protocol=version) for version in (2, 3, 2, 3)]
    latest = {}
    for step in range(6000):
        key = f"shared{chance.randrange(6)}"
        kind = chance.randrange(6)
        value = str(step).encode() * chance.randrange(1, 4)
        if kind == 0:
            chance.choice(resp).set(key, value)
            latest[key] = value
        elif kind == 1:
            ask(chance.choice(web), "PUT", f"/{key}", value)
            latest[key] = value
        elif kind == 2 and chance.randrange(4) == 0:
            if chance.randrange(2):
                chance.choice(resp).delete(key)
            else:
                ask(chance.choice(web), "DELETE", f"/{key}")
            latest.pop(key, None)
        status, body, _ = ask(chance.choice(web), "GET", f"/{key}")
        seen = body if status == 200 else None
        expect(seen == latest.get(key), f"{step}: {key} is {seen!r} over HTTP, not {latest.get(key)!r}")
        seen = chance.choice(resp).get(key)
        expect(seen == latest.get(key), f"{step}: {key} is {seen!r} over RESP, not {latest.get(key)!r}")


HTTP_PORT, RESP_PORT = int(sys.argv[1]), int(sys.argv[2])
SEED = random.randrange(1 << 32)
REDIS = redis.Redis(port=RESP_PORT)
standard_library()
httpx_client()
asyncio.run(aiohttp_client())
coherence()
for problem in PROBLEMS[:20]:
    print(problem)
print("all as it should be" if not PROBLEMS else f"{len(PROBLEMS)} problems")
sys.exit(1 if PROBLEMS else 0)
