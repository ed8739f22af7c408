/* trino.h - one statement on a Trino server, its rows into a result file.
 *
 * Source: https://trino.io/docs/current/develop/client-protocol.html */
#ifndef TARN_TRINO_TRINO_H
#define TARN_TRINO_TRINO_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

#include <stdatomic.h>

/* Runs a task of kind "trino" (work/task.h). `stop` may be set from any thread: the statement is
 * cancelled at Trino and ERR_CANCELED returned. ERR_SQL with Trino's error name and text when the
 * statement fails there; ERR_UNAVAILABLE when Trino cannot be reached; ERR_IO, ERR_NOMEM. */
int trino_run_query(struct arena *a, const struct json *task, const atomic_bool *stop,
                    struct buf *ok_out, struct err *e) WARN_UNUSED;

/* Appends a value of Trino's JSON as Athena shows it. `signature` is the typeSignature of the
 * column or of a part of it. Not for NULL at the top. */
void trino_value(const struct json *value, const struct json *signature, struct buf *out);

#endif
