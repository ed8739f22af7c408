/* show_int.h - a table as SHOW and DESCRIBE print it, for the show files. */
#ifndef TARN_QUERY_SHOW_INT_H
#define TARN_QUERY_SHOW_INT_H

#include "query/query_int.h"

#define SHOW_EMPTY_LINE "\t \t \n"

struct shown {
    struct catalog_table table;
    const struct json *in, *storage, *columns, *keys, *params;
    bool from_deserializer; /* the SerDe says the columns' comments */
};
/* Padded to 20 characters. */
void show_padded(struct buf *out, struct bytes v);
/* The members of an object of strings, by name; views of `object` in the arena. NULL: no memory. */
const struct sql_property *show_sorted(struct arena *a, const struct json *object,
                                       size_t *ret_count);

/* show_create.c: the statement that makes the table, line by line. */
int show_create(struct arena *a, const struct shown *t, const struct sql_ddl *ddl, struct buf *out,
                struct err *e) WARN_UNUSED;
/* show_describe.c: DESCRIBE [EXTENDED | FORMATTED] t [PARTITION (..)] [column]. `partition` is NULL
 * without a PARTITION. */
int show_describe(struct arena *a, const struct shown *t, const struct catalog_partition *partition,
                  const struct sql_ddl *ddl, struct buf *out, struct err *e) WARN_UNUSED;
/* Names of the result's columns; *ret_count of them. */
const char *const *show_describe_columns(const struct sql_ddl *ddl, size_t *ret_count);

#endif
