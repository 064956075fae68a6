#ifndef WEIR_CBYTES_H
#define WEIR_CBYTES_H

#include <stdint.h>
#include <string.h>

/* What Swift has no word for. */

/* Asks for the cache line of an address that is about to be read; any address will do. */
static inline void weir_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

/* One bit for each of sixteen bytes. SSE2 and NEON are there on every
   x86-64 and every 64-bit ARM, so that no build needs a flag; elsewhere it is a loop. */

/* In the lower 16 bits, which bytes end or interrupt a string of JSON: a quote, a backslash or a
   control character. In the upper 16 bits, which lie outside of ASCII. */
static inline uint32_t weir_text_stops(const void *bytes);

#if defined(__SSE2__)
#include <emmintrin.h>

static inline uint32_t weir_text_stops(const void *bytes) {
    const __m128i text = _mm_loadu_si128((const __m128i *)bytes);
    const __m128i quotes = _mm_cmpeq_epi8(text, _mm_set1_epi8('"'));
    const __m128i backslashes = _mm_cmpeq_epi8(text, _mm_set1_epi8('\\'));
    const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(text, _mm_set1_epi8(0x1F)), text);
    const __m128i stops = _mm_or_si128(_mm_or_si128(quotes, backslashes), controls);
    return (uint32_t)_mm_movemask_epi8(stops) | (uint32_t)_mm_movemask_epi8(text) << 16;
}

#elif defined(__aarch64__)
#include <arm_neon.h>

/* The highest bit of each byte, the first byte's lowest. */
static inline uint32_t weir_high_bits(uint8x16_t bytes) {
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t set = vtstq_u8(bytes, vdupq_n_u8(0x80));
    const uint8x16_t bits = vandq_u8(set, vld1q_u8(weights));
    return (uint32_t)vaddv_u8(vget_low_u8(bits)) | (uint32_t)vaddv_u8(vget_high_u8(bits)) << 8;
}

static inline uint32_t weir_text_stops(const void *bytes) {
    const uint8x16_t text = vld1q_u8((const uint8_t *)bytes);
    const uint8x16_t quotes = vceqq_u8(text, vdupq_n_u8('"'));
    const uint8x16_t backslashes = vceqq_u8(text, vdupq_n_u8('\\'));
    const uint8x16_t controls = vcltq_u8(text, vdupq_n_u8(0x20));
    const uint8x16_t stops = vorrq_u8(vorrq_u8(quotes, backslashes), controls);
    return weir_high_bits(stops) | weir_high_bits(text) << 16;
}

#else

static inline uint32_t weir_text_stops(const void *bytes) {
    uint8_t text[16];
    uint32_t found = 0;
    memcpy(text, bytes, sizeof text);
    for (int index = 0; index < 16; index++) {
        const uint8_t byte = text[index];
        const uint32_t stops = byte == '"' || byte == '\\' || byte < 0x20;
        found |= stops << index | (uint32_t)(byte >> 7) << (index + 16);
    }
    return found;
}

#endif

#endif
