#!/usr/bin/env python3
"""Side-by-side benchmark of AI gateways on a two-core machine.

The gateway runs on CPU 0; the mock provider and the load generator on CPU 1.
Each gateway is one JSON file (see README.md). Loopback only.
"""

import argparse, fcntl, glob, json, os, resource, shutil, signal, statistics
import subprocess, sys, tempfile, time, urllib.request, http.client

HERE = os.path.dirname(os.path.abspath(__file__))
MOCK_PORT = int(os.environ.get("BENCH_MOCK_PORT", 19100))
GW_PORT = int(os.environ.get("BENCH_PORT", 19200))
MOCK = f"http://127.0.0.1:{MOCK_PORT}"
GW_CPU, LOAD_CPU = "0", "1"
NICE = -10


def pre(nice=True):
    def f():
        if nice:
            # With autogroup scheduling nice only counts inside a session: raise the session too.
            try:
                os.nice(NICE)
                with open("/proc/self/autogroup", "w") as g:
                    g.write(str(2 * NICE + 1))
            except OSError:
                pass

    return f


def log(*a):
    print(time.strftime("%H:%M:%S"), *a, file=sys.stderr, flush=True)


def get(url, headers=None, timeout=2):
    req = urllib.request.Request(url, headers=headers or {})
    with urllib.request.urlopen(req, timeout=timeout) as r:
        return r.status, r.read()


class Lock:
    """One measurement at a time on this machine, whoever measures."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.f = open(self.path, "a") if self.path else None
        if self.f:
            fcntl.flock(self.f, fcntl.LOCK_EX)

    def __exit__(self, *a):
        if self.f:
            self.f.close()


def build(bindir):
    os.makedirs(bindir, exist_ok=True)
    subprocess.run(["go", "build", "-o", bindir + "/", "./..."], cwd=HERE, check=True)


class Proc:
    def __init__(self, argv, cpu, logfile, env=None, cwd=None):
        self.log = open(logfile, "ab")
        self.p = subprocess.Popen(
            ["taskset", "-c", cpu] + argv,
            stdout=self.log,
            stderr=self.log,
            stdin=subprocess.DEVNULL,
            env=env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=pre(),
        )
        self.pid = self.p.pid

    def stop(self):
        for sig, wait in ((signal.SIGTERM, 8), (signal.SIGKILL, 5)):
            if self.p.poll() is None:
                try:
                    os.killpg(self.pid, sig)
                except ProcessLookupError:
                    pass
            try:
                self.p.wait(wait)
                break
            except subprocess.TimeoutExpired:
                pass
        try:  # what is left of its group
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.log.close()


def tree_stat(root):
    """CPU seconds and RSS, PSS in KiB of a process and its descendants."""
    kids, cpu = {}, {}
    for d in os.listdir("/proc"):
        if d.isdigit():
            try:
                f = open(f"/proc/{d}/stat").read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            kids.setdefault(int(f[1]), []).append(int(d))
            cpu[int(d)] = sum(int(x) for x in f[11:15]) / 100
    todo, c, rss, pss, n, th = [root], 0.0, 0, 0, 0, 0
    while todo:
        p = todo.pop()
        todo += kids.get(p, [])
        if p in cpu:
            c += cpu[p]
            n += 1
        try:
            rss += int(open(f"/proc/{p}/statm").read().split()[1]) * 4
            for line in open(f"/proc/{p}/smaps_rollup"):
                if line.startswith("Pss:"):
                    pss += int(line.split()[1])
            th += len(os.listdir(f"/proc/{p}/task"))
        except OSError:
            pass
    return {"cpu_s": c, "rss_kib": rss, "pss_kib": pss, "processes": n, "threads": th}


class Gateway:
    def __init__(self, path, work):
        self.e = json.load(open(path))
        self.name = self.e["name"]
        self.dir = os.path.dirname(os.path.abspath(path))
        self.tmp = os.path.join(work, self.name)
        shutil.rmtree(self.tmp, ignore_errors=True)
        os.makedirs(self.tmp)
        self.proc = None
        self.port = self.e.get("port", GW_PORT)
        for f, text in self.e.get("files", {}).items():
            if isinstance(text, list):
                text = "\n".join(text) + "\n"
            elif not isinstance(text, str):
                text = json.dumps(text, indent=1)
            p = os.path.join(self.tmp, f)
            os.makedirs(os.path.dirname(p), exist_ok=True)
            open(p, "w").write(self.sub(text))
        self.ready = False

    def sub(self, s):
        for k, v in (
            ("{tmp}", self.tmp),
            ("{dir}", self.dir),
            ("{port}", str(self.port)),
            ("{mock}", MOCK),
            ("{mockhost}", f"127.0.0.1:{MOCK_PORT}"),
            ("{base}", self.e.get("base", "").replace("{port}", str(self.port))),
        ):
            s = s.replace(k, v)
        return s

    @property
    def base(self):
        return self.sub(self.e["base"])

    def headers(self):
        h = {"Content-Type": "application/json"}
        if self.e.get("key"):
            h["Authorization"] = "Bearer " + self.e["key"]
        for x in self.e.get("headers", []):
            k, v = x.split(":", 1)
            h[k] = self.sub(v).strip()
        return h

    def model(self, kind):
        m = self.e.get("models", {})
        d = "text-embedding-3-small" if kind == "embed" else "gpt-4o-mini"
        return m.get("embed" if kind == "embed" else "chat", d)

    def expect(self, kind):
        x = self.e.get("expect", {})
        return x.get(
            "embed" if kind == "embed" else "chat",
            "text-embedding-3-small" if kind == "embed" else "gpt-4o-mini",
        )

    def start(self):
        """Starts it; gives the seconds to the first healthy answer."""
        env = dict(os.environ)
        env.update({k: self.sub(v) for k, v in self.e.get("env", {}).items()})
        t0 = time.monotonic()
        self.proc = Proc(
            [os.path.expandvars(self.sub(a)) for a in self.e["start"]],
            GW_CPU,
            os.path.join(self.tmp, "gateway.log"),
            env=env,
            cwd=self.sub(self.e.get("cwd", "{tmp}")),
        )
        path, limit = self.e.get("health", "/"), self.e.get("ready_s", 90)
        while time.monotonic() - t0 < limit:
            if self.proc.p.poll() is not None:
                raise RuntimeError(f"{self.name} ended at once, see {self.tmp}/gateway.log")
            try:
                c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                c.request("GET", path, headers=self.headers())
                if c.getresponse().status == 200:
                    dt = time.monotonic() - t0
                    c.close()
                    return dt
                c.close()
            except OSError:
                pass
            except http.client.HTTPException:
                pass
            time.sleep(0.002)
        raise RuntimeError(f"{self.name} not healthy in {limit} s, see {self.tmp}/gateway.log")

    def setup(self):
        if self.ready or not self.e.get("setup"):
            self.ready = True
            return
        out = subprocess.run(
            [self.sub(a) for a in self.e["setup"]],
            capture_output=True,
            text=True,
            timeout=300,
            cwd=self.tmp,
        )
        if out.returncode:
            raise RuntimeError(f"setup of {self.name}: {out.stdout[-2000:]} {out.stderr[-2000:]}")
        self.e.update(json.loads(out.stdout.strip().splitlines()[-1]))
        self.ready = True
        if self.e.get("restart_after_setup"):
            self.stop()
            time.sleep(0.5)
            self.start()

    def first_chat(self):
        body = json.dumps(
            {
                "model": self.model("chat"),
                "messages": [{"role": "user", "content": "nonce:000000000001 hi"}],
            }
        ).encode()
        req = urllib.request.Request(
            self.base + "/chat/completions", data=body, headers=self.headers()
        )
        try:
            with urllib.request.urlopen(req, timeout=30) as r:
                return json.load(r)
        except urllib.error.HTTPError as e:
            raise RuntimeError(f"{self.name}: chat answered {e.code}: {e.read()[:500]}")

    def aux(self):
        f = self.e.get("aux_pid_file") or []
        out = []
        for x in [f] if isinstance(f, str) else f:
            out += ["-aux-pid", open(self.sub(x)).readline().strip()]
        return out

    def stop(self):
        if self.proc:
            self.proc.stop()
            self.proc = None


class Bench:
    def __init__(self, a):
        self.a = a
        self.work = os.path.abspath(a.work) if a.work else tempfile.mkdtemp(prefix="gwbench-")
        self.bin = os.path.join(self.work, "bin")
        os.makedirs(self.work, exist_ok=True)
        build(self.bin)
        self.lock = Lock(a.lock)
        self.results = json.load(open(a.out)) if os.path.exists(a.out) else {}
        self.mock = None
        self.warm = set()  # (pid, kind) of those that have had a long warm-up

    def start_mock(self):
        self.mock = Proc(
            [self.bin + "/mockllm", "-listen", f"127.0.0.1:{MOCK_PORT}"],
            LOAD_CPU,
            self.work + "/mock.log",
        )
        for _ in range(200):
            try:
                get(MOCK + "/__mock/health")
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("mock did not start")

    def set(self, **kw):
        get(MOCK + "/__mock/set?" + "&".join(f"{k}={v}" for k, v in kw.items()))

    def load(self, gw, kind, **kw):
        path = {
            "embed": "/embeddings",
            "messages": "/messages",
            "messages-stream": "/messages",
            "responses": "/responses",
            "responses-stream": "/responses",
        }.get(kind, "/chat/completions")
        argv = ["taskset", "-c", LOAD_CPU, self.bin + "/loadgen", "-kind", kind]
        if gw:
            argv += [
                "-url",
                gw.base + path,
                "-model",
                gw.model(kind),
                "-expect",
                gw.expect(kind),
                "-pid",
                str(gw.proc.pid),
            ] + gw.aux()
            if gw.e.get("key"):
                argv += ["-key", gw.e["key"]]
            for h in gw.e.get("headers", []):
                argv += ["-H", gw.sub(h)]
        else:
            m = "text-embedding-3-small" if kind == "embed" else "gpt-4o-mini"
            argv += ["-url", MOCK + "/v1" + path, "-model", m, "-pid", str(self.mock.pid)]
        if kw.get("mode", "closed") == "closed" and gw:
            if (gw.proc.pid, kind) in self.warm:
                kw["warmup"] = "500ms"
            self.warm.add((gw.proc.pid, kind))
        for k, v in kw.items():
            argv += [f"-{k}={str(v).lower() if isinstance(v, bool) else v}"]
        p = subprocess.run(
            argv,
            capture_output=True,
            text=True,
            preexec_fn=pre(),
            start_new_session=True,
            timeout=300,
        )
        if p.returncode:
            raise RuntimeError(p.stderr[-1000:])
        r = json.loads(p.stdout)
        if r.get("error_kinds"):
            log("   errors:", json.dumps(r["error_kinds"])[:600])
        return r

    def save(self, gw, key, val):
        self.results.setdefault(gw, {})[key] = val
        tmp = self.a.out + ".tmp"
        json.dump(self.results, open(tmp, "w"), indent=1, sort_keys=True)
        os.replace(tmp, self.a.out)

    def secs(self, n):
        return f"{max(2, n * self.a.scale):g}s"

    def scen(self, gw, name):
        s, L, n = self.secs, self.load, (gw.name if gw else "direct")
        self.set(chunks=20, delay_ms=0, latency_ms=0, body_bytes=600)
        if name == "A":
            self.save(n, "A", L(gw, "chat", conns=64, duration=s(15), warmup="3s"))
        elif name in ("B", "L"):
            top = self.results.get(n, {}).get("A", {}).get("rps", 1e9)
            for rate, conns in ((200, 64), (1000, 256)) if name == "B" else ((50, 64),):
                if top < rate * 1.05:
                    self.save(n, f"B{rate}", {"skipped": f"closed loop gave {top:.0f} a second"})
                    continue
                d = L(
                    None,
                    "chat",
                    mode="open",
                    rate=rate,
                    conns=conns,
                    duration=s(8),
                    warmup="1s",
                    settle="200ms",
                )
                r = L(gw, "chat", mode="open", rate=rate, conns=conns, duration=s(15), warmup="2s")
                r["direct"] = d["latency_us"]
                r["added_us"] = (
                    {
                        k: round(r["latency_us"][k] - d["latency_us"][k], 1)
                        for k in ("p50", "p90", "p99", "p99.9")
                    }
                    if "latency_us" in r
                    else {}
                )
                self.save(n, f"B{rate}", r)
        elif name == "C":
            self.set(chunks=200)
            self.save(n, "C", L(gw, "stream", conns=64, duration=s(15), warmup="3s", chunks=200))
        elif name == "R":  # events translated: a Responses stream over an upstream that speaks chat
            self.set(chunks=200)
            self.save(
                n, "R", L(gw, "responses-stream", conns=64, duration=s(15), warmup="3s", chunks=200)
            )
        elif name == "E":
            self.save(n, "E", L(gw, "embed", conns=32, body=16384, duration=s(10), warmup="2s"))
        elif name == "G":
            self.save(
                n,
                "G",
                L(gw, "chat", conns=8, body=1000000, image=True, duration=s(10), warmup="2s"),
            )
        elif name in ("D", "D5", "RD"):
            many, ramp, chunks = (5000, 10, 50) if name == "D5" else (1000, 4, 36)
            kind = "responses-stream" if name == "RD" else "stream"
            if gw:
                gw.stop()
                time.sleep(0.5)
                gw.start()
            L(gw, kind, conns=64, duration="2s", warmup="0s", settle="1s", chunks=20)
            self.set(chunks=chunks, delay_ms=500)
            self.save(
                n,
                name if name == "RD" else "D" + str(many),
                L(
                    gw,
                    kind,
                    mode="hold",
                    conns=many,
                    ramp=f"{ramp}s",
                    chunks=chunks,
                    delay="500ms",
                    timeout="120s",
                ),
            )
        elif name == "F":
            if not gw:
                return
            t, tc, st = [], [], []
            for _ in range(self.a.cold):
                gw.stop()
                time.sleep(1)
                t0 = time.monotonic()
                t.append(gw.start())
                gw.first_chat()
                tc.append(time.monotonic() - t0)
                time.sleep(4)
                x = tree_stat(gw.proc.pid)
                time.sleep(4)
                y = tree_stat(gw.proc.pid)
                y["idle_cpu_ms_per_s"] = round((y["cpu_s"] - x["cpu_s"]) / 4 * 1000, 1)
                st.append(y)
            m = statistics.median
            self.save(
                n,
                "F",
                {
                    "cold_s": round(m(t), 3),
                    "first_chat_s": round(
                        min(tc), 3
                    ),  # noise only adds: the best, as of all rounds
                    "runs": t,
                    **{k: m([x[k] for x in st]) for k in st[0]},
                },
            )
        else:
            raise SystemExit("unknown scenario " + name)

    def one(self, gw, s):
        name = gw.name if gw else "direct"
        log(name, s)
        try:
            self.scen(gw, s)
        except Exception as e:  # one failed scenario must not lose the others
            log(name, s, "failed:", repr(e)[:800])
            self.save(name, s + "_failed", repr(e)[:800])
            if gw and (gw.proc is None or gw.proc.p.poll() is not None):
                gw.stop()
                gw.start()

    def gateway(self, path, scenarios):
        gw = None
        if path != "direct":
            gw = Gateway(path, self.work)
        name = gw.name if gw else "direct"
        self.start_mock()
        try:
            if gw:
                with self.lock:
                    cold = gw.start()
                gw.setup()
                gw.first_chat()
                log(name, f"up after {cold:.2f} s")
                self.save(
                    name,
                    "about",
                    {
                        "version": gw.e.get("version", ""),
                        "config": gw.e.get("about", ""),
                        "when": time.strftime("%Y-%m-%d %H:%M"),
                    },
                )
            todo = list(scenarios)
            while todo:
                with self.lock:  # held for some scenarios, --hold seconds or a little more
                    t0 = time.monotonic()
                    while todo and time.monotonic() - t0 < self.a.hold:
                        self.one(gw, todo.pop(0))
                time.sleep(0.3)
        finally:
            try:  # to compare with what the gateway has booked
                self.save(
                    name, "mock_" + "".join(scenarios), json.loads(get(MOCK + "/__mock/stats")[1])
                )
            except OSError:
                pass
            if gw:
                gw.stop()
            self.mock.stop()


ROWS = [
    ("A max rps, 64 conns, one core", lambda r: r["A"]["rps"], "{:.0f}", 1),
    (
        "A rps if the core were full (1e6 / CPU µs)",
        lambda r: 1e6 / r["A"]["cpu_us_per_req"],
        "{:.0f}",
        1,
    ),
    ("A CPU µs/request", lambda r: r["A"]["cpu_us_per_req"], "{:.1f}", 1),
    ("A gateway CPU %", lambda r: r["A"]["cpu_util"], "{:.0f}", 0),
    ("A its database, CPU µs/request", lambda r: r["A"]["aux_cpu_us_per_req"], "{:.1f}", 0),
    ("A p99 ms", lambda r: r["A"]["latency_us"]["p99"] / 1e3, "{:.2f}", 0),
    ("A RSS peak MiB", lambda r: r["A"]["rss_peak_kib"] / 1024, "{:.0f}", 1),
    ("B50 added p50 µs", lambda r: r["B50"]["added_us"]["p50"], "{:.0f}", 1),
    ("B50 added p99 µs", lambda r: r["B50"]["added_us"]["p99"], "{:.0f}", 1),
    ("B50 CPU µs/request", lambda r: r["B50"]["cpu_us_per_req"], "{:.0f}", 1),
    ("B200 added p50 µs", lambda r: r["B200"]["added_us"]["p50"], "{:.0f}", 1),
    ("B200 added p99 µs", lambda r: r["B200"]["added_us"]["p99"], "{:.0f}", 1),
    ("B200 added p99.9 µs", lambda r: r["B200"]["added_us"]["p99.9"], "{:.0f}", 0),
    ("B200 CPU µs/request", lambda r: r["B200"]["cpu_us_per_req"], "{:.1f}", 1),
    ("B1000 added p50 µs", lambda r: r["B1000"]["added_us"]["p50"], "{:.0f}", 1),
    ("B1000 added p99 µs", lambda r: r["B1000"]["added_us"]["p99"], "{:.0f}", 1),
    ("B1000 added p99.9 µs", lambda r: r["B1000"]["added_us"]["p99.9"], "{:.0f}", 0),
    ("B1000 CPU µs/request", lambda r: r["B1000"]["cpu_us_per_req"], "{:.1f}", 1),
    ("C chunks/s", lambda r: r["C"]["chunks_per_s"], "{:.0f}", 1),
    ("C CPU µs/chunk", lambda r: r["C"]["cpu_us_per_chunk"], "{:.2f}", 1),
    ("C TTFT p50 ms", lambda r: r["C"]["ttft_us"]["p50"] / 1e3, "{:.1f}", 0),
    (
        "R CPU µs/translated event (burst; ratio: nginx's chunk)",
        lambda r: r["R"]["cpu_us_per_chunk"],
        "{:.2f}",
        1,
    ),
    (
        "RD CPU µs/translated event (paced; ratio: nginx's chunk)",
        lambda r: r["RD"]["cpu_us_per_chunk"],
        "{:.1f}",
        1,
    ),
    ("RD KiB RSS/stream", lambda r: r["RD"]["kib_per_stream"], "{:.1f}", 1),
    ("D1000 KiB RSS/stream", lambda r: r["D1000"]["kib_per_stream"], "{:.1f}", 1),
    ("D1000 gap p99 ms (500 sent)", lambda r: r["D1000"]["gap_us"]["p99"] / 1e3, "{:.1f}", 0),
    ("D1000 chunk transit p50 µs", lambda r: r["D1000"]["transit_us"]["p50"], "{:.0f}", 1),
    ("D1000 chunk transit p99 µs", lambda r: r["D1000"]["transit_us"]["p99"], "{:.0f}", 0),
    ("D1000 CPU µs/chunk (paced)", lambda r: r["D1000"]["cpu_us_per_chunk"], "{:.1f}", 1),
    ("D5000 KiB RSS/stream", lambda r: r["D5000"]["kib_per_stream"], "{:.1f}", 1),
    ("D5000 gap p99 ms", lambda r: r["D5000"]["gap_us"]["p99"] / 1e3, "{:.1f}", 0),
    ("D5000 CPU µs/chunk (paced)", lambda r: r["D5000"]["cpu_us_per_chunk"], "{:.1f}", 0),
    (
        "D5000 streams whole / failed",
        lambda r: "%d / %d" % (r["D5000"]["total_ok"], r["D5000"]["total_errors"]),
        "{}",
        0,
    ),
    ("E embeddings 16 KB rps", lambda r: r["E"]["rps"], "{:.0f}", 1),
    ("E CPU µs/request", lambda r: r["E"]["cpu_us_per_req"], "{:.1f}", 1),
    ("F cold start ms", lambda r: r["F"]["cold_s"] * 1000, "{:.0f}", 0),
    ("F first chat after exec ms", lambda r: r["F"]["first_chat_s"] * 1000, "{:.0f}", 0),
    ("F idle RSS MiB", lambda r: r["F"]["rss_kib"] / 1024, "{:.1f}", 1),
    ("F idle PSS MiB", lambda r: r["F"]["pss_kib"] / 1024, "{:.1f}", 0),
    ("F idle CPU ms/s", lambda r: r["F"]["idle_cpu_ms_per_s"], "{:.1f}", 0),
    ("G 1 MB body rps", lambda r: r["G"]["rps"], "{:.0f}", 1),
    ("G CPU µs/request", lambda r: r["G"]["cpu_us_per_req"], "{:.0f}", 1),
    ("G RSS peak MiB", lambda r: r["G"]["rss_peak_kib"] / 1024, "{:.0f}", 0),
    (
        "errors in A/C/E/G",
        lambda r: "/".join(str(r[k]["total_errors"]) if k in r else "-" for k in "ACEG"),
        "{}",
        0,
    ),
]


def table(res, order=None):
    names = [n for n in (order or []) if n in res] + sorted(
        n for n in res if n not in (order or [])
    )
    ref = dict(res.get("nginx", {}))
    for r, c in (
        ("R", "C"),
        ("RD", "D1000"),
    ):  # nginx translates nothing: what is translated is compared with what it relays
        if c in ref:
            ref.setdefault(r, ref[c])
    out = ["| figure | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for title, f, fmt, ratio in ROWS:
        try:
            rv = f(ref)
        except (KeyError, TypeError, ZeroDivisionError):
            rv = None
        cells = []
        for n in names:
            try:
                v = f(res[n])
            except (KeyError, TypeError):
                cells.append("–")
                continue
            s = fmt.format(v)
            if (
                ratio
                and rv
                and n not in ("nginx", "direct")
                and isinstance(v, (int, float))
                and rv > 0
                and v > 0
            ):
                s += f" ({v / rv:.2g}×)" if v / rv < 100 else f" ({v / rv:.0f}×)"
            cells.append(s)
        out.append("| " + title + " | " + " | ".join(cells) + " |")
    return "\n".join(out)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument(
        "gateways",
        nargs="*",
        help="names of files in gateways/ (nginx), paths of other JSON files, or 'direct'",
    )
    ap.add_argument("--scenarios", default="A,B,C,E,G,F,D,D5")
    ap.add_argument("--out", default="results.json", help="results are merged into this file")
    ap.add_argument(
        "--scale", type=float, default=1.0, help="0.2 makes measured times five times shorter"
    )
    ap.add_argument("--cold", type=int, default=3, help="cold starts in F")
    ap.add_argument("--lock", default="", help="file to flock around each scenario ('' for none)")
    ap.add_argument(
        "--hold", type=float, default=150, help="seconds for which the lock is held at a stretch"
    )
    ap.add_argument("--work", help="scratch folder")
    ap.add_argument("--table", action="store_true", help="only print the table of --out")
    a = ap.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    if not a.table:
        b = Bench(a)
        for g in a.gateways or ["direct", "nginx"]:
            path = (
                g
                if g == "direct" or g.endswith(".json")
                else os.path.join(HERE, "gateways", g + ".json")
            )
            try:
                b.gateway(path, a.scenarios.split(","))
            except Exception as e:
                log(g, "FAILED:", repr(e)[:3000])
    print(table(json.load(open(a.out)), ["direct", "nginx"]))


if __name__ == "__main__":
    main()
