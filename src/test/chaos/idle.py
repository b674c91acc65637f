#!/usr/bin/env python3
"""Idle and slow connections beside normal requests: what do they cost, and are they closed in time?

    mvn package && src/test/chaos/idle.py [--idle 2000] [--slow 300] [--java PATH]

An upstream and the proxy on free loopback ports, with a head timeout of 10 s and an idle timeout of 20 s. Latencies of
normal requests without the others and with them, and when each of the others was closed. Ends what it started, by id.
"""
import argparse
import asyncio
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
HEAD, IDLE = 10, 20


class Upstream(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.data = transport, b""

    def data_received(self, data):
        self.data += data
        while b"\r\n\r\n" in self.data:
            self.data = self.data.partition(b"\r\n\r\n")[2]
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def normal(port, seconds):
    """Latencies in ms of about 400 requests a second on 8 connections that are kept."""
    latencies = []

    async def client():
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            start = time.monotonic()
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2)
            assert head.startswith(b"HTTP/1.1 200"), head
            latencies.append((time.monotonic() - start) * 1000)
            await asyncio.sleep(0.02)
        writer.close()

    await asyncio.gather(*(client() for _ in range(8)))
    return sorted(latencies)


async def closed(port, drip):
    """Seconds until the proxy has closed a connection that is idle, or that sends a head a byte every 2 s."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    start = time.monotonic()
    head = iter(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1000)
    while time.monotonic() - start < 60:
        if drip:
            writer.write(bytes([next(head)]))
        try:
            while await asyncio.wait_for(reader.read(1000), 2):
                pass
            break
        except asyncio.TimeoutError:
            continue
        except OSError:
            break
    writer.close()
    return time.monotonic() - start


async def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--idle", type=int, default=2000)
    a.add_argument("--slow", type=int, default=300)
    a.add_argument("--java", default="java")
    a = a.parse_args()
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    env = {**os.environ, "PROXY_PORT": str(port), "PROXY_HOST": "127.0.0.1", "PROXY_TIMEOUT_HEAD": str(HEAD * 1000), "PROXY_TIMEOUT_IDLE": str(IDLE * 1000),
           "UPSTREAM01_URL": url, "UPSTREAM02_URL": url, "UPSTREAM03_URL": url}
    proxy = subprocess.Popen([a.java, "-jar", str(ROOT / "target/camel-reverse-proxy.jar")], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                await asyncio.sleep(0.1)
        await normal(port, 15)  # warm
        before = await normal(port, 8)
        others = [asyncio.create_task(closed(port, False)) for _ in range(a.idle)] + [asyncio.create_task(closed(port, True)) for _ in range(a.slow)]
        await asyncio.sleep(1)
        during = await normal(port, 8)
        times = await asyncio.gather(*others)
        idle, slow = sorted(times[:a.idle]), sorted(times[a.idle:])
        p = lambda values, share: values[int((len(values) - 1) * share)]
        print(f"normal requests alone: p50 {p(before, .5):.2f} ms, p99 {p(before, .99):.2f} ms; beside {a.idle} idle and {a.slow} slow connections: "
              f"p50 {p(during, .5):.2f} ms, p99 {p(during, .99):.2f} ms")
        print(f"idle ones closed after {idle[0]:.1f} to {idle[-1]:.1f} s (limit {IDLE} s), slow ones after {slow[0]:.1f} to {slow[-1]:.1f} s (limit {HEAD} s)")
        late = [t for t in idle if t > IDLE + 5] + [t for t in slow if t > HEAD + 5]
        sys.exit(1 if late or p(during, .99) > 2 * max(p(before, .99), 2) else 0)
    finally:
        proxy.terminate()
        proxy.wait()


if __name__ == "__main__":
    asyncio.run(main())
