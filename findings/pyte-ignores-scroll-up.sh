#!/bin/sh
# pyte 0.8.2 has no SU and SD (CSI n S, CSI n T), and curses moves blocks of rows by just these.
#
# pyte is the emulator that tests of terminal programs in Python look at screens with, and calls
# itself compatible with VTXXX. TERM=xterm-256color is what such tests set. A curses program that
# allows line operations (idlok) and moves a block of rows then writes `CSI n S`, because the
# terminal's description offers `indn`. xterm, tmux and the Linux console move the rows; pyte drops
# the sequence without an error, so that rows stand where they stood before, among new ones. It looks
# like a fault of the program: only a second emulator tells.
#
# Seen with pyte 0.8.2 and the curses of Python (ncurses 6.4, 6.5): curses believes the first row to
# be "row 10", pyte shows "row 00". Prints what both hold and exits with 1 where that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyte==0.8.2 wcwidth==0.2.13
cat > "$folder/scroll.py" <<'PYTHON'
import curses, os, pty, select, sys, time
import pyte

ROWS, MOVED = 20, 10


def program():
    screen = curses.initscr()
    screen.idlok(True)
    for row in range(ROWS):
        screen.addstr(row, 0, f"row {row:02} " + "." * row)
    screen.refresh()
    for row in range(ROWS):
        screen.move(row, 0)
        screen.clrtoeol()
        if row + MOVED < ROWS:
            screen.addstr(row, 0, f"row {row + MOVED:02} " + "." * (row + MOVED))
    screen.refresh()
    os.write(3, screen.instr(0, 0, 6))
    time.sleep(1)
    curses.endwin()


believed, told = os.pipe()
child, master = pty.fork()
if child == 0:
    os.environ.update(TERM="xterm-256color", LINES=str(ROWS), COLUMNS="60")
    os.dup2(told, 3)
    program()
    os._exit(0)
os.close(told)
output = b""
end = time.monotonic() + 0.8
while time.monotonic() < end:
    if select.select([master], [], [], 0.05)[0]:
        try:
            output += os.read(master, 65536)
        except OSError:
            break
screen = pyte.Screen(60, ROWS)
pyte.ByteStream(screen).feed(output)
curses_holds = os.read(believed, 6).decode()
pyte_holds = screen.display[0][:6]
moves = [f"CSI {n} S" for n in range(1, ROWS) if f"\x1b[{n}S".encode() in output]
print(f"python {sys.version.split()[0]}, ncurses {'.'.join(map(str, curses.ncurses_version[:2]))}, "
      f"pyte {pyte.__version__ if hasattr(pyte, '__version__') else '0.8.2'}")
print(f"curses wrote {', '.join(moves) or 'no scroll'}")
print(f"first row: curses holds {curses_holds!r}, pyte {pyte_holds!r}")
sys.exit(0 if moves and curses_holds == "row 10" and pyte_holds == "row 00" else 1)
PYTHON
exec "$folder/venv/bin/python" "$folder/scroll.py"
