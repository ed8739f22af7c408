/* Texts that a client can put into shard names, hash keys and iterators. */
#include "api/kinesis/kinesis_int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_iterator(struct bytes in) {
    struct shard_iterator it, again;
    struct arena a;
    if (!shard_iterator_parse(in, &it))
        return;
    arena_init(&a, 0);
    struct bytes text = shard_iterator_text(&a, &it);
    if (!text.ptr || !shard_iterator_parse(text, &again) || again.lsn != it.lsn ||
        again.shard != it.shard || again.epoch_ms != it.epoch_ms ||
        !bytes_eq(again.stream, it.stream))
        abort();
    arena_clear(&a);
}

static void check_hash_key(struct bytes in) {
    u128 v, first, last;
    char text[40];
    if (!hash_key_parse(in, &v))
        return;
    hash_key_format(v, text);
    if (!bytes_eq_str(in, text))
        abort();
    for (uint32_t n = 1; n < 9; n++) {
        shard_range(shard_of_hash(v, n), n, &first, &last);
        if (v < first || v > last)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes in = bytes_of(data, size);
    uint32_t shard;
    check_iterator(in);
    check_hash_key(in);
    (void)!shard_id_parse(in, &shard);
    return 0;
}
