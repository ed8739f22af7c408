/* reuse.h - results that stand for later queries; inside the query room. Thread-safe.
 *
 * By age, as AWS has it: the request says how old a result may be. By data version: the workgroup
 * says so (tag tarn.reuse=data), and the plan must read the very same data. */
#ifndef TARN_QUERY_REUSE_H
#define TARN_QUERY_REUSE_H

#include "query/query.h"

#define REUSE_DIGEST 32

struct exec;
struct plan;
struct reuse_cache;
int reuse_new(struct reuse_cache **ret, struct err *e) WARN_UNUSED;
void reuse_free(struct reuse_cache **c);

/* What two executions must share: workgroup, catalogue, database, text and parameters. */
int reuse_key(const struct exec *x, uint8_t ret[REUSE_DIGEST], struct err *e) WARN_UNUSED;
/* What the plan reads, with the text that is run; false when the text may give another answer each
 * time, or memory is short. */
bool reuse_fingerprint(const struct plan *p, struct bytes source_sql, struct bytes engine_sql,
                       uint8_t ret[REUSE_DIGEST]);
/* A result of that digest that is not older than `oldest_ms`; its id. */
bool reuse_find(struct reuse_cache *c, const uint8_t digest[REUSE_DIGEST], int64_t oldest_ms,
                char ret_id[37]);
void reuse_note(struct reuse_cache *c, const uint8_t digest[REUSE_DIGEST], const char *id,
                int64_t completed_ms);

/* Lets the execution stand on an earlier result if there is one and its file is still there. */
bool reuse_by_age(struct exec *x);
bool reuse_by_data(struct exec *x, const uint8_t fingerprint[REUSE_DIGEST]);
/* An execution that ran and succeeded can be reused from now on. */
void reuse_keep(struct exec *x);
/* The same of a stored one, after a restart. */
void reuse_keep_stored(struct query_service *q, const struct json *root);

#endif
