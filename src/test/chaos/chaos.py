#!/usr/bin/env python3
"""Kills upstreams at random, with SIGKILL, while clients send requests through the proxy, and counts what the clients notice.

    mvn package && src/test/chaos/chaos.py [--requests 100000] [--posts 20000] [--java PATH]

Three upstream processes and the proxy (target/camel-reverse-proxy.jar) on free loopback ports, 16 connections that are
kept. First one upstream dies and comes back, again and again, then two; the third one stays. Each upstream notes the number of each POST that it has
read, so that a POST that failed can be told from one that was lost. Ends the processes that it started, by their ids.
"""
import argparse
import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CONNECTIONS = 16
RECOVERY = 11  # seconds until the breakers that the runs before opened have been probed, whatever their step


class Upstream(asyncio.Protocol):
    """Answers every request; a child process runs a server of these."""
    notes = None

    def connection_made(self, transport):
        self.transport, self.data = transport, b""

    def data_received(self, data):
        self.data += data
        while True:
            head, end, rest = self.data.partition(b"\r\n\r\n")
            if not end:
                return
            length = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line[15:])
            if len(rest) < length:
                return
            self.data = rest[length:]
            if head.startswith(b"POST"):
                os.write(self.notes, head.split(b" ", 2)[1][1:] + b"\n")
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def serve(port, notes):
    Upstream.notes = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, reuse_address=True, backlog=1024)
    await server.serve_forever()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Load:
    """Requests on connections that are kept; latencies in ms, kill times, failures."""

    def __init__(self, port, method, total):
        self.port, self.method, self.left, self.total = port, method, total, total
        self.failed, self.latencies, self.kills = [], [], []

    async def client(self):
        reader = writer = None
        while self.left > 0:
            self.left -= 1
            number = self.total - self.left
            if number % 100 == 0:
                await asyncio.sleep(0.02)  # so that it lasts long enough for many kills
            body = b"x" if self.method == "POST" else b""
            head = f"{self.method} /{number} HTTP/1.1\r\nHost: chaos\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
            start = time.monotonic()
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(head.encode() + body)
                answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
                length = int(answer.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                text = await reader.readexactly(length)
                if not answer.startswith(b"HTTP/1.1 200 "):
                    self.failed.append((number, answer.split(b"\r\n")[0].decode() + " " + text[:60].decode()))
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, IndexError) as e:
                self.failed.append((number, repr(e)))
                writer = None
            self.latencies.append((start, (time.monotonic() - start) * 1000))

    async def run(self, killer):
        await asyncio.sleep(RECOVERY)
        stop = asyncio.Event()
        killing = asyncio.create_task(killer(self, stop))
        await asyncio.gather(*(self.client() for _ in range(CONNECTIONS)))
        stop.set()
        await killing

    def report(self, what):
        calm = sorted(ms for at, ms in self.latencies if not any(0 <= at - kill < 1 for kill in self.kills))
        every = sorted(ms for _, ms in self.latencies)
        p99 = lambda values: values[int(len(values) * 0.99)] if values else float("nan")
        print(f"{what}: {self.total} {self.method}, {len(self.kills)} kills, {len(self.failed)} failed, p99 {p99(every):.1f} ms, "
              f"outside the second after a kill {p99(calm):.1f} ms ({len(calm)} requests)", flush=True)
        for number, text in self.failed[:5]:
            print(f"  {number}: {text}")


async def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--requests", type=int, default=100000)
    a.add_argument("--posts", type=int, default=20000)
    a.add_argument("--java", default="java")
    a.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    a = a.parse_args()
    if a.serve:
        return await serve(int(a.serve[0]), a.serve[1])
    work = Path(tempfile.mkdtemp(prefix="chaos"))
    ports = [free_port() for _ in range(3)]
    proxy_port = free_port()
    processes = {}

    def start(port):
        processes[port] = subprocess.Popen([sys.executable, __file__, "--serve", str(port), str(work / "posts")])

    for port in ports:
        start(port)
    env = {**os.environ, "PROXY_PORT": str(proxy_port), "PROXY_HOST": "127.0.0.1",
           **{f"UPSTREAM0{i + 1}_URL": f"http://127.0.0.1:{port}" for i, port in enumerate(ports)}}
    proxy = subprocess.Popen([a.java, "-jar", str(ROOT / "target/camel-reverse-proxy.jar")], cwd=ROOT, env=env,
                             stdout=open(work / "proxy.log", "w"), stderr=subprocess.STDOUT)

    def killer(at_once):
        victims = random.sample(ports, at_once)

        async def kill(load, stop):
            while not stop.is_set():
                dead = random.sample(victims, len(victims))
                for port in dead:
                    load.kills.append(time.monotonic())
                    processes[port].send_signal(signal.SIGKILL)
                    processes[port].wait()
                    await asyncio.sleep(random.uniform(0, 0.2))
                await asyncio.sleep(random.uniform(0.2, 2.5))
                for port in dead:
                    start(port)
                await asyncio.sleep(random.uniform(1, 4))
        return kill

    failures = 0
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", proxy_port), 1).close()
                break
            except OSError:
                await asyncio.sleep(0.1)
        for at_once in 1, 2:
            load = Load(proxy_port, "GET", a.requests)
            await load.run(killer(at_once))
            load.report(f"{at_once} of 3 dead")
            failures += len(load.failed)
        for at_once in 1, 2:
            (work / "posts").write_text("")
            load = Load(proxy_port, "POST", a.posts)
            await load.run(killer(at_once))
            load.report(f"{at_once} of 3 dead")
            read = (work / "posts").read_text().split()
            unread = [n for n, _ in load.failed if str(n) not in set(read)]
            print(f"  failed though no upstream had read them: {len(unread)}; read more than once: {len(read) - len(set(read))}")
    finally:
        proxy.terminate()
        for process in processes.values():
            process.kill()
        print(f"exit code of the proxy {proxy.wait()}, its log has {len((work / 'proxy.log').read_text().splitlines())} lines: {work}/proxy.log")
    sys.exit(failures > 0)


if __name__ == "__main__":
    asyncio.run(main())
