#define _GNU_SOURCE
#include "CTicks.h"

#include <pthread.h>

static _Thread_local void *current_context = 0;

void *weir_thread_context_get(void) { return current_context; }

void weir_thread_context_set(void *context) { current_context = context; }

void weir_thread_name(const char *name) { pthread_setname_np(pthread_self(), name); }
