#ifndef WEIR_CSIMDJSON_H
#define WEIR_CSIMDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bids of the auction workload by simdjson: the yardstick of the bare loops from file to file. */

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_simdjson weir_simdjson;

weir_simdjson *weir_simdjson_create(void);
void weir_simdjson_destroy(weir_simdjson *reader);

/* Begins with lines; `room` bytes may be read, and are there until the last `next`. */
bool weir_simdjson_begin(weir_simdjson *reader, const void *lines, size_t count, size_t room);

/* The next events as records of eight words, of bids with the fields that are wanted; 0 behind the
   last line, -1 where a line cannot be read. */
ptrdiff_t weir_simdjson_next(
    weir_simdjson *reader, uint32_t wanted, void *events, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
