/* source.h - where the events of `tarn put` come from: lines, a Parquet file's rows, a generator.
 *
 * One event is one JSON text. A source belongs to one thread. */
#ifndef TARN_CMD_SOURCE_H
#define TARN_CMD_SOURCE_H

#include "base/rand.h"
#include "stack/warehouse.h"

struct source;
struct source_ops {
    /* 1 and an event (valid until the next call), 0 at the end, or ERR_*. */
    int (*next)(struct source *s, struct bytes *ret, struct err *e);
    void (*free)(struct source *s);
};
struct source {
    const struct source_ops *ops;
};

/* Lines of a file; path "-" is standard input. Blank lines are skipped. */
int source_lines(const char *path, struct source **ret, struct err *e) WARN_UNUSED;
/* Each row of a Parquet file as a JSON object; loads the SQL engine into this process. */
int source_parquet(const char *path, struct source **ret, struct err *e) WARN_UNUSED;
/* `count` events made up for the table's columns by their `generate` rules
 * (docs/warehouse-file.md), the same for the same seed but for the time. The table must outlive the
 * source. */
int source_generator(const struct warehouse_table *t, uint64_t count, uint64_t seed,
                     struct source **ret, struct err *e) WARN_UNUSED;

static inline int source_next(struct source *s, struct bytes *ret, struct err *e) {
    return s->ops->next(s, ret, e);
}
void source_free(struct source **s);

#endif
