/* facts_int.h - what is known of Parquet files, parsed, and the cache of it. Inside query only. */
#ifndef TARN_QUERY_FACTS_INT_H
#define TARN_QUERY_FACTS_INT_H

#include "base/err.h"
#include "base/json.h"
#include "schema/types.h"

/* How the least and greatest values of a leaf are kept: by the type that the file gives it. */
enum facts_kind {
    FACTS_OTHER,     /* no values */
    FACTS_INTEGER,   /* i */
    FACTS_DECIMAL,   /* i, times 10^-scale */
    FACTS_FLOATING,  /* d */
    FACTS_BOOLEAN,   /* i: 0, 1 */
    FACTS_DATE,      /* i: days since 1970 */
    FACTS_TIMESTAMP, /* i: microseconds since 1970 */
    FACTS_TEXT       /* s: by bytes */
};
union facts_value {
    int64_t i;
    double d;
    struct bytes s;
};
#define FACTS_SINGLE 1 /* scale of FACTS_FLOATING: a float */
struct facts_range {   /* of a leaf in a row group */
    union facts_value min, max;
    bool known;    /* min and max are, and bound every value that is not NULL or NaN */
    int64_t nulls; /* -1: not known */
};
struct facts_leaf {
    struct bytes name; /* path in the schema, joined by '.' */
    struct bytes type; /* the engine's name of its type, "" in the older form */
    enum facts_kind kind;
    int scale;
    bool bloom;                       /* some row group has a bloom filter of it */
    const int64_t *bytes;             /* compressed, per row group */
    const struct facts_range *ranges; /* per row group; NULL: nothing known */
};
struct file_facts { /* immutable, one block of memory */
    int64_t rows;
    size_t group_count;
    const int64_t *group_rows;
    const struct facts_leaf *leaves;
    size_t leaf_count;
    bool detailed; /* false: of the older form, that is the sum of all row groups as if one */
    /* the cache's */
    size_t size_bytes;
    int refs;
};

/* ---- facts_parse.c ---- facts_json (catalog.h) in either form; free with mem_free. */
int facts_parse(struct bytes facts_json, int64_t rows, struct file_facts **ret,
                struct err *e) WARN_UNUSED;
/* The leaf of a column that is not nested; NULL when there is none, *ret_nested when the column has
 * leaves below it. *hint, 0 at first, speeds up the next file's search. */
const struct facts_leaf *facts_leaf_of(const struct file_facts *f, struct bytes column,
                                       size_t *hint, bool *ret_nested);
/* Whether the leaf is the column or below it. */
bool facts_is_below(struct bytes leaf, struct bytes column);
/* A text of the type as a value; false when it is none that can be compared. Of timestamps below
 * the microsecond the rest is cut towards the past. */
bool facts_value_of(enum facts_kind kind, int scale, struct bytes text, union facts_value *ret);

/* ---- facts_cache.c ---- facts of files by URI, the least recently used dropped beyond
 * `max_bytes`. Thread-safe. An entry holds while size and modification time of the file are the
 * same (0 for files that deliveries committed: those never change). */
struct facts_cache;
int facts_cache_new(size_t max_bytes, struct facts_cache **ret, struct err *e) WARN_UNUSED;
void facts_cache_free(struct facts_cache **c);
/* NULL when not there or no longer valid; else with a reference. */
const struct file_facts *facts_cache_get(struct facts_cache *c, struct bytes uri,
                                         uint64_t size_bytes, int64_t mtime_ns);
/* Adds or replaces; takes over `f` (from facts_parse), which comes back with a reference and may or
 * may not have been kept. */
const struct file_facts *facts_cache_put(struct facts_cache *c, struct bytes uri,
                                         uint64_t size_bytes, int64_t mtime_ns,
                                         struct file_facts *f);
void facts_cache_release(struct facts_cache *c, const struct file_facts *f);
/* What it holds now. */
size_t facts_cache_bytes(struct facts_cache *c);

#endif
