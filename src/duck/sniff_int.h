/* sniff_int.h - inside sniff: the head of a file, and Hive types of engine types. */
#ifndef TARN_DUCK_SNIFF_INT_H
#define TARN_DUCK_SNIFF_INT_H

#include "duck/duck_int.h"

/* What the first bytes of a file tell. */
enum head_kind { HEAD_EMPTY, HEAD_PARQUET, HEAD_JSON, HEAD_TEXT, HEAD_OTHER };
struct head {
    enum head_kind kind;
    const char *compression; /* "none", "gzip", "zstd" */
    const char *why;         /* HEAD_OTHER: what it looks like instead */
    struct buf text;         /* the first bytes, decompressed (not for zstd) */
    uint64_t raw_bytes;      /* of the file, that `text` came from */
    bool whole;              /* `text` is the whole file */
    bool json_of_values;     /* a JSON array whose elements are no objects */
};
/* `name` is the key's last part: its ending names the compression. Free with head_clear. */
int head_read(const char *path, struct bytes name, struct head *ret, struct err *e) WARN_UNUSED;
void head_clear(struct head *h);
/* Records of the file (lines, or JSON objects) from those in its head, by size. */
int64_t head_estimate(const struct head *h, uint64_t size_bytes);

/* The Hive type, appended. `text_format`: of JSON and CSV, where Glue keeps dates and times as
 * strings and the engine's wide integers are bigint. */
void sniff_hive_type(duckdb_logical_type t, bool text_format, struct buf *out);

#endif
