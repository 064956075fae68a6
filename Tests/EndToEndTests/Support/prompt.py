"""Runs the debugger's prompt on a pseudo-terminal.

    prompt.py SCENARIO

`TRACE` is the captured run. Each scenario prints `ok`, or what it waited for in vain.
"""

import os
import signal
import sys
import termios
import time

from screen import Terminal, fail

PROMPT = "(weir) "


def opened(arguments=(), **more):
    terminal = Terminal(["replay", os.environ["TRACE"], "--ui", "plain", *arguments], **more)
    terminal.wait("the prompt", lambda: last(terminal) == PROMPT.strip())
    return terminal


def last(terminal):
    """The last line that is not empty."""
    lines = [line.rstrip() for line in terminal.screen.display if line.strip()]
    return lines[-1] if lines else ""


def enter(terminal, line, shows):
    terminal.press(line.encode() + b"\r")
    terminal.shows(shows)
    terminal.wait("the prompt", lambda: last(terminal) == PROMPT.strip())


def is_restored(terminal):
    if termios.tcgetattr(terminal.slave) != terminal.modes:
        fail("the terminal's modes are not as they were", terminal)


def leaves(terminal, keys=b"q\r", code=0):
    # Ctrl-D means something else while a command is obeyed, and so does Ctrl-C.
    terminal.wait("the prompt", lambda: b"(weir)" in terminal.bytes[-60:])
    terminal.press(keys)
    terminal.ends(code=code)
    is_restored(terminal)


def walk():
    terminal = opened()
    terminal.shows("a run of orders, 586 steps.")
    terminal.shows("violation: budget is never overdrawn")
    enter(terminal, "rs 3", "step 77 of 586")
    terminal.shows("; ran ")
    enter(terminal, "", "step 74 of 586")
    enter(terminal, "nonsense", "there is no command 'nonsense'")
    enter(terminal, "assert step < 'a'", "^")
    enter(terminal, "when", "12% of the trace")
    leaves(terminal, b"quit\r")


def history():
    terminal = opened()
    enter(terminal, "print step", "step = 80")
    enter(terminal, "rs", "step 79 of")
    terminal.press(b"\x1b[A\x1bOA")
    terminal.wait("the older line", lambda: last(terminal) == PROMPT + "print step")
    terminal.press(b"\x1b[B")
    terminal.wait("the newer line", lambda: last(terminal) == PROMPT + "rs")
    terminal.press(b"\x15\x12prin")
    terminal.shows("search `prin`: print step")
    enter(terminal, "", "step = 79")
    leaves(terminal, b"\x04")


def completion():
    terminal = opened()
    terminal.press(b"rev\t")
    terminal.wait("the common part", lambda: last(terminal) == PROMPT + "reverse-")
    terminal.press(b"\t")
    terminal.shows("reverse-continue")
    terminal.press(b"s\t2\r")
    terminal.shows("step 78 of 586")
    terminal.press(b"last-w\tcell b\t\r")
    terminal.shows("cell budget was last written")
    terminal.press(b"info sta\tt\tma\t\r")
    terminal.shows("match[99] = ")
    leaves(terminal, b"q\r")


def editing():
    terminal = opened()
    terminal.press("xprint é日 step".encode() + b"\x1b[D\x1b[D\x1b[D\x1b[D\x7f\x7f\x7f\x7f ")
    terminal.press(b"\x01\x04\x05")
    terminal.wait("the line", lambda: last(terminal) == PROMPT + "print step")
    terminal.press(b"\r")
    terminal.shows("step = 80")
    terminal.press(b"goto 3 4\x17\x1b[1~\x0b\x19\r")
    terminal.shows("step 3 of 586")
    leaves(terminal, b"q\r")


def control_c():
    terminal = opened()
    terminal.press(b"goto 3\x03")
    terminal.shows("^C")
    enter(terminal, "print step", "step = 80")
    terminal.press(b"goto 4")
    terminal.shows(PROMPT + "goto 4")
    terminal.kill(signal.SIGINT)
    terminal.wait("an empty line", lambda: last(terminal) == PROMPT.strip())
    enter(terminal, "print step", "step = 80")
    leaves(terminal, b"q\r")


def end():
    terminal = opened(["--at", "start"])
    terminal.shows("step 0 of 586")
    leaves(terminal, b"\x04")


def terminate():
    terminal = opened()
    terminal.kill(signal.SIGTERM)
    terminal.ends(code=143)
    is_restored(terminal)


def fault():
    terminal = opened()
    terminal.kill(signal.SIGSEGV)
    terminal.ends(number=signal.SIGSEGV)
    is_restored(terminal)


def suspend():
    terminal = opened()
    terminal.press(b"when\x1a")

    def stopped():
        child, status = os.waitpid(terminal.child, os.WNOHANG | os.WUNTRACED)
        return child != 0 and os.WIFSTOPPED(status)

    # A session's leader without a shell above it is an orphan, which the system does not stop; the
    # terminal is given back and taken again all the same.
    end = time.monotonic() + 2
    while time.monotonic() < end and not stopped():
        terminal.pump()
        if terminal.text().count(PROMPT + "when") >= 2:
            break
    terminal.kill(signal.SIGCONT)
    terminal.wait("the line again", lambda: terminal.text().count(PROMPT + "when") >= 2)
    terminal.press(b"\r")
    terminal.shows("13% of the trace")
    leaves(terminal, b"q\r")


def unknown():
    for kind in ("no-such-terminal", "vt100"):
        terminal = opened(environment={"TERM": kind})
        enter(terminal, "print step", "step = 80")
        leaves(terminal, b"q\r")


def paste():
    terminal = opened()
    terminal.press(b"goto 3\rgoto 5\rprint step\r")
    terminal.shows("step = 5")
    leaves(terminal, b"q\r")


def dumb():
    for kind in ("dumb", ""):
        terminal = opened(environment={"TERM": kind})
        terminal.press(b"print step\n")
        terminal.shows("step = 80")
        if b"\x1b" in terminal.bytes:
            fail("an escape on a terminal that knows none", terminal)
        leaves(terminal, b"q\n")


def interrupt():
    """Ctrl-C during a command ends that command and not the prompt."""
    terminal = opened()
    terminal.press(b"break when step == 9999999\r")
    terminal.shows("1: break when")
    terminal.press(b"goto start\r")
    terminal.shows("before the first step")
    for _ in range(3):
        terminal.press(b"c\rrc\r")
        time.sleep(0.05)
        terminal.kill(signal.SIGINT)
        time.sleep(0.5)
    enter(terminal, "print 7", "7 = 7")
    leaves(terminal, b"q\r")


def hostile():
    terminal = opened()
    terminal.press("print \u202e\u200b\x07evil\r".encode())
    terminal.shows("\\u{202E}")
    terminal.wait("the prompt", lambda: last(terminal) == PROMPT.strip())
    if "\u202e".encode() in terminal.bytes:
        fail("an override reached the terminal", terminal)
    leaves(terminal, b"q\r")


def narrow():
    for width in (1, 5, 12, 20):
        terminal = Terminal(["replay", os.environ["TRACE"], "--ui", "plain"], width=width)
        terminal.wait("the prompt", lambda: b"(weir)" in terminal.bytes)
        terminal.press(b"print step" + b"\x1b[D" * 12 + b"\x05\r")
        terminal.wait("the answer", lambda: b"step = 80\r\n" in terminal.bytes)
        leaves(terminal, b"q\r")


if __name__ == "__main__":
    scenario = sys.argv[1]
    {
        "walk": walk, "history": history, "completion": completion, "editing": editing,
        "control_c": control_c, "end": end, "terminate": terminate, "fault": fault,
        "suspend": suspend, "unknown": unknown, "paste": paste, "dumb": dumb,
        "interrupt": interrupt, "hostile": hostile, "narrow": narrow,
    }[scenario]()
    print("ok")
