/* ddl_int.h - the Hive parser's state: a cursor over Hive tokens and the DDL it fills. */
#ifndef TARN_SQL_DDL_INT_H
#define TARN_SQL_DDL_INT_H

#include "sql/lex.h"

#define DDL_MAX_DEPTH 100 /* types inside types */

struct ddl {
    struct arena *arena;
    struct err *err;
    int rc;
    const struct lex_token *tokens;
    size_t count, at;
    struct sql_ddl *out;
    struct buf text; /* where a type's text grows; heap, freed by ddl_parse */
    int depth;
};

static inline const struct lex_token *ddl_tok(const struct ddl *d) {
    return &d->tokens[d->at];
}
/* The token before. */
static inline const struct lex_token *ddl_back(const struct ddl *d) {
    return &d->tokens[d->at ? d->at - 1 : 0];
}
void ddl_advance(struct ddl *d);
/* Is the token `ahead` this word (any case, not quoted)? */
bool ddl_at(const struct ddl *d, size_t ahead, const char *word);
bool ddl_accept(struct ddl *d, const char *word);
bool ddl_accept_kind(struct ddl *d, enum lex_kind kind);
/* Fail in Hive's words, naming the context ("create table statement") when not NULL. */
bool ddl_expect(struct ddl *d, const char *word, const char *context);
bool ddl_expect_kind(struct ddl *d, enum lex_kind kind, const char *context);
/* "FAILED: ParseException line L:C cannot recognize input near 'a' 'b' 'c' in context" */
bool ddl_unrecognized(struct ddl *d, const char *context);
bool ddl_fail(struct ddl *d, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool ddl_unsupported(struct ddl *d, const char *what);
/* A name, lower-cased: bare, or in backticks. */
bool ddl_ident(struct ddl *d, struct bytes *ret, const char *context);
bool ddl_string(struct ddl *d, struct bytes *ret, const char *context);
/* ('k'='v', ...): appends. */
bool ddl_properties(struct ddl *d, struct sql_property **list, size_t *count);
bool ddl_add_property(struct ddl *d, struct sql_property **list, size_t *count, struct bytes key,
                      struct bytes value);
/* [catalogue.][db.]table, also `db.table` */
bool ddl_table_name(struct ddl *d, const char *context);
/* Room for one more; NULL on no memory (rc is set). */
void *ddl_room(struct ddl *d, void *items, size_t count, size_t item_size);
#define DDL_ADD(d, items, count, value)                                                            \
    (((items) = ddl_room((d), (items), (count), sizeof *(items))) != NULL &&                       \
     ((items)[(count)++] = (value), true))

/* ddl_type.c: appends the canonical text of the type at the cursor to d->text. */
bool ddl_type(struct ddl *d);
bool ddl_if_exists(struct ddl *d, const char *context);
bool ddl_if_not_exists(struct ddl *d, const char *context);
/* [catalogue.]db */
bool ddl_database_name(struct ddl *d, const char *context);
/* ddl_alter.c: after ALTER TABLE, after ALTER DATABASE. */
bool ddl_alter_table(struct ddl *d, enum sql_kind *kind);
bool ddl_alter_database(struct ddl *d);
/* PARTITION (k = v, ..); the second appends it to the statement's. */
bool ddl_partition_spec(struct ddl *d, struct sql_partition_spec *p, const char *context);
bool ddl_add_spec(struct ddl *d, const char *context);
/* ddl_table.c: after CREATE [EXTERNAL] TABLE. */
bool ddl_create_table(struct ddl *d);
/* name type [COMMENT 's'], appended; and (.., ..) of them. */
bool ddl_column(struct ddl *d, struct sql_column_def **list, size_t *count);
bool ddl_columns(struct ddl *d, struct sql_column_def **list, size_t *count, const char *context);
/* ddl_format.c */
bool ddl_stored_as(struct ddl *d, struct bytes name);
bool ddl_default_format(struct ddl *d);

#endif
