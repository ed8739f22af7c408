/* facts.h - facts of a Parquet file, as catalog_file.facts_json has them. */
#ifndef TARN_DUCK_FACTS_H
#define TARN_DUCK_FACTS_H

#include "duck/duck.h"

/* Appends {"row_groups":n,"columns":{"name":{"bytes":n,"nulls":n,"min":"..","max":".."}}} and gives
 * the row count. Within a session. */
int facts_read(struct duck *d, struct bytes path, struct buf *out, int64_t *ret_rows,
               struct err *e) WARN_UNUSED;

#endif
