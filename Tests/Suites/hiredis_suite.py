"""hiredis' own tests, in the C source that its Python package carries, and what applications do with it."""

import pathlib
import re
import subprocess

PACKAGE, VERSION = "hiredis", "3.5.0"
# No name that Python could import.
OWN = pathlib.Path(__file__).parent / "hiredis-programs"
SOURCES = "alloc.c net.c hiredis.c sds.c async.c read.c sockcompat.c".split()


def build(shell, python, folder):
    """The two programs: hiredis' tests, and ours."""
    place = folder / f"{PACKAGE}-{VERSION}"
    if not (place / "vendor").exists():
        place.mkdir(parents=True, exist_ok=True)
        shell(
            python, "-m", "pip", "-q", "download", "--no-binary", ":all:", "--no-deps",
            "--no-build-isolation", "-d", place, f"{PACKAGE}=={VERSION}",
        )
        shell("tar", "-xzf", place / f"{place.name}.tar.gz", "-C", place, "--strip-components=1")
    source = place / "vendor" / "hiredis"
    programs = []
    for name, main in (("run-tests", source / "test.c"), ("client", OWN / "client.c")):
        programs.append(place / name)
        shell(
            "cc", "-O1", "-w", "-D_GNU_SOURCE", f"-I{source}", f"-I{OWN}", "-o", programs[-1], main,
            *(source / file for file in SOURCES),
        )
    return programs


def outcomes(programs, port):
    """The outcome of every test by its name, as `suites.py` has it."""
    tests, client = programs
    words = [tests, "-h", "127.0.0.1", "-p", port, "-s", "/nowhere", "--skip-throughput"]
    run = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300)
    found = {}
    for line in run.stdout.splitlines():
        match = re.match(r"#\d+ (.*): \x1b\[[0-9;]*m(\w+)", line)
        if match:
            # Its tests are run over and over, under the same names.
            name, count = match[1], 0
            while f"hiredis::{name} {count}" in found:
                count += 1
            state = "passed" if match[2] == "PASSED" else match[2].lower()
            found[f"hiredis::{name} {count}"] = (state, line)
    run = subprocess.run([str(client), str(port)], capture_output=True, text=True, timeout=300)
    found["hiredis::client"] = ("passed" if run.returncode == 0 else "failed", run.stderr)
    return found
