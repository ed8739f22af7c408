/* projection_int.h - what the projection's files share: compiled properties, date formats, and the
 * numbered sequences of values that integer and date ranges stand for. */
#ifndef TARN_CATALOG_PROJECTION_INT_H
#define TARN_CATALOG_PROJECTION_INT_H

#include "base/clock.h"
#include "catalog/projection.h"

/* Formatted values are shorter: a pattern has at most PROJECTION_PATTERN_MAX characters, and one
 * letter prints at most nine. */
#define PROJECTION_PATTERN_MAX 100
#define PROJECTION_TEXT_MAX 1024
#define PROJECTION_DAY_MS INT64_C(86400000)

/* ---- date formats: Java's DateTimeFormatter patterns, English, UTC ---- */

/* A distance on the calendar; exactly one of the two is not 0. */
struct date_step {
    int64_t months, ms;
};
struct date_item {
    char letter;       /* 0: the text as it is; '[' and ']': around an optional section */
    int count;         /* the letter's; for '[' the items up to its ']' */
    struct bytes text; /* of literals */
};
struct date_format {
    const struct date_item *items;
    size_t count;
    struct date_step grain; /* one unit of the finest field it shows */
    bool ordered;           /* texts sort as their dates do */
    bool bare_year;         /* but with y or yyy only from the year 1000 on */
};
/* ERR_SQL naming what cannot be handled; no table in the text yet. */
int projection_date_compile(struct arena *a, struct bytes pattern, struct date_format *ret,
                            struct err *e) WARN_UNUSED;
/* The texts; returns the length. Years 1 to 9999. */
size_t projection_date_print(const struct date_format *f, int64_t ms, char out[]);
/* Fields that the format lacks are the first of their kind. False when the text does not match,
 * is no date, or lies between milliseconds. */
bool projection_date_parse(const struct date_format *f, struct bytes text,
                           int64_t *ret_ms) WARN_UNUSED;
/* Days beyond the month's end become its last. */
int64_t projection_date_add(int64_t ms, struct date_step step, int64_t times);
/* Whether an instant has a year from 1 to 9999. */
bool projection_date_valid(int64_t ms);

/* A bound of a date range: an instant, or so many steps from now. */
struct date_bound {
    bool is_now;
    struct date_step step; /* is_now: of one unit; both 0: none */
    int64_t amount;        /* is_now: units, signed; else the instant in ms */
};

/* ---- compiled properties ---- */
enum projection_kind { PROJECTION_ENUM, PROJECTION_INTEGER, PROJECTION_DATE, PROJECTION_INJECTED };

struct projection_column {
    struct projection_key key;
    enum projection_kind kind;
    bool is_text; /* string, varchar or char: values are what the location says */
    /* enum */
    const struct bytes *values;
    size_t value_count;
    /* integer */
    int64_t low, high, interval;
    int digits;
    /* date */
    struct date_format format;
    struct date_bound from, to;
    struct date_step step;
};
/* A location is its pieces one after the other. */
struct projection_piece {
    struct bytes literal;
    size_t key; /* whose text follows the literal; SIZE_MAX: none */
};
struct projection {
    struct bytes database, name;
    const struct projection_column *columns;
    size_t column_count;
    const struct projection_piece *pieces;
    size_t piece_count;
    bool escapes; /* no template: Hive's layout, values escaped */
};

/* What property files need to say where a mistake is. */
struct projection_source {
    struct arena *a;
    const struct projection_table *table;
    struct err *e;
};
/* The property projection.<column>.<suffix>; ptr NULL when absent. */
struct bytes projection_property(const struct projection_source *s, struct bytes column,
                                 const char *suffix);
/* ERR_SQL INVALID_TABLE_PROPERTY: the text, then the table. */
int projection_refuse(const struct projection_source *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The properties of one column of this kind. */
int projection_read_integer(const struct projection_source *s, struct projection_column *c);
int projection_read_date(const struct projection_source *s, struct projection_column *c);
/* An optional whole number from 1 to max; `otherwise` when absent. */
int projection_read_count(const struct projection_source *s, struct bytes column,
                          const char *suffix, int64_t max, int64_t otherwise, int64_t *ret);

/* ---- sequences ---- the values of a range, numbered from 0 */
struct sequence {
    const struct projection_column *column;
    int64_t from;  /* a number, or an instant in ms */
    uint64_t last; /* number of the last value */
};
/* Numbers first..last of a sequence. `falls`: values sort the other way round. */
struct sequence_span {
    uint64_t first, last;
    bool falls;
};
/* ERR_SQL when the range ends before it begins, now. */
int sequence_open(const struct projection *p, const struct projection_column *c, int64_t now_ms,
                  struct sequence *ret, struct err *e) WARN_UNUSED;
/* The text in the location, and the value of the partition, in `out` (PROJECTION_TEXT_MAX). */
struct bytes sequence_folder(const struct sequence *s, uint64_t at, char out[]);
struct bytes sequence_value(const struct sequence *s, uint64_t at, char out[]);
/* The spans of the sequence that can pass the key's tests, ascending, not overlapping; a value in
 * them need not pass. NULL `k`: one span, everything. ERR_NOMEM. */
int sequence_narrow(const struct sequence *s, const struct filter_key *k, struct arena *a,
                    struct sequence_span **ret, size_t *ret_count, struct err *e) WARN_UNUSED;

#endif
