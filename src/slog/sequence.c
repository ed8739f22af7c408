/* sequence.c - fixed-width fields, most significant first, so that text order is number order. */
#include "slog/sequence.h"
#include <inttypes.h>
#include <stdio.h>

enum { LEAD = 2, EPOCH = 13, SHARD = 21, LSN = 20 };
_Static_assert(LEAD + EPOCH + SHARD + LSN == SLOG_SEQUENCE_LEN, "fields fill the number");

void slog_sequence_text(uint64_t stream_epoch_ms, uint32_t shard, uint64_t lsn,
                        char out[SLOG_SEQUENCE_LEN + 1]) {
    char text[96];
    snprintf(text, sizeof(text), "49%013" PRIu64 "%021" PRIu32 "%020" PRIu64,
             stream_epoch_ms % UINT64_C(10000000000000), shard, lsn);
    memcpy(out, text, SLOG_SEQUENCE_LEN);
    out[SLOG_SEQUENCE_LEN] = 0;
}

/* The next `width` characters as a number; all must be digits. */
static bool take_digits(const char **at, int width, uint64_t *ret) {
    uint64_t v = 0;
    for (int i = 0; i < width; i++) {
        unsigned d = (unsigned char)(*at)[i] - (unsigned)'0';
        if (d > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, d, &v))
            return false;
    }
    *at += width;
    *ret = v;
    return true;
}
bool slog_sequence_parse(struct bytes text, uint64_t *ret_stream_epoch_ms, uint32_t *ret_shard,
                         uint64_t *ret_lsn) {
    if (text.len != SLOG_SEQUENCE_LEN || memcmp(text.ptr, "49", LEAD) != 0)
        return false;
    const char *at = text.ptr + LEAD;
    uint64_t epoch, shard, lsn;
    if (!take_digits(&at, EPOCH, &epoch) || !take_digits(&at, SHARD, &shard) ||
        !take_digits(&at, LSN, &lsn) || shard > UINT32_MAX)
        return false;
    if (ret_stream_epoch_ms)
        *ret_stream_epoch_ms = epoch;
    if (ret_shard)
        *ret_shard = (uint32_t)shard;
    if (ret_lsn)
        *ret_lsn = lsn;
    return true;
}
