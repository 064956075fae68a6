#ifndef WEIR_CPCRE2_H
#define WEIR_CPCRE2_H

#include <stddef.h>
#include <stdint.h>

// What Weir needs of PCRE2 for 8-bit units, as plain functions: the library's own names are macros
// over the width of a unit, which Swift cannot see.

/// A compiled expression. Any number of threads may search with one.
typedef struct weir_pattern weir_pattern;

/// Room for one search at a time.
typedef struct weir_search weir_search;

/// Compiles UTF-8 text; null when it is no expression, with the error's number and place in bytes.
weir_pattern *weir_pattern_make(
    const uint8_t *text, size_t count, int *error, size_t *offset);
void weir_pattern_free(weir_pattern *pattern);

/// The words of an error's number, ended by a zero.
void weir_pattern_message(int error, uint8_t *buffer, size_t size);

/// Whether a match can begin at the first byte alone.
int weir_pattern_is_anchored(const weir_pattern *pattern);

/// The number of a named group; 0 when there is none, or more than one.
int weir_pattern_group(const weir_pattern *pattern, const char *name);

weir_search *weir_search_make(const weir_pattern *pattern);
void weir_search_free(weir_search *search);

enum {
    WEIR_SEARCH_NONE = 0,
    WEIR_SEARCH_FOUND = 1,
    /// One of the limits was reached.
    WEIR_SEARCH_COSTLY = 2,
    /// The text is not UTF-8.
    WEIR_SEARCH_NOT_UTF8 = 3,
    /// Anything else, such as memory that could not be had.
    WEIR_SEARCH_FAILED = 4,
};

/// Searches a text. `match_limit` bounds the tries from each place where a match could begin,
/// `heap_kilobytes` the memory for those to come back to. With `is_utf8` the text is not checked.
int weir_search_run(
    const weir_pattern *pattern, weir_search *search, const uint8_t *text, size_t count,
    uint32_t match_limit, uint32_t heap_kilobytes, int is_utf8);

/// Where a group of the last match found lies; 0 when it took no part.
int weir_search_group(
    const weir_search *search, int group, size_t *start, size_t *end);

#endif
