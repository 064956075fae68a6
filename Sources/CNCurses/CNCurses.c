// The extended source is needed for wide characters; it has to be asked for before the header.
#define _GNU_SOURCE
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR 1

#include "CNCurses.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

// Whatever `restore` needs lies ready here, because it runs in signal handlers, where only plain
// writes are allowed.
static struct {
    int descriptor;
    struct termios modes;
    int has_modes;
    char bytes[256];
    size_t count;
} saved;

static atomic_int is_taken;
// While a screen is up, standard error is this file where it would be written over the screen; the
// real one is kept. What gathered there (a trap's message, notes) is written when the screen goes.
static int held_errors = -1;
static int real_errors = -1;
static int signal_pipe[2] = {-1, -1};
enum { MOST_ERRORS = 1 << 16 };
static SCREEN *screen;
static FILE *output_stream;
static FILE *input_stream;

static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGQUIT, SIGSYS};
enum { FATAL_COUNT = sizeof fatal / sizeof fatal[0] };
static struct sigaction before_fatal[FATAL_COUNT];

static void hold_errors(void) {
    if (!isatty(STDERR_FILENO)) return;
    held_errors = memfd_create("weir-errors", MFD_CLOEXEC);
    real_errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (held_errors >= 0 && real_errors >= 0) dup2(held_errors, STDERR_FILENO);
}

static void release_errors(void) {
    if (held_errors < 0 || real_errors < 0) return;
    dup2(real_errors, STDERR_FILENO);
    char buffer[512];
    off_t place = 0;
    // The end of it is enough: nothing that writes there writes much.
    off_t end = lseek(held_errors, 0, SEEK_END);
    if (end > MOST_ERRORS) place = end - MOST_ERRORS;
    for (;;) {
        ssize_t count = pread(held_errors, buffer, sizeof buffer, place);
        if (count <= 0 || write(STDERR_FILENO, buffer, (size_t)count) < 0) break;
        place += count;
    }
    close(held_errors);
    close(real_errors);
    held_errors = real_errors = -1;
}

static void restore(void) {
    if (!atomic_exchange(&is_taken, 0)) return;
    size_t done = 0;
    while (done < saved.count) {
        ssize_t count = write(saved.descriptor, saved.bytes + done, saved.count - done);
        if (count <= 0) break;
        done += (size_t)count;
    }
    if (saved.has_modes) tcsetattr(saved.descriptor, TCSANOW, &saved.modes);
    release_errors();
}

static void on_fatal(int number, siginfo_t *info, void *context) {
    restore();
    for (int index = 0; index < FATAL_COUNT; index++) {
        if (fatal[index] != number) continue;
        struct sigaction *before = &before_fatal[index];
        // Whoever was there first, such as the one that prints backtraces, sees the true context.
        if (before->sa_flags & SA_SIGINFO) {
            before->sa_sigaction(number, info, context);
        } else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN) {
            before->sa_handler(number);
        }
    }
    signal(number, SIG_DFL);
    // Delivered once this handler has returned, so that the exit status tells the truth.
    raise(number);
}

static void on_notice(int number) {
    int kept = errno;
    char byte = number == SIGTSTP ? 'z' : 'w';
    // A full pipe already holds the news.
    ssize_t ignored = write(signal_pipe[1], &byte, 1);
    (void)ignored;
    errno = kept;
}

// Adds a terminal's string without the delays that its description may ask for.
static void keep(const char *name) {
    const char *text = tigetstr(name);
    if (text == NULL || text == (const char *)-1) return;
    while (*text != 0 && saved.count < sizeof saved.bytes) {
        if (text[0] == '$' && text[1] == '<') {
            const char *end = strchr(text, '>');
            if (end != NULL) {
                text = end + 1;
                continue;
            }
        }
        saved.bytes[saved.count++] = *text++;
    }
}

// Bracketed paste: the terminal marks what is pasted, so that it is not taken for keys. Terminals
// without it ignore the request. Not in the database of all that have it, hence as it is.
#define PASTES_MARKED "\033[?2004h"
#define PASTES_PLAIN "\033[?2004l"

static void mark_pastes(void) {
    ssize_t ignored = write(saved.descriptor, PASTES_MARKED, sizeof PASTES_MARKED - 1);
    (void)ignored;
}

int weir_curses_take_locale(void) {
    if (setlocale(LC_CTYPE, "") == NULL) {
        // The environment names a locale that is not installed; its intent is still clear.
        const char *name = getenv("LC_ALL");
        if (name == NULL || *name == 0) name = getenv("LC_CTYPE");
        if (name == NULL || *name == 0) name = getenv("LANG");
        if (name != NULL && (strcasestr(name, "utf-8") || strcasestr(name, "utf8"))) {
            setlocale(LC_CTYPE, "C.UTF-8");
        }
    }
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int weir_curses_probe(const char *kind, int output) {
    int error = 0;
    if (setupterm(kind, output, &error) != OK) {
        // 1 is a hard-copy terminal: known, and of no use here.
        return error == 1 ? WEIR_CURSES_DUMB : WEIR_CURSES_UNKNOWN;
    }
    const char *move = tigetstr("cup");
    int result = move == NULL || move == (const char *)-1 ? WEIR_CURSES_DUMB : WEIR_CURSES_OK;
    del_curterm(cur_term);
    return result;
}

static int open_signal_pipe(void) {
    if (signal_pipe[0] >= 0) return 0;
    return pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK);
}

static void set_modes(void) {
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, FALSE);
    curs_set(0);
    // Ctrl-Z arrives as a key: the thread that owns the screen gives it back before it stops.
    struct termios modes;
    if (tcgetattr(saved.descriptor, &modes) == 0) {
        modes.c_cc[VSUSP] = _POSIX_VDISABLE;
        tcsetattr(saved.descriptor, TCSANOW, &modes);
        def_prog_mode();
    }
}

int weir_curses_start(const char *kind, int output, int input) {
    int probed = weir_curses_probe(kind, output);
    if (probed != WEIR_CURSES_OK) return probed;
    if (open_signal_pipe() != 0) return WEIR_CURSES_SYSTEM;

    // Before `newterm`, which leaves handlers alone that are there already.
    struct sigaction notice;
    memset(&notice, 0, sizeof notice);
    notice.sa_handler = on_notice;
    notice.sa_flags = SA_RESTART;
    sigaction(SIGWINCH, &notice, NULL);
    sigaction(SIGTSTP, &notice, NULL);
    struct sigaction interrupt, terminate;
    sigaction(SIGINT, NULL, &interrupt);
    sigaction(SIGTERM, NULL, &terminate);

    int output_copy = fcntl(output, F_DUPFD_CLOEXEC, 3);
    int input_copy = fcntl(input, F_DUPFD_CLOEXEC, 3);
    output_stream = output_copy < 0 ? NULL : fdopen(output_copy, "w");
    input_stream = input_copy < 0 ? NULL : fdopen(input_copy, "r");
    if (output_stream == NULL || input_stream == NULL) {
        int reason = errno;
        if (output_stream != NULL) fclose(output_stream);
        if (input_stream != NULL) fclose(input_stream);
        errno = reason;
        return WEIR_CURSES_SYSTEM;
    }
    saved.descriptor = output_copy;
    saved.has_modes = tcgetattr(output_copy, &saved.modes) == 0;

    screen = newterm(kind, output_stream, input_stream);
    if (screen == NULL) return WEIR_CURSES_UNKNOWN;
    // It took these two for itself; they belong to the program.
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGTERM, &terminate, NULL);
    memcpy(saved.bytes, PASTES_PLAIN, sizeof PASTES_PLAIN - 1);
    saved.count = sizeof PASTES_PLAIN - 1;
    keep("sgr0");
    keep("op");
    keep("cnorm");
    keep("rmcup");
    atomic_store(&is_taken, 1);
    hold_errors();
    set_modes();
    mark_pastes();
    // What was typed or pasted before the screen was up was not meant for it.
    tcflush(input_copy, TCIFLUSH);

    static int is_registered;
    if (!is_registered) {
        is_registered = 1;
        atexit(restore);
    }
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fatal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (int index = 0; index < FATAL_COUNT; index++) {
        sigaction(fatal[index], &action, &before_fatal[index]);
    }
    return WEIR_CURSES_OK;
}

int weir_curses_colors(void) {
    if (!has_colors() || start_color() != OK) return 0;
    use_default_colors();
    return COLORS;
}

void weir_curses_pair(int pair, int foreground) { init_pair((short)pair, (short)foreground, -1); }

int weir_curses_width(uint32_t scalar) { return wcwidth((wchar_t)scalar); }

void weir_curses_put(
    int y, int x, const int32_t *text, int count, int pair, int attributes) {
    attr_t set = A_NORMAL;
    if (attributes & WEIR_CURSES_BOLD) set |= A_BOLD;
    if (attributes & WEIR_CURSES_DIM) set |= A_DIM;
    if (attributes & WEIR_CURSES_REVERSE) set |= A_REVERSE;
    attr_set(set, (short)pair, NULL);
    mvaddnwstr(y, x, (const wchar_t *)text, count);
}

void weir_curses_show(void) {
    // After a signal that kills has given the terminal back, the other threads still run a while.
    if (atomic_load(&is_taken)) refresh();
}

void weir_curses_forget(void) { clearok(stdscr, TRUE); }

void weir_curses_resize(int height, int width) { resizeterm(height, width); }

void weir_curses_suspend(void) {
    endwin();
    ssize_t ignored = write(saved.descriptor, PASTES_PLAIN, sizeof PASTES_PLAIN - 1);
    (void)ignored;
    atomic_store(&is_taken, 0);
    struct sigaction action, own;
    memset(&action, 0, sizeof action);
    // The terminal would have told every process in front of it. This one stops by itself, last
    // and on this thread, so that nothing is painted between the request and the stop.
    action.sa_handler = SIG_IGN;
    sigaction(SIGTSTP, &action, &own);
    kill(0, SIGTSTP);
    action.sa_handler = SIG_DFL;
    sigaction(SIGTSTP, &action, NULL);
    raise(SIGTSTP);
    // Here it goes on after SIGCONT.
    sigaction(SIGTSTP, &own, NULL);
    atomic_store(&is_taken, 1);
    mark_pastes();
    clearok(stdscr, TRUE);
    refresh();
}

void weir_curses_stop(void) {
    if (!atomic_load(&is_taken)) return;
    endwin();
    // Curses has restored by now; this puts back what it does not know of.
    restore();
    for (int index = 0; index < FATAL_COUNT; index++) {
        sigaction(fatal[index], &before_fatal[index], NULL);
    }
    struct sigaction standard;
    memset(&standard, 0, sizeof standard);
    standard.sa_handler = SIG_DFL;
    sigaction(SIGWINCH, &standard, NULL);
    sigaction(SIGTSTP, &standard, NULL);
}

void weir_curses_give_back(void) {
    if (!atomic_load(&is_taken)) return;
    // What a slow or stopped terminal has not taken is thrown away: nobody may wait for it here.
    tcflow(saved.descriptor, TCOON);
    tcflush(saved.descriptor, TCOFLUSH);
    restore();
}

int weir_curses_signals(void) { return signal_pipe[0]; }

int weir_curses_size(int descriptor, int *height, int *width) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
        return -1;
    }
    *height = size.ws_row;
    *width = size.ws_col;
    return 0;
}
