"""Runs weir on a pseudo-terminal, with an emulator as the terminal's other end.

    screen.py SCENARIO

Each scenario prints `ok`, or what it waited for in vain and the screen as it was, and exits with 1.
"""

import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
import fcntl

import pyte

ENDLESS = ["run", "orders", "--limit", "0", "--no-record", "--seed", "1"]


class Terminal:
    def __init__(self, arguments, width=80, height=24, environment=None, stdin=None):
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.ByteStream(self.screen)
        self.bytes = b""
        self.status = None
        settings = dict(os.environ, TERM="xterm-256color", LANG="C.UTF-8", LC_ALL="C.UTF-8")
        settings.pop("NO_COLOR", None)
        settings["SWIFT_BACKTRACE"] = "enable=no"
        settings.update(environment or {})
        master, slave = pty.openpty()
        self.master = master
        self.set_size(width, height)
        self.modes = termios.tcgetattr(slave)
        self.slave = slave
        self.child = os.fork()
        if self.child == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for descriptor in (0, 1, 2):
                os.dup2(slave, descriptor)
            if stdin is not None:
                os.dup2(os.open(stdin, os.O_RDONLY), 0)
            os.closerange(3, 100)
            program = os.environ["WEIR"]
            os.execve(program, [program] + arguments, settings)

    def set_size(self, width, height):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def resize(self, width, height):
        self.screen.resize(height, width)
        self.set_size(width, height)

    def pump(self, seconds=0.05):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return
        self.bytes += data
        self.stream.feed(data)

    def ended(self):
        if self.status is None:
            child, status = os.waitpid(self.child, os.WNOHANG)
            if child:
                self.status = status
        return self.status is not None

    def text(self):
        return "\n".join(self.screen.display)

    def wait(self, what, condition, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump()
            if condition():
                return
        fail(f"waited in vain: {what}", self)

    def shows(self, text, seconds=60):
        self.wait(f"{text!r} on the screen", lambda: text in self.text(), seconds)

    def press(self, keys):
        os.write(self.master, keys)

    def kill(self, number):
        os.kill(self.child, number)

    def ends(self, code=None, number=None):
        self.wait("the end", self.ended)
        for _ in range(20):
            self.pump(0.01)
        if code is not None and not (os.WIFEXITED(self.status) and os.WEXITSTATUS(self.status) == code):
            fail(f"ended with status {self.status:#x}, not with code {code}", self)
        if number is not None and not (
            os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == number
        ):
            fail(f"ended with status {self.status:#x}, not by signal {number}", self)

    def is_restored(self):
        if b"\x1b[?1049l" not in self.bytes:
            fail("the other screen was not left", self)
        if self.bytes.rfind(b"\x1b[?25l") > max(
            self.bytes.rfind(b"\x1b[?25h"), self.bytes.rfind(b"\x1b[?12l\x1b[?25h")
        ):
            fail("the cursor stayed hidden", self)
        if termios.tcgetattr(self.slave) != self.modes:
            fail("the terminal's modes are not as they were", self)


def fail(message, terminal):
    print(message)
    print(terminal.text())
    if terminal.status is None:
        os.kill(terminal.child, signal.SIGKILL)
    sys.exit(1)


def live(**more):
    terminal = Terminal(ENDLESS, **more)
    terminal.shows("LIVE")
    terminal.shows("/s  out")
    return terminal


def keys():
    terminal = live()
    terminal.press(b"\x1b[B\x1bOB")
    terminal.wait("two stages down", lambda: terminal.screen.display[-1].strip() != "" and any(
        line.startswith("▶cancellations") for line in terminal.screen.display))
    terminal.press(b" ")
    terminal.shows("PAUSED")
    terminal.press(b" ")
    terminal.shows("REPLAY")
    terminal.press(b"L")
    terminal.shows("LIVE")
    terminal.press(b"?")
    terminal.shows("Keys of the overview")
    terminal.press(b"x")
    terminal.wait("help closed", lambda: "Keys of the overview" not in terminal.text())
    terminal.press(b"q")
    terminal.ends(code=0)
    terminal.is_restored()
    if "interrupted after" not in terminal.bytes.decode("utf-8", "replace"):
        fail("no summary", terminal)


def interrupt():
    terminal = live()
    terminal.press(b"\x03")
    terminal.ends(code=0)
    terminal.is_restored()


def terminate():
    terminal = live()
    terminal.kill(signal.SIGTERM)
    terminal.ends(code=143)
    terminal.is_restored()


def fault():
    terminal = live()
    terminal.kill(signal.SIGSEGV)
    terminal.ends(number=signal.SIGSEGV)
    terminal.is_restored()


def suspend():
    terminal = live()
    terminal.press(b"\x1a")

    def stopped():
        child, status = os.waitpid(terminal.child, os.WNOHANG | os.WUNTRACED)
        return child != 0 and os.WIFSTOPPED(status)

    # A session's leader without a shell above it is an orphan, which the system does not stop; the
    # screen is given back and taken again all the same.
    end = time.monotonic() + 3
    while time.monotonic() < end and not stopped():
        terminal.pump()
        if terminal.bytes.count(b"\x1b[?1049h") >= 2:
            break
    terminal.kill(signal.SIGCONT)
    terminal.wait("painted again", lambda: terminal.bytes.count(b"\x1b[?1049h") >= 2)
    terminal.shows("LIVE")
    terminal.press(b"q")
    terminal.ends(code=0)
    terminal.is_restored()


def resize():
    terminal = live()
    terminal.resize(160, 48)
    terminal.shows("1 Graph")
    for step in range(200):
        terminal.set_size(20 + step % 90, 5 + step % 30)
        terminal.pump(0.002)
    terminal.resize(1, 1)
    terminal.pump(0.3)
    terminal.resize(80, 24)
    terminal.shows("? help")
    terminal.press(b"q")
    terminal.ends(code=0)
    terminal.is_restored()


def ascii():
    terminal = live(environment={"LANG": "C", "LC_ALL": "C", "NO_COLOR": "1"})
    terminal.press(b"q")
    terminal.ends(code=0)
    end = terminal.bytes.index(b"\x1b[?1049l")
    if any(byte >= 0x80 for byte in terminal.bytes[:end]):
        fail("a byte outside ASCII", terminal)
    if re.search(rb"\x1b\[[0-9;]*(3[0-7]|4[0-7]|9[0-7])m", terminal.bytes):
        fail("a colour in spite of NO_COLOR", terminal)
    terminal.is_restored()


def data():
    """Standard input is data: keys come from the terminal that controls the process."""
    terminal = live(stdin="/dev/null")
    terminal.press(b"q")
    terminal.ends(code=0)
    terminal.is_restored()


def hangup():
    terminal = live()
    os.close(terminal.slave)
    os.close(terminal.master)
    end = time.monotonic() + 20
    while time.monotonic() < end and not terminal.ended():
        time.sleep(0.01)
    if not terminal.ended():
        fail("it outlived its terminal", terminal)


def unknown():
    for kind in ("no-such-terminal", "", "dumb"):
        terminal = Terminal(ENDLESS + ["--ui", "tui"], environment={"TERM": kind})
        terminal.ends(code=2)
        if "TERM" not in terminal.text() or "--ui plain" not in terminal.text():
            fail(f"TERM={kind!r}: the message does not help", terminal)
    terminal = Terminal(
        ["run", "orders", "--limit", "1000", "--rate", "max", "--no-record"],
        environment={"TERM": "no-such-terminal"})
    terminal.ends(code=0)
    if "note: TERM=no-such-terminal" not in terminal.text():
        fail("no note about the terminal", terminal)


if __name__ == "__main__":
    scenario = sys.argv[1]
    {
        "keys": keys, "interrupt": interrupt, "terminate": terminate, "fault": fault,
        "suspend": suspend, "resize": resize, "ascii": ascii, "data": data, "hangup": hangup,
        "unknown": unknown,
    }[scenario]()
    print("ok")
