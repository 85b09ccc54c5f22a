"""Runs the test suites that redis-py ships, against a redis-server and through the proxy before another.

A test that passes on the first and fails on the second is the proxy's fault: each is shown, and then the
exit status is 1. `make suites` calls this; `suites.py PROXYD FOLDER [NAME] [PYTEST ARGUMENT...]` by hand.
"""

import pathlib
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

# The last version of each line that had this protocol for its default, and what its tests need.
SUITES = {
    "redis-5.3.1-resp2": ("5.3.1", "2"),
    "redis-6.4.0-resp3": ("6.4.0", "3"),
}
NEEDED = "pytest<8.4 pytest-asyncio<1 pytest-timeout mock packaging numpy ujson uvloop hatchling setuptools"
NEEDED += " wheel redis-entraid==1.0.0"
# Needs a cluster, sentinels, certificates or modules; and what never speaks to the server in question.
LEFT_OUT = "bloom cluster cluster_transaction cwe_404 graph json search sentinel ssl timeseries vsets"
LEFT_OUT += " sentinel_managed_connection multiprocessing"


def shell(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, **options)


def prepare(folder, version):
    """A virtual environment with one version of the library, and its tests beside it."""
    place = folder / version
    python = place / "venv" / "bin" / "python"
    if not (place / "ready").exists():
        shell(sys.executable, "-m", "venv", place / "venv")
        shell(python, "-m", "pip", "-q", "install", *NEEDED.split())
        shell(python, "-m", "pip", "-q", "install", "--no-deps", f"redis=={version}")
        shell(
            python, "-m", "pip", "-q", "download", "--no-binary", ":all:", "--no-deps",
            "--no-build-isolation", "-d", place, f"redis=={version}",
        )
        shell("tar", "-xzf", place / f"redis-{version}.tar.gz", "-C", place)
        (place / "ready").touch()
    return python, place / f"redis-{version}"


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


def run(python, source, protocol, proxyd, report, arguments):
    """The outcome of every test, against a fresh server: the suites leave changed settings behind."""
    port = free_port()
    children = [start(["redis-server", "--port", port, "--save", "", "--dir", source], port)]
    try:
        if proxyd:
            front = free_port()
            words = [proxyd, "--resp-port", front, "--http-port", "0"]
            words += ["--redis-url", f"redis://127.0.0.1:{port}"]
            children.append(start(words, front))
            port = front
        ignored = [f"--ignore-glob=*/test_{name}.py" for name in LEFT_OUT.split()]
        with open(report.with_suffix(".log"), "w") as log:
            subprocess.run(
                [
                    python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore",
                    "--timeout=60", "--tb=line", "--continue-on-collection-errors", "-o", "asyncio_mode=auto",
                    f"--redis-url=redis://127.0.0.1:{port}/9", f"--protocol={protocol}",
                    f"--junitxml={report}", *ignored, *(arguments or ["tests"]),
                ],
                cwd=source, stdout=log, stderr=log, check=False,
            )
    finally:
        for child in reversed(children):
            child.kill()
            child.wait()
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


def main():
    proxyd, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    chosen, arguments = sys.argv[3:4] or list(SUITES), sys.argv[4:]
    failed = False
    for name in chosen:
        version, protocol = SUITES[name]
        python, source = prepare(folder, version)
        sides = []
        for side, program in (("plain", None), ("proxy", proxyd)):
            report = folder / f"{name}-{side}.xml"
            sides.append(run(python, source, protocol, program, report, arguments))
        plain, proxy = sides
        passed = [test for test, (state, _) in plain.items() if state == "passed"]
        lost = [test for test in passed if proxy.get(test, ("missing", ""))[0] != "passed"]
        if lost and not arguments:
            # Some measure time, and fail where a machine is busy: those are heard a second time.
            names = " or ".join(sorted({test.split("::")[1].split("[")[0] for test in lost}))
            report = folder / f"{name}-again.xml"
            again = run(python, source, protocol, proxyd, report, ["tests", "-k", names])
            lost = [test for test in lost if again.get(test, ("missing", ""))[0] != "passed"]
            proxy.update(again)
        print(f"{name}: {len(passed)} of {len(plain)} pass on Redis; {len(lost)} of these fail here")
        for test in lost:
            state, text = proxy.get(test, ("missing", ""))
            print(f"  {test}: {state}: {' '.join(text.split())[:160]}")
        failed = failed or bool(lost)
    sys.exit(1 if failed else 0)


main()
