"""Runs `proxyd top` in a terminal of 40 columns and 12 rows, ends it, and looks at what it leaves.

Usage: terminal.py PROXYD q|INT|TERM ADDRESS
"""
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios

PROGRAM, END, ADDRESS = sys.argv[1:]
TAKE, RESTORE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"

child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 40, 0, 0))
    os.execv(PROGRAM, [PROGRAM, "top", ADDRESS])

settings = termios.tcgetattr(terminal)
shown = b""


def read():
    """What comes next; nothing at the end."""
    global shown
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        piece = b""
    shown += piece
    return piece


# Two whole frames: the third has begun.
while shown.count(b"\x1b[H") < 3:
    assert read(), shown
assert shown.startswith(TAKE), shown
assert not termios.tcgetattr(terminal)[3] & termios.ECHO, "what is typed is shown"
frame = shown.split(b"\x1b[H")[2].removesuffix(b"\x1b[J").replace(b"\x1b[K", b"").decode()
lines = frame.split("\r\n")
assert len(lines) <= 12 and all(len(line) <= 40 for line in lines), lines
assert lines[0].startswith("proxyd 0.") and not re.search(r"[\x00-\x1f]", "".join(lines)), lines

if END == "q":
    os.write(terminal, b"q")
else:
    os.kill(child, getattr(signal, f"SIG{END}"))
while read():
    pass
assert shown.endswith(RESTORE), shown[-100:]
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (
    0 if END == "q" else -getattr(signal, f"SIG{END}"))
print("as it should be")
