/* fn_zone.h - what the C functions over packed times share: 128 bit values, zones of a chunk. */
#ifndef TARN_DUCK_FN_ZONE_H
#define TARN_DUCK_FN_ZONE_H

#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include "duck/time_text.h"

static inline picos128 fn_i128(struct fn_call *c, size_t arg, idx_t i) {
    const duckdb_hugeint *v = (const duckdb_hugeint *)c->args[arg] + i;
    return (picos128)((unsigned __int128)(uint64_t)v->upper << 64 | v->lower);
}
static inline bool fn_out_i128(struct fn_call *c, idx_t i, picos128 v) {
    duckdb_hugeint *out = (duckdb_hugeint *)c->out_data + i;
    out->lower = (uint64_t)v;
    out->upper = (int64_t)(v >> 64);
    return true;
}
/* An instant in a zone; INVALID_FUNCTION_ARGUMENT when it is out of range. */
bool fn_out_zoned(struct fn_call *c, idx_t i, picos128 instant, unsigned zone);
/* A wall clock's time as microseconds. */
bool fn_out_micros(struct fn_call *c, idx_t i, picos128 v);

/* The zone by name; raises INVALID_FUNCTION_ARGUMENT. */
bool fn_zone_named(struct fn_call *c, idx_t i, struct bytes name, unsigned *ret);
/* Seconds east at an instant of picoseconds. */
bool fn_zone_offset(struct fn_call *c, idx_t i, unsigned zone, picos128 instant, int *ret);
/* What a packed value's clocks show. */
bool fn_zone_local(struct fn_call *c, idx_t i, picos128 zoned, picos128 *ret);
/* The instant when they show it; `preferred` as for time_zone_local_offset. */
bool fn_zone_instant(struct fn_call *c, idx_t i, unsigned zone, picos128 local, int preferred,
                     picos128 *ret);

#endif
