#ifndef WEIR_CTICKS_H
#define WEIR_CTICKS_H

#include <stdint.h>
#include <stdbool.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#include <cpuid.h>
#endif

/// The processor's time counter. Monotone on one core; on all cores where
/// `weir_ticks_invariant` says so.
static inline uint64_t weir_ticks(void) {
#if defined(__x86_64__)
    return __rdtsc();
#elif defined(__aarch64__)
    uint64_t value;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
    return value;
#else
    return 0;
#endif
}

/// Whether the counter runs at a constant rate in all power states
/// (Intel SDM vol. 3, 18.17.1; AMD APM vol. 3, CPUID Fn8000_0007_EDX[8]).
static inline bool weir_ticks_invariant(void) {
#if defined(__x86_64__)
    unsigned int a, b, c, d;
    if (!__get_cpuid(0x80000007, &a, &b, &c, &d)) return false;
    return (d & (1u << 8)) != 0;
#elif defined(__aarch64__)
    return true;
#else
    return false;
#endif
}

/// The current thread's turn context; one pointer per thread, null outside a worker.
void *weir_thread_context_get(void);

/// Sets the current thread's turn context.
void weir_thread_context_set(void *context);

/// Names the calling thread for debuggers; at most 15 bytes.
void weir_thread_name(const char *name);

/// Keeps the calling thread on one processor; does nothing where that is refused.
void weir_thread_pin(int processor);

/// Has timed waits of the calling thread end when they are due and no later.
void weir_thread_wake_exactly(void);

/// Has the system kill this process when the thread that started it ends.
void weir_end_with_parent(void);

/// The processor that the calling thread runs on now.
int weir_current_processor(void);

#endif
