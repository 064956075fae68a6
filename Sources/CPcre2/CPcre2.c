#define PCRE2_CODE_UNIT_WIDTH 8

#include "CPcre2.h"

#include <pcre2.h>
#include <stdlib.h>

// An expression is written by hand; more than this was not.
enum { MOST_PATTERN_BYTES = 1 << 16 };

struct weir_search {
    pcre2_match_data *data;
    pcre2_match_context *context;
};

static const pcre2_code *code(const weir_pattern *pattern) { return (const pcre2_code *)pattern; }

weir_pattern *weir_pattern_make(
    const uint8_t *text, size_t count, int *error, size_t *offset) {
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (context == NULL) {
        *error = PCRE2_ERROR_NOMEMORY;
        *offset = 0;
        return NULL;
    }
    pcre2_set_max_pattern_length(context, MOST_PATTERN_BYTES);
    // Without JIT: its limits count otherwise, and what a limit cuts must be the same everywhere.
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
    pcre2_code *made = pcre2_compile(text, count, options, error, offset, context);
    pcre2_compile_context_free(context);
    return (weir_pattern *)made;
}

void weir_pattern_free(weir_pattern *pattern) { pcre2_code_free((pcre2_code *)pattern); }

void weir_pattern_message(int error, uint8_t *buffer, size_t size) {
    if (pcre2_get_error_message(error, buffer, size) < 0) buffer[0] = 0;
}

int weir_pattern_is_anchored(const weir_pattern *pattern) {
    uint32_t options = 0;
    pcre2_pattern_info(code(pattern), PCRE2_INFO_ALLOPTIONS, &options);
    return (options & PCRE2_ANCHORED) != 0;
}

int weir_pattern_group(const weir_pattern *pattern, const char *name) {
    int number = pcre2_substring_number_from_name(code(pattern), (PCRE2_SPTR)name);
    return number > 0 ? number : 0;
}

weir_search *weir_search_make(const weir_pattern *pattern) {
    weir_search *search = calloc(1, sizeof *search);
    if (search == NULL) return NULL;
    search->data = pcre2_match_data_create_from_pattern(code(pattern), NULL);
    search->context = pcre2_match_context_create(NULL);
    if (search->data == NULL || search->context == NULL) {
        weir_search_free(search);
        return NULL;
    }
    return search;
}

void weir_search_free(weir_search *search) {
    if (search == NULL) return;
    pcre2_match_data_free(search->data);
    pcre2_match_context_free(search->context);
    free(search);
}

int weir_search_run(
    const weir_pattern *pattern, weir_search *search, const uint8_t *text, size_t count,
    uint32_t match_limit, uint32_t heap_kilobytes, int is_utf8) {
    pcre2_set_match_limit(search->context, match_limit);
    pcre2_set_depth_limit(search->context, match_limit);
    pcre2_set_heap_limit(search->context, heap_kilobytes);
    uint32_t options = is_utf8 ? PCRE2_NO_UTF_CHECK : 0;
    int result = pcre2_match(
        code(pattern), text, count, 0, options, search->data, search->context);
    if (result >= 0) return WEIR_SEARCH_FOUND;
    switch (result) {
    case PCRE2_ERROR_NOMATCH: return WEIR_SEARCH_NONE;
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT: return WEIR_SEARCH_COSTLY;
    default:
        return result <= PCRE2_ERROR_UTF8_ERR1 && result >= PCRE2_ERROR_UTF8_ERR21
            ? WEIR_SEARCH_NOT_UTF8 : WEIR_SEARCH_FAILED;
    }
}

int weir_search_group(
    const weir_search *search, int group, size_t *start, size_t *end) {
    if (group < 0 || (uint32_t)group >= pcre2_get_ovector_count(search->data)) return 0;
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(search->data);
    *start = places[2 * group];
    *end = places[2 * group + 1];
    // `\K` in a look-ahead can put the start of a match behind its end.
    return *start != PCRE2_UNSET && *start <= *end;
}
