#ifndef WEIR_CNCURSES_H
#define WEIR_CNCURSES_H

#include <stddef.h>
#include <stdint.h>

// What Weir needs of ncursesw, as plain functions: curses' own macros and globals stay in the .c
// file. One thread may call these, the one that started; the exceptions are named.

enum {
    WEIR_CURSES_OK = 0,
    // The terminal's kind is not in the database, or the database is missing.
    WEIR_CURSES_UNKNOWN = 1,
    // It is known and cannot move its cursor.
    WEIR_CURSES_DUMB = 2,
    // The system refused; errno says why.
    WEIR_CURSES_SYSTEM = 3,
};

/// Takes the environment's locale for characters; 1 when it writes UTF-8.
int weir_curses_take_locale(void);

/// Whether a terminal of this kind can show a screen: one of the codes above. Changes nothing.
int weir_curses_probe(const char *kind, int output);

/// Starts: alternate screen, no echo, keys at once, handlers installed. One of the codes above.
int weir_curses_start(const char *kind, int output, int input);

/// How many colours there are; 0 for none. The default background is in use then.
int weir_curses_colors(void);

/// Gives a pair a foreground over the terminal's own background.
void weir_curses_pair(int pair, int foreground);

/// Cells that the terminal's library reserves for a character; -1 for unprintable ones.
int weir_curses_width(uint32_t scalar);

/// Puts text of `count` characters at a place; `pair` 0 is the terminal's own colour.
void weir_curses_put(
    int y, int x, const int32_t *text, int count, int pair, int attributes);

enum {
    WEIR_CURSES_BOLD = 1,
    WEIR_CURSES_DIM = 2,
    WEIR_CURSES_REVERSE = 4,
};

/// Writes what was put since the last time.
void weir_curses_show(void);

/// Has the next `weir_curses_show` paint everything.
void weir_curses_forget(void);

/// Takes a new size.
void weir_curses_resize(int height, int width);

/// Gives the terminal back, stops the process, and takes the terminal again when it goes on.
void weir_curses_suspend(void);

/// Gives the terminal back. Further calls do nothing. At exit it happens by itself.
void weir_curses_stop(void);

/// Gives the terminal back at once, for a process that ends without waiting for the thread that
/// owns it. Any thread; nothing happens where no screen is up.
void weir_curses_give_back(void);

/// The pipe's end that becomes readable when the size changed (a byte 'w') or a stop was asked
/// for (a byte 'z').
int weir_curses_signals(void);

/// The size of the terminal behind a descriptor; 0 where it is known.
int weir_curses_size(int descriptor, int *height, int *width);

#endif
