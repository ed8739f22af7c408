/* log.c - formats a line on the stack and hands it to write(2) in one call, so that lines of
 * several threads and processes do not mix. */
#include "base/log.h"
#include "base/clock.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEVEL_UNSET (-1)
static _Atomic int current_level = LEVEL_UNSET;

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static int level_from_env(void) {
    const char *wanted = getenv("TARN_LOG");
    for (int i = 0; wanted && i < (int)COUNT_OF(level_names); i++) {
        if (strcmp(wanted, level_names[i]) == 0) {
            return i;
        }
    }
    return LOG_INFO;
}

void log_set_level(enum log_level level) {
    atomic_store(&current_level, (int)level);
}

void log_write(enum log_level level, const char *room, const char *fmt, ...) {
    int limit = atomic_load_explicit(&current_level, memory_order_relaxed);
    if (limit == LEVEL_UNSET) {
        limit = level_from_env();
        atomic_store(&current_level, limit);
    }
    if ((int)level > limit) {
        return;
    }
    char line[2048], when[32];
    clock_format_iso(clock_wall_ms(clock_system()), when);
    int len = snprintf(line, sizeof(line), "%s %-5s %s: ", when, level_names[level], room);
    size_t at = len < 0 ? 0 : MIN_OF((size_t)len, sizeof(line) - 2);
    va_list ap;
    va_start(ap, fmt);
    len = vsnprintf(line + at, sizeof(line) - 1 - at, fmt, ap);
    va_end(ap);
    at += len < 0 ? 0 : MIN_OF((size_t)len, sizeof(line) - 2 - at);
    for (size_t i = 0; i < at; i++) {
        line[i] = line[i] == '\n' || line[i] == '\r' ? ' ' : line[i];
    }
    line[at++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, at);
    (void)written;
}
