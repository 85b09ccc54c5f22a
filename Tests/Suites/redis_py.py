"""What applications do with redis-py, through the port that is given: sync and async, both protocols."""

import asyncio
import sys
import threading

import redis
import redis.asyncio

PORT = int(sys.argv[1])


def check_sync(protocol):
    client = redis.Redis(port=PORT, protocol=protocol, decode_responses=True)
    client.flushall()
    assert client.set("name", "value") and client.get("name") == "value"
    assert client.get("missing") is None

    pipeline = client.pipeline(transaction=False)
    for number in range(1000):
        pipeline.incr("counter")
        pipeline.get("counter")
    assert pipeline.execute()[-1] == "1000"

    def double(pipe):
        value = int(pipe.get("counter"))
        pipe.multi()
        pipe.set("counter", value * 2)

    assert client.transaction(double, "counter") == [True]
    assert client.get("counter") == "2000"
    with client.pipeline() as pipe:
        pipe.watch("counter")
        client.incr("counter")
        pipe.multi()
        pipe.get("counter")
        try:
            pipe.execute()
            raise AssertionError("a watched key had changed")
        except redis.WatchError:
            pass

    double_script = client.register_script("return redis.call('incrby', KEYS[1], ARGV[1])")
    assert double_script(keys=["scripted"], args=[5]) == 5
    assert client.get("scripted") == "5"

    with client.lock("guard", timeout=10, blocking_timeout=5):
        assert not client.lock("guard", timeout=10).acquire(blocking=False)
    assert client.lock("guard", timeout=10).acquire(blocking=False)

    threading.Timer(0.05, lambda: client.rpush("queue", "work")).start()
    assert tuple(client.blpop("queue", timeout=30)) == ("queue", "work")

    listener = client.pubsub()
    listener.subscribe("news")
    listener.psubscribe("s*")
    heard = [listener.get_message(timeout=30)["type"] for _ in range(2)]
    assert heard == ["subscribe", "psubscribe"], heard
    assert client.publish("news", "hello") == 1 and client.publish("sport", "goal") == 1
    assert [listener.get_message(timeout=30)["data"] for _ in range(2)] == ["hello", "goal"]
    listener.close()

    client.hset("hash", mapping={f"field{number}": number for number in range(10)})
    client.zadd("scores", {"a": 1.5, "b": 2})
    assert client.hgetall("hash")["field9"] == "9"
    assert [tuple(pair) for pair in client.zrange("scores", 0, -1, withscores=True)] == [
        ("a", 1.5), ("b", 2.0),
    ]
    client.xadd("stream", {"f": "v"}, id="1-1")
    assert client.xread({"stream": 0}, block=1000)
    assert len(list(client.scan_iter(match="*", count=3))) == client.dbsize()
    other = redis.Redis(port=PORT, protocol=protocol, db=3, client_name="somebody")
    assert other.get("name") is None and other.client_getname() in ("somebody", b"somebody")
    assert client.info()["redis_version"]


async def check_async(protocol):
    client = redis.asyncio.Redis(port=PORT, protocol=protocol, decode_responses=True)
    await client.flushall()
    await asyncio.gather(*(client.set(f"key{number}", number) for number in range(50)))
    values = await asyncio.gather(*(client.get(f"key{number}") for number in range(50)))
    assert values == [str(number) for number in range(50)]
    async with client.pipeline(transaction=True) as pipe:
        assert await pipe.incr("n").get("n").execute() == [1, "1"]
    async with client.pubsub() as listener:
        await listener.subscribe("news")
        assert (await listener.get_message(timeout=30))["type"] == "subscribe"
        await client.publish("news", "hello")
        assert (await listener.get_message(timeout=30))["data"] == "hello"
    waiting = asyncio.create_task(client.blpop("queue", timeout=30))
    await asyncio.sleep(0.05)
    await client.rpush("queue", "work")
    assert tuple(await waiting) == ("queue", "work")
    async with client.lock("guard", timeout=10):
        pass
    await client.aclose()


for version in (2, 3):
    check_sync(version)
    asyncio.run(check_async(version))
print("everything as with Redis")
