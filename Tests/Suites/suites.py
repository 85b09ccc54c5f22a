"""Runs the test suites that client libraries ship, against a redis-server and through the proxy before another.

A test that passes on the first and fails on the second is the proxy's fault: each is shown, and then the
exit status is 1. `make suites` calls this; `suites.py PROXYD FOLDER [NAME] [PYTEST ARGUMENT...]` by hand.
"""

import pathlib
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from typing import NamedTuple

import hiredis_suite


class Suite(NamedTuple):
    """The tests in a source archive on PyPI, and how they are run."""

    package: str
    version: str
    # What its tests need beside it.
    needed: str
    # Where its tests are, and which are left out, each with what it needs that a plain server is not. What
    # fails there anyway may stay.
    folder: str
    left_out: dict
    # Arguments that tell them of the server at `{port}`.
    arguments: str = ""
    # The port that they have in their text, where they cannot be told.
    fixed_port: str = ""


REDIS_PY = "pytest<8.4 pytest-asyncio<1 pytest-timeout mock packaging numpy ujson uvloop hatchling setuptools"
REDIS_PY += " wheel redis-entraid==1.0.0 coverage"
REDIS_PY_LEFT_OUT = {
    "cluster": "a cluster; what passes without speaks to imitations",
    "cluster_transaction": "a cluster; what passes without speaks to imitations",
    "sentinel": "sentinels; what passes without speaks to imitations",
}
REDIS_PY_ARGUMENTS = "-o asyncio_mode=auto --redis-url=redis://127.0.0.1:{port}/9 --protocol="

# Its tests are for the imitation and for a real server; the latter are marked.
FAKEREDIS = "redis==6.4.0 pytest pytest-asyncio pytest-mock pytest-timeout hypothesis lupa jsonpath-ng valkey"
FAKEREDIS += " sortedcontainers hatchling packaging typing-extensions hiredis"

FAKEREDIS_LEFT_OUT = dict.fromkeys(("bloomfilter", "cms", "json", "timeseries", "topk"), "a module")

# Of redis-py, the last version of each line that had this protocol for its default; once with the
# parser that hiredis is.
SUITES = {
    "redis-5.3.1-resp2": Suite(
        "redis", "5.3.1", REDIS_PY, "tests", REDIS_PY_LEFT_OUT, REDIS_PY_ARGUMENTS + "2"
    ),
    "redis-6.4.0-resp3": Suite(
        "redis", "6.4.0", REDIS_PY, "tests", REDIS_PY_LEFT_OUT, REDIS_PY_ARGUMENTS + "3"
    ),
    "redis-6.4.0-hiredis": Suite(
        "redis", "6.4.0", REDIS_PY + " hiredis", "tests", REDIS_PY_LEFT_OUT, REDIS_PY_ARGUMENTS + "3"
    ),
    "fakeredis-2.40.0": Suite(
        "fakeredis", "2.40.0", FAKEREDIS, "test", FAKEREDIS_LEFT_OUT,
        "-m real --hypothesis-seed=1", "6390",
    ),
}


def shell(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, **options)


def prepare(folder, name, suite):
    """A virtual environment with one version of the library, and its tests beside it."""
    place = folder / name
    archive = f"{suite.package}-{suite.version}"
    python = place / "venv" / "bin" / "python"
    if not (place / "ready").exists():
        shell(sys.executable, "-m", "venv", place / "venv")
        shell(python, "-m", "pip", "-q", "install", *suite.needed.split())
        shell(python, "-m", "pip", "-q", "install", "--no-deps", f"{suite.package}=={suite.version}")
        shell(
            python, "-m", "pip", "-q", "download", "--no-binary", ":all:", "--no-deps",
            "--no-build-isolation", "-d", place, f"{suite.package}=={suite.version}",
        )
        shell("tar", "-xzf", place / f"{archive}.tar.gz", "-C", place)
        (place / "ready").touch()
    return python, place / archive


def set_port(source, suite, port):
    """Puts the port into the text of tests that cannot be told, in a copy of them."""
    if not suite.fixed_port:
        return suite.folder
    folder = source / f"{suite.folder}-original"
    if not folder.exists():
        (source / suite.folder).rename(folder)
    for file in folder.rglob("*.py"):
        copy = source / suite.folder / file.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(file.read_text().replace(suite.fixed_port, str(port)))
    return suite.folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(words, port):
    """A server that listens on `port`; ended by the caller."""
    child = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL)
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return child
        except OSError:
            time.sleep(0.02)
    child.kill()
    sys.exit(f"{words[0]} did not start")


class Stage:
    """A fresh server, since the suites leave changed settings behind, and perhaps the proxy before it."""

    def __init__(self, proxyd, folder):
        self.port = free_port()
        words = ["redis-server", "--port", self.port, "--save", "", "--dir", folder]
        self.children = [start(words, self.port)]
        if proxyd:
            front = free_port()
            words = [proxyd, "--resp-port", front, "--http-port", "0", "--admin-port", "0"]
            words += ["--redis-url", f"redis://127.0.0.1:{self.port}"]
            self.children.append(start(words, front))
            self.port = front

    def __enter__(self):
        return self.port

    def __exit__(self, *_):
        for child in reversed(self.children):
            child.kill()
            child.wait()


def run(python, source, suite, proxyd, report, arguments):
    """The outcome of every test."""
    with Stage(proxyd, source) as port, open(report.with_suffix(".log"), "w") as log:
        folder = set_port(source, suite, port)
        ignored = [f"--ignore-glob=*/test_{name}.py" for name in suite.left_out]
        subprocess.run(
            [
                python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore",
                "--timeout=60", "--tb=line", "--continue-on-collection-errors",
                *suite.arguments.format(port=port).split(),
                f"--junitxml={report}", *ignored, *(arguments or [folder]),
            ],
            cwd=source, stdout=log, stderr=log, check=False,
        )
    return outcomes(report)


def outcomes(report):
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        state, text = "passed", ""
        for child in case:
            if child.tag in ("failure", "error", "skipped"):
                state, text = child.tag, child.get("message", "")
        found[f"{case.get('classname')}::{case.get('name')}"] = (state, text)
    return found


def compare(name, plain, proxy, again=None):
    """Shows what passes on Redis and fails through the proxy; whether there is any such test."""
    passed = [test for test, (state, _) in plain.items() if state == "passed"]
    lost = [test for test in passed if proxy.get(test, ("missing", ""))[0] != "passed"]
    if lost and again:
        # Some measure time, and fail where a machine is busy: those are heard a second time.
        names = " or ".join(sorted({test.split("::")[1].split("[")[0] for test in lost}))
        second = again(names)
        lost = [test for test in lost if second.get(test, ("missing", ""))[0] != "passed"]
        proxy.update(second)
    print(f"{name}: {len(passed)} of {len(plain)} pass on Redis; {len(lost)} of these fail here", flush=True)
    for test in lost:
        state, text = proxy.get(test, ("missing", ""))
        print(f"  {test}: {state}: {' '.join(text.split())[:160]}", flush=True)
    return bool(lost)


def try_suite(name, proxyd, folder, arguments):
    suite = SUITES[name]
    python, source = prepare(folder, name, suite)

    def hear(side, program, arguments):
        return run(python, source, suite, program, folder / f"{name}-{side}.xml", arguments)

    plain, proxy = hear("plain", None, arguments), hear("proxy", proxyd, arguments)
    again = None if arguments else lambda names: hear("again", proxyd, [suite.folder, "-k", names])
    return compare(name, plain, proxy, again)


def try_hiredis(name, proxyd, folder):
    python = folder / "hiredis-venv" / "bin" / "python"
    if not python.exists():
        shell(sys.executable, "-m", "venv", folder / "hiredis-venv")
        shell(python, "-m", "pip", "-q", "install", "setuptools", "wheel")
    programs = hiredis_suite.build(shell, python, folder)
    sides = []
    for program in (None, proxyd):
        with Stage(program, folder) as port:
            sides.append(hiredis_suite.outcomes(programs, port))
    return compare(name, *sides)


def main():
    proxyd, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    hiredis = f"{hiredis_suite.PACKAGE}-{hiredis_suite.VERSION}"
    chosen, arguments = sys.argv[3:4] or [*SUITES, hiredis], sys.argv[4:]
    folder.mkdir(parents=True, exist_ok=True)
    failed = False
    for name in chosen:
        if name == hiredis:
            failed = try_hiredis(name, proxyd, folder) or failed
        else:
            failed = try_suite(name, proxyd, folder, arguments) or failed
    sys.exit(1 if failed else 0)


main()
