/* text_scan.h - files of text as rows, as Hive's SerDes read them: the table function tarn_text(i)
 * over the running task's i-th text. Inside duck only.
 *
 * Its columns are "file_index" and, named "c3", the wanted ones of the table by their place. A file
 * is read by one thread; large plain files in ranges. What cannot be read as its SerDe wants fails
 * with HIVE_BAD_DATA or HIVE_CURSOR_ERROR; a value that does not fit its column is NULL, where Hive
 * has it so. Source: https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html */
#ifndef TARN_DUCK_TEXT_SCAN_H
#define TARN_DUCK_TEXT_SCAN_H

#include "base/json.h"
#include "duck/lib.h"
#include "duck/logscan.h"
#include "duck/text_source.h"

#define TEXT_SEPARATORS 10

struct text_column {
    const struct type *type;
    size_t field;        /* place in the table */
    struct bytes key;    /* JSON: the member's name; grok: the group's */
    struct bytes dotted; /* JSON with dots in keys: unused when empty */
};
struct text_file {
    const char *path;
    uint64_t size_bytes;
};
struct text_scan;
struct text_local;
/* How a format fills row `row` of local->vecs from a line: 0; 1 when the line is no row; or an
 * error. `begin` once per thread. */
struct text_format {
    const char *name;
    int (*begin)(struct text_local *l, struct err *e);
    int (*row)(struct text_local *l, struct bytes line, size_t row, struct err *e);
    void (*end)(struct text_local *l);
};
struct text_scan {
    const struct text_format *format;
    const struct text_file *files;
    size_t file_count;
    const struct text_column *columns;
    size_t column_count, field_count; /* field_count: of the table */
    int64_t header_lines, footer_lines;
    int max_threads;
    /* LazySimple */
    char separators[TEXT_SEPARATORS];
    bool has_escape, last_takes_rest;
    char escape;
    struct bytes null_text;
    /* OpenCSV; 0: none */
    char csv_separator, csv_quote, csv_escape;
    /* Regex, grok */
    struct bytes regex;
    bool ignore_case, is_search; /* is_search: anywhere in the line */
    /* JSON */
    bool is_openx, ignore_malformed, case_sensitive, dots_in_keys;
    const struct bytes *timestamp_formats;
    size_t timestamp_format_count;
};
int text_scan_from_json(struct arena *a, const struct json *j, struct text_scan *ret,
                        struct err *e) WARN_UNUSED;

struct text_set {
    const struct text_scan *scans;
    size_t count;
    _Atomic bool *stopped;
};
int text_scan_register(duckdb_connection con, struct text_set **current, struct err *e) WARN_UNUSED;

/* ---- a thread's own ---- */
struct text_local {
    const struct text_scan *scan;
    struct arena arena;       /* as long as the thread reads */
    struct decoder_vec *vecs; /* per column of the scan; NULL data: not wanted by the plan */
    bool *wanted;
    size_t *column_of; /* field -> column, or scan->column_count */
    struct buf text, other;
    void *state; /* the format's */
};

/* ---- text_store.c: values of simple types ---- */
void text_store_null(const struct type *t, struct decoder_vec *v, size_t row);
/* The text as the type; what is no such value is NULL. False when memory is short. */
bool text_store(struct text_local *l, const struct type *t, struct bytes text,
                struct decoder_vec *v, size_t row);
bool text_store_string(const struct type *t, struct bytes text, struct decoder_vec *v, size_t row);
void text_store_integer(const struct type *t, int64_t n, struct decoder_vec *v, size_t row);
void text_store_time(struct decoder_vec *v, size_t row, int64_t micros);
/* Hive's "2024-1-2[ 3:04:05[.678]]"; a date may be followed by anything after a blank. */
bool text_parse_timestamp(const struct text_scan *s, struct bytes text, int64_t *ret_micros);
bool text_parse_date(struct bytes text, int64_t *ret_days);
/* Room for one more element in a list's child; its place. False when memory is short. */
bool text_grow(struct decoder_vec *list, size_t *ret_place);
static inline void text_set_valid(struct decoder_vec *v, size_t row) {
    v->validity[row >> 6] |= UINT64_C(1) << (row & 63);
}

extern const struct text_format text_format_lazy, text_format_csv, text_format_regex,
    text_format_json;

#endif
