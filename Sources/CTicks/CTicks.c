#define _GNU_SOURCE
#include "CTicks.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

static _Thread_local void *current_context = 0;

void *weir_thread_context_get(void) { return current_context; }

void weir_thread_context_set(void *context) { current_context = context; }

void weir_thread_name(const char *name) { pthread_setname_np(pthread_self(), name); }

void weir_thread_pin(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

void weir_thread_wake_exactly(void) { prctl(PR_SET_TIMERSLACK, 1UL); }

void weir_end_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

int weir_current_processor(void) {
    int processor = sched_getcpu();
    return processor < 0 ? 0 : processor;
}
