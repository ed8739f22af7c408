/* kinesis_shards.c - hash ranges, shard identifiers and iterator positions: pure functions.
 *
 * A partition key goes to a shard by its MD5 read as a 128-bit big-endian number. The i-th of n
 * shards owns [i*w, (i+1)*w - 1] with w = floor(2^128 / n); the last one also the remainder:
 *
 *     0        w        2w       3w   2^128 - 1
 *     |--- 0 ---|--- 1 ---|--- 2 ------|
 */
#include "api/kinesis/kinesis_int.h"
#include "base/hash.h"
#include <stdio.h>

u128 shard_width(uint32_t shards) {
    assert(shards >= 2);
    /* floor(2^128 / n) = floor((2^128 - n) / n) + 1, and 2^128 - n is what -n wraps to. */
    return ((u128)0 - shards) / shards + 1;
}

uint32_t shard_of_hash(u128 hash, uint32_t shards) {
    if (shards < 2)
        return 0;
    u128 at = hash / shard_width(shards);
    return at >= shards ? shards - 1 : (uint32_t)at;
}

uint32_t shard_of_key(struct bytes partition_key, uint32_t shards) {
    if (shards < 2)
        return 0;
    uint8_t digest[MD5_LEN];
    u128 hash = 0;
    md5(partition_key, digest);
    for (size_t i = 0; i < MD5_LEN; i++)
        hash = hash << 8 | digest[i];
    return shard_of_hash(hash, shards);
}

void shard_range(uint32_t shard, uint32_t shards, u128 *ret_first, u128 *ret_last) {
    assert(shard < shards);
    if (shards == 1) {
        *ret_first = 0;
        *ret_last = ~(u128)0;
        return;
    }
    u128 width = shard_width(shards);
    *ret_first = width * shard;
    *ret_last = shard + 1 == shards ? ~(u128)0 : width * (shard + 1) - 1;
}

bool hash_key_parse(struct bytes text, u128 *ret) {
    u128 v = 0, max = ~(u128)0;
    if (text.len == 0 || text.len > 39 || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned char)text.ptr[i] - '0';
        if (digit > 9 || v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *ret = v;
    return true;
}

void hash_key_format(u128 v, char out[40]) {
    char back[40];
    size_t n = 0;
    do {
        back[n++] = (char)('0' + (int)(v % 10));
        v /= 10;
    } while (v);
    for (size_t i = 0; i < n; i++)
        out[i] = back[n - 1 - i];
    out[n] = 0;
}

void shard_id_format(uint32_t shard, char out[SHARD_ID_LEN + 1]) {
    memcpy(out, "shardId-000000000000", SHARD_ID_LEN + 1);
    for (size_t i = SHARD_ID_LEN; shard; shard /= 10)
        out[--i] = (char)('0' + shard % 10);
}

bool shard_id_parse(struct bytes text, uint32_t *ret) {
    uint64_t v;
    struct bytes prefix = BYTES("shardId-");
    if (!bytes_starts_with(text, prefix) || text.len > SHARD_ID_LEN)
        return false;
    if (!bytes_to_u64(bytes_slice(text, prefix.len, text.len), &v) || v > UINT32_MAX)
        return false;
    *ret = (uint32_t)v;
    return true;
}

size_t utf8_count(struct bytes text) {
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++)
        n += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return n;
}

bool kinesis_name_ok(struct bytes name) {
    if (name.len == 0 || name.len > KINESIS_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '.' || c == '-';
        if (!ok)
            return false;
    }
    return true;
}

/* ---- iterators: "epoch.shard.lsn.issued.stream"; the stream is last because it may have dots ----
 */

struct bytes shard_iterator_text(struct arena *a, const struct shard_iterator *it) {
    return arena_fmt(a, "%lld.%u.%llu.%lld.%.*s", (long long)it->epoch_ms, it->shard,
                     (unsigned long long)it->lsn, (long long)it->issued_ms, BYTES_ARG(it->stream));
}

bool shard_iterator_parse(struct bytes text, struct shard_iterator *ret) {
    struct bytes part[4], rest = text;
    struct shard_iterator it;
    uint64_t shard;
    for (int i = 0; i < 4; i++) {
        if (!rest.ptr)
            return false;
        rest = bytes_cut(rest, '.', &part[i]);
    }
    if (!rest.ptr || !bytes_to_i64(part[0], &it.epoch_ms) || !bytes_to_u64(part[1], &shard) ||
        shard > UINT32_MAX || !bytes_to_u64(part[2], &it.lsn) ||
        !bytes_to_i64(part[3], &it.issued_ms) || !kinesis_name_ok(rest))
        return false;
    it.shard = (uint32_t)shard;
    it.stream = rest;
    *ret = it;
    return true;
}
