/* log.h - one line per event on stderr: time, level, room, text. Thread-safe, never allocates. */
#ifndef TARN_BASE_LOG_H
#define TARN_BASE_LOG_H

#include "base/compiler.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines above `level` are dropped. Default LOG_INFO; the environment's TARN_LOG sets it at start
 * (error, warn, info, debug). */
void log_set_level(enum log_level level);
/* `room` is the folder's name, such as "slog". The text must not contain secrets. */
void log_write(enum log_level level, const char *room, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
