"""Runs weir on a pseudo-terminal, with an emulator as the terminal's other end.

    screen.py SCENARIO

Each scenario prints `ok`, or what it waited for in vain and the screen as it was, and exits with 1.
"""

import atexit
import os
import pty
import re
import select
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import fcntl

import pyte

ENDLESS = ["run", "orders", "--limit", "0", "--no-record", "--seed", "1"]


class Screen(pyte.Screen):
    """An emulator that knows SU and SD, which curses moves whole blocks of rows by and pyte 0.8 leaves
    out without a word."""

    def scroll_up(self, count=1):
        self.scroll(self.margins.bottom if self.margins else self.lines - 1, count or 1, self.index)

    def scroll_down(self, count=1):
        self.scroll(self.margins.top if self.margins else 0, count or 1, self.reverse_index)

    def scroll(self, row, count, move):
        column, before = self.cursor.x, self.cursor.y
        self.cursor.y = row
        for _ in range(min(count, self.lines)):
            move()
        self.cursor.x, self.cursor.y = column, before


class Stream(pyte.ByteStream):
    csi = dict(pyte.ByteStream.csi, S="scroll_up", T="scroll_down")
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down"}


class Terminal:
    def __init__(self, arguments, width=80, height=24, environment=None, stdin=None):
        self.screen = Screen(width, height)
        self.stream = Stream(self.screen)
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
        if self.bytes.rfind(b"\x1b[?2004h") > self.bytes.rfind(b"\x1b[?2004l"):
            fail("pastes are still marked", self)
        if termios.tcgetattr(self.slave) != self.modes:
            fail("the terminal's modes are not as they were", self)


def fail(message, terminal):
    print(message)
    print(terminal.text())
    if terminal.status is None:
        terminal.kill(signal.SIGKILL)
    sys.exit(1)


class Tmux:
    """weir in tmux, whose screen is read back cell by cell: unlike pyte, it keeps what follows a
    character without width, and it is where people are."""

    def __init__(self, arguments, width, height):
        self.socket = tempfile.mkdtemp(prefix="weir-tmux-") + "/socket"
        self.settings = dict(
            os.environ, LANG="C.UTF-8", LC_ALL="C.UTF-8", SWIFT_BACKTRACE="enable=no")
        self.settings.pop("TMUX", None)
        atexit.register(self.kill)
        command = " ".join(shlex.quote(word) for word in [os.environ["WEIR"]] + arguments)
        self.tell("new-session", "-d", "-x", str(width), "-y", str(height), command)
        self.status = None

    def tell(self, *words):
        return subprocess.run(
            ["tmux", "-u", "-S", self.socket, "-f", "/dev/null"] + list(words), env=self.settings,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False).stdout.decode()

    def kill(self, *_):
        self.tell("kill-server")
        shutil.rmtree(os.path.dirname(self.socket), ignore_errors=True)

    def text(self):
        return self.tell("capture-pane", "-p")

    def ended(self):
        return subprocess.run(
            ["tmux", "-S", self.socket, "has-session"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=False).returncode != 0

    def resize(self, width, height):
        self.tell("resize-window", "-x", str(width), "-y", str(height))

    def wait(self, what, condition, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.02)
        fail(f"waited in vain: {what}", self)

    def shows(self, text):
        self.wait(f"{text!r} on the screen", lambda: text in self.text())

    def press(self, *keys):
        self.tell("send-keys", *keys)

    def steady(self):
        """The screen once it stays as it is."""
        last = [None]

        def same():
            time.sleep(0.25)
            now = self.text()
            was, last[0] = last[0], now
            return now == was and ("q quit" in now or "q back" in now)

        self.wait("a screen that stays", same)
        return last[0]


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


def paste():
    """What a terminal sends by itself is no key: pastes, reports of the mouse, answers."""
    terminal = live()
    if b"\x1b[?2004h" not in terminal.bytes:
        fail("pastes are not asked for", terminal)
    terminal.press(b"\x1b[200~select quote from quotes; q q\r\x1b[201~")
    terminal.shows("what was pasted is ignored")
    for answer in (
        b"\x1b[M qq", b"\x1b[<0;113;20M", b"\x1b[32;113;20M", b"\x1b[I", b"\x1b[O",
        b"\x1b[24;80R", b"\x1b[?62;4;22c", b"\x1b]11;rgb:q/q/q\x07", b"\x1bP>|q q\x1b\\",
        b"\x1b_Gq q\x1b\\", b"\x1b[1", b"13u", b"\x1b", b"]11;q q", b" q\x07",
    ):
        terminal.press(answer)
        terminal.pump(0.1)
    # The next key is one again, and the first that did something.
    terminal.press(b"j")
    terminal.wait("one stage down", lambda: any(
        line.startswith("▶payments") for line in terminal.screen.display))
    if "LIVE" not in terminal.text() or "ENDING" in terminal.text() or terminal.ended():
        fail("something acted as a command", terminal)
    terminal.press(b"q")
    terminal.ends(code=0)
    terminal.is_restored()


def tmux_paste():
    """Text that is pasted through tmux, which marks it for programs that ask for it."""
    terminal = Tmux(ENDLESS, 100, 30)
    terminal.shows("/s  out")
    terminal.tell("set-buffer", "select quote from quotes; q q")
    terminal.tell("paste-buffer", "-p")
    terminal.shows("what was pasted is ignored")
    terminal.press("j")
    terminal.shows("▶payments")
    if "LIVE" not in terminal.text() or "ENDING" in terminal.text():
        fail("something acted as a command", terminal)
    terminal.press("q")
    terminal.wait("the end", terminal.ended)


def marks():
    """Decomposed names: the terminal shows them composed, and what does not compose as the canvas
    has it."""
    terminal = Tmux(["top", sys.argv[2]], 100, 30)
    terminal.shows("REPLAY")
    for key in ("V", "V", "q", "Enter", "q", "i", "q"):
        terminal.press(key)
        text = terminal.steady()
        if "が한café日語x\u0301z" not in text:
            fail("the name is not whole", terminal)
        if "か" in text or "ᄒ" in text or "cafe" in text:
            fail("a letter lost its marks", terminal)


def regrown():
    """A screen that shrank and grew again is the one that was never resized."""
    fresh = {}
    sizes = ((100, 30), (160, 48), (40, 10), (200, 60))
    for size in sizes:
        terminal = Tmux(["top", sys.argv[2]], *size)
        terminal.shows("REPLAY")
        fresh[size] = terminal.steady()
        terminal.kill()
    terminal = Tmux(["top", sys.argv[2]], 100, 30)
    terminal.shows("REPLAY")
    for size in sizes + ((10, 3), (100, 30), (1, 1), (160, 48), (300, 90), (40, 10), (100, 30)):
        terminal.resize(*size)
        if size in fresh:
            terminal.wait(f"the frame of {size}", lambda: terminal.text() == fresh[size])
        else:
            time.sleep(0.4)


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


def hang():
    """A closure that never returns: q says where, a second q ends at once, the terminal is back."""
    terminal = Terminal(
        ["run", "endless", "--limit", "0", "--record", "t.mcap", "--workers", "2"], width=120)
    terminal.shows("LIVE")
    terminal.shows("B 100")
    terminal.press(b"q")
    terminal.shows("has been in operator pick for")
    terminal.press(b"q")
    terminal.ends(code=130)
    terminal.is_restored()
    if b"endless stopped after" not in terminal.bytes[terminal.bytes.rfind(b"\x1b[?1049l"):]:
        fail("no summary behind the screen", terminal)


def hang_terminated():
    """The same with SIGTERM: cut off after --drain, the terminal is back."""
    terminal = Terminal(
        ["run", "endless", "--limit", "0", "--record", "t.mcap", "--drain", "300ms"], width=120)
    terminal.shows("LIVE")
    terminal.shows("B 100")
    terminal.kill(signal.SIGTERM)
    terminal.ends(code=143)
    terminal.is_restored()
    if b"endless stopped after" not in terminal.bytes[terminal.bytes.rfind(b"\x1b[?1049l"):]:
        fail("no summary behind the screen", terminal)


def suspend():
    terminal = live()
    terminal.press(b"\x1a")

    def stopped():
        child, status = os.waitpid(terminal.child, os.WNOHANG | os.WUNTRACED)
        return child != 0 and os.WIFSTOPPED(status)

    # A session's leader without a shell above it is an orphan, which the system does not stop; the
    # screen is given back and taken again all the same.
    end = time.monotonic() + 60
    while time.monotonic() < end and not stopped():
        terminal.pump()
        if terminal.bytes.count(b"\x1b[?1049h") >= 2:
            break
    terminal.kill(signal.SIGCONT)
    terminal.wait("painted again", lambda: terminal.bytes.count(b"\x1b[?1049h") >= 2)
    terminal.shows("LIVE")
    marked = [match.group() for match in re.finditer(rb"\x1b\[\?2004[hl]", terminal.bytes)]
    if marked != [b"\x1b[?2004h", b"\x1b[?2004l", b"\x1b[?2004h"]:
        fail(f"pastes were not marked, plain at the stop, and marked again: {marked}", terminal)
    terminal.press(b"q")
    terminal.ends(code=0)
    terminal.is_restored()


def resize():
    terminal = live()
    terminal.resize(160, 48)
    terminal.shows("─ Graph")
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
    end = time.monotonic() + 60
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


def recorded(trace, *more):
    """A run in the background that records; what it says goes nowhere."""
    child = subprocess.Popen(
        [os.environ["WEIR"], "run", "orders", "--limit", "0", "--seed", "1", "--ui", "none"]
        + (["--record", trace] if trace else []) + list(more),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    atexit.register(lambda: child.poll() is None and child.kill())
    end = time.monotonic() + 60
    while time.monotonic() < end:
        names = [trace] if trace else [
            f"weir-traces/{name}" for name in os.listdir("weir-traces")
            if name.endswith(".lanes")] if os.path.isdir("weir-traces") else []
        if any(os.path.exists(name) and os.path.getsize(name) > 10_000 for name in names):
            return child
        time.sleep(0.01)
    print("the run in the background did not begin to record")
    sys.exit(1)


def age(terminal):
    found = re.search(r"LIVE ([0-9.]+) (s|min) old", terminal.text())
    return float(found.group(1)) * (60 if found.group(2) == "min" else 1) if found else -1


def top():
    """A run of another process: watched, stopped, gone on with, killed."""
    run = recorded("t.mcap")
    terminal = Terminal(["top", "t.mcap"])
    terminal.shows("/s  out")
    terminal.wait("a young sample", lambda: 0 <= age(terminal) < 2)
    run.send_signal(signal.SIGSTOP)
    for seconds in (2.5, 4):
        terminal.wait(f"an age of {seconds} s", lambda: age(terminal) >= seconds)
    run.send_signal(signal.SIGCONT)
    terminal.wait("a young sample again", lambda: 0 <= age(terminal) < 2)
    terminal.press(b" ")
    terminal.shows("PAUSED -")
    terminal.press(b"L")
    terminal.shows("LIVE")
    run.kill()
    run.wait()
    terminal.shows("died:")
    terminal.shows("REPLAY 00:00:")
    terminal.press(b"q")
    terminal.ends(code=0)
    terminal.is_restored()


def top_finished():
    """A trace whose run ended: its end first, then wherever a person goes."""
    run = recorded("t.mcap", "--duration", "2s")
    run.wait()
    terminal = Terminal(["top", "t.mcap"])
    terminal.wait("its end", lambda: re.search(r"REPLAY (00:\d\d:\d\d)/\1", terminal.text()))
    terminal.shows("ended: finished")
    for _ in range(200):
        terminal.press(b"t")
    terminal.shows("REPLAY 00:00:00/00:")
    terminal.press(b"\x03")
    terminal.ends(code=0)
    terminal.is_restored()


def top_restarted():
    """The newest run is found; a newer one is told, and a key goes there."""
    first = recorded(None)
    terminal = Terminal(["top"], width=140)
    terminal.wait("a young sample", lambda: 0 <= age(terminal) < 2)
    first.send_signal(signal.SIGINT)
    first.wait()
    terminal.shows("ended: interrupted")
    terminal.press(b"r")
    terminal.shows("there is no newer run")
    second = recorded(None)
    terminal.shows("newer run orders-")
    if "REPLAY" not in terminal.text():
        fail("it went to the newer run by itself", terminal)
    terminal.press(b"r")
    terminal.wait("the second run", lambda: 0 <= age(terminal) < 2)
    # The rest of the frame may still be on its way.
    terminal.wait("nothing newer than itself", lambda: "newer run" not in terminal.text())
    second.kill()
    second.wait()
    terminal.shows("died:")
    terminal.press(b"q")
    terminal.ends(code=0)
    terminal.is_restored()


def violation():
    """Under `--on-violation stop` the screen stays and says so; q leaves with 1."""
    terminal = Terminal(
        ["run", "orders", "--rate", "max", "--limit", "5000", "--seed", sys.argv[2], "--workers",
         "0", "--no-record", "--on-violation", "stop"], width=120)
    terminal.shows("REPLAY")
    terminal.shows("violation")
    terminal.wait("the violation's step", lambda: re.search(r"V step \d+", terminal.text()))
    if terminal.ended():
        fail("the screen did not stay", terminal)
    terminal.press(b"q")
    terminal.ends(code=1)
    terminal.is_restored()


def stage():
    """Into a stage, along the graph, and back; then out."""
    terminal = live()
    terminal.press(b"jjj\r")
    terminal.shows("fed by orders")
    terminal.shows("waits in the queue")
    terminal.press(b"l")
    terminal.shows("fed by nothing: a source")
    terminal.press(b"\r")
    terminal.shows("any key closes")
    terminal.press(b"x")
    terminal.press(b"q")
    terminal.shows("v panel")
    if terminal.ended():
        fail("the way back ended the run", terminal)
    terminal.press(b"\t")
    terminal.shows("fed by nothing: a source")
    terminal.press(b"\t")
    terminal.shows("the log of a run that is not recorded is not shown")
    terminal.press(b"\t")
    terminal.shows("not recorded: there is nothing to replay")
    terminal.press(b"\t")
    terminal.shows("v panel")
    terminal.press(b"q")
    terminal.ends(code=0)
    terminal.is_restored()


def logs():
    """The log, through a filter that is typed, and a line whole."""
    terminal = Terminal(
        ["run", "orders", "--limit", "0", "--seed", "1", "--record", "log.mcap", "--log-level", "debug"])
    terminal.shows("LIVE")
    terminal.press(b"\t\t")
    terminal.wait("lines", lambda: re.search(r"follow  shown [1-9]\d* of", terminal.text()))
    terminal.press(b"/level>=loud\r")
    terminal.shows("no level is called that")
    terminal.press(b"\x15level=debug\r")
    terminal.shows("level=debug")
    terminal.wait("hidden lines", lambda: "hidden by the filter" in terminal.text() or
                  re.search(r"shown (\d+) of \1\b", terminal.text()))
    terminal.press(b"k\r")
    terminal.shows("any key closes")
    terminal.shows("source")
    terminal.press(b"x")
    terminal.press(b"q")
    terminal.ends(code=0)
    terminal.is_restored()


def replay():
    """A trace on the screen: opened at its failure, moved by keys and by typed commands, and its
    process killed and begun again."""
    terminal = Terminal(["replay", sys.argv[2]], width=120, height=36)
    terminal.shows("REPLAY step")
    terminal.shows("violation: ")
    terminal.shows("regenerated")
    failure = re.search(r"step (\d+) of", terminal.text()).group(1)
    terminal.press(b"<")
    terminal.shows("previous-write cell")
    terminal.press(b"u")
    terminal.wait("the way back", lambda: f"step {failure} of" in terminal.text())
    terminal.press(b":info nothing\r")
    terminal.shows("info nothing: ")
    terminal.press(b":info queues\r")
    terminal.shows("info queues: channel")
    terminal.press(b"V\r")
    terminal.shows("any key closes")
    terminal.press(b"x")
    terminal.press(b"3")
    terminal.shows("follow")
    terminal.press(b"5")
    terminal.shows("lanes")
    children = subprocess.run(
        ["pgrep", "-P", str(terminal.child)], capture_output=True, text=True).stdout.split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    terminal.shows("ended by signal 9")
    terminal.press(b"s")
    terminal.shows("begins again")
    terminal.wait("the step again", lambda: "regenerated" in terminal.text())
    terminal.press(b"q")
    terminal.shows("v panel")
    terminal.press(b"q")
    terminal.ends(code=0)
    terminal.is_restored()


def replay_live():
    """From a run that goes on to its replay and back, and the run never hears of it."""
    terminal = Terminal(
        ["run", "orders", "--limit", "0", "--seed", "1", "--record", "live.mcap"], width=120)
    terminal.shows("LIVE")
    terminal.press(b"5")
    terminal.shows("REPLAY step")
    terminal.shows("regenerated")
    terminal.press(b"s")
    terminal.shows("step: step")
    terminal.press(b"L")
    terminal.shows("LIVE")
    terminal.shows("v panel")
    if "ENDING" in terminal.text():
        fail("the run was told to end", terminal)
    terminal.press(b"q")
    terminal.ends(code=0)
    terminal.is_restored()


def small():
    """Any size down to one cell, and back."""
    terminal = live()
    for width, height in ((40, 10), (39, 10), (20, 5), (10, 3), (3, 2), (2, 1), (1, 1), (500, 100)):
        terminal.resize(width, height)
        terminal.pump(0.2)
        if terminal.ended():
            fail(f"{width}x{height} ended it", terminal)
    terminal.resize(40, 10)
    terminal.shows("LIVE")
    terminal.resize(80, 24)
    terminal.shows("? help")
    terminal.press(b"q")
    terminal.ends(code=0)
    terminal.is_restored()


def storm():
    """Many resizes cost little: they are taken together."""
    terminal = live()
    terminal.bytes = b""
    for step in range(200):
        terminal.set_size(60 + step % 60, 20 + step % 20)
        terminal.pump(0.01)
    if len(terminal.bytes) > 400_000:
        fail(f"{len(terminal.bytes)} bytes for 200 resizes", terminal)
    terminal.resize(80, 24)
    terminal.shows("? help")
    terminal.press(b"q")
    terminal.ends(code=0)


def slow_reader():
    """Nobody reads the terminal: the run goes on, and its end is not held up by the screen."""
    terminal = live(width=160, height=48)
    end = time.monotonic() + 3
    while time.monotonic() < end:
        # Full repaints fill what room there is.
        try:
            terminal.press(b"\x0c")
        except BlockingIOError:
            break
        time.sleep(0.01)
    terminal.kill(signal.SIGINT)
    end = time.monotonic() + 60
    while time.monotonic() < end and not terminal.ended():
        time.sleep(0.05)
    if not terminal.ended():
        fail("the terminal held the program up", terminal)


def wires_cut():
    """The terminal goes away without a signal: the program does not spin."""
    terminal = Terminal(ENDLESS)
    terminal.shows("LIVE")
    os.close(terminal.slave)
    os.close(terminal.master)
    end = time.monotonic() + 60
    while time.monotonic() < end and not terminal.ended():
        time.sleep(0.01)
    if not terminal.ended():
        fail("it outlived its terminal", terminal)


ALLOWED = re.compile(
    rb"\x1b\[\??[0-9;]*[ABCDGHJKLMPSTXbdfghlmrt@]|\x1b[()][AB0]|\x1b[=>78M]")


def hostile():
    """Names and texts of a trace that a terminal would obey: nothing of it gets through."""
    trace = sys.argv[2]
    for arguments in (["top", trace], ["top", trace, "--ui", "plain"]):
        terminal = Terminal(arguments, width=140, height=40)
        if "plain" in arguments:
            terminal.ends(code=0)
        else:
            terminal.shows("REPLAY")
            for key in (b"?", b"x", b"t", b"{", b"j"):
                terminal.press(key)
                terminal.pump(0.2)
            terminal.press(b"q")
            terminal.ends(code=0)
        rest = ALLOWED.sub(b"", terminal.bytes)
        if b"\x1b" in rest or b"\x07" in rest or b"\x9b" in rest.replace("\u25b6".encode(), b""):
            at = rest.find(b"\x1b")
            fail(f"a sequence that nobody meant: {rest[max(0, at - 20):at + 40]!r}", terminal)
        if any(ord(c) in range(0x80, 0xA0) for c in terminal.bytes.decode("utf-8", "replace")):
            fail("a C1 control got through", terminal)
        if "evil" not in terminal.bytes.decode("utf-8", "replace"):
            fail("the names were not shown at all", terminal)


def colors():
    """--color and NO_COLOR, and --ascii, decide what is sent."""
    colored = re.compile(rb"\x1b\[[0-9;]*(3[0-7]|4[0-7]|9[0-7]|38;5;[0-9]+)m")
    for more, environment, has in (
        ([], {}, True), ([], {"NO_COLOR": "1"}, False), (["--color", "never"], {}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True), (["--ascii"], {}, True),
    ):
        terminal = Terminal(ENDLESS + more, environment=environment)
        terminal.shows("/s  out")
        terminal.press(b"q")
        terminal.ends(code=0)
        end = terminal.bytes.index(b"\x1b[?1049l")
        if bool(colored.search(terminal.bytes[:end])) != has:
            fail(f"{more} {environment}: colours are {'missing' if has else 'there'}", terminal)
        if "--ascii" in more and any(byte >= 0x80 for byte in terminal.bytes):
            fail("--ascii let another character through", terminal)


SCENARIOS = {
    function.__name__: function for function in (
        keys, paste, tmux_paste, marks, regrown, interrupt, terminate, hang, hang_terminated, fault, suspend, resize, ascii, data,
        hangup, unknown, top, top_finished, top_restarted, violation, stage, logs, replay, replay_live, small, storm, slow_reader, wires_cut,
        hostile, colors)
}
if __name__ == "__main__":
    SCENARIOS[sys.argv[1]]()
    print("ok")
