/* decoder_plan.h - building and walking the compiled schema; used by decoder.c only. */
#ifndef TARN_SCHEMA_DECODER_PLAN_H
#define TARN_SCHEMA_DECODER_PLAN_H

#include "schema/decoder_int.h"

int decoder_plan_build(struct decoder *d, struct arena *a, const struct decoder_options *o,
                       struct err *e) WARN_UNUSED;
/* Frees what nodes hold outside the arena. */
void decoder_plan_clear(struct node *n, size_t count);
/* Remembers and restores the sizes of all list children below `count` columns. */
void decoder_plan_save(struct node *n, const struct decoder_vec *vecs, size_t count);
void decoder_plan_rewind(const struct node *n, struct decoder_vec *vecs, size_t count);

#endif
