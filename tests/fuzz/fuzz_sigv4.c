/* fuzz_sigv4.c - a request head from text: "METHOD path?query\nName: value\n...". Parses, verifies,
 * and runs what is left through the aws-chunked reader in pieces. */
#include "base/mem.h"
#include "http/http_int.h"
#include "http/sigv4.h"

#define MAX_HEADERS 16

static void run_chunked(struct arena *a, struct bytes data, const struct sigv4_chunks *keys) {
    struct body b;
    struct body_options o = {.arena = a,
                             .decoded_bytes = UINT64_MAX,
                             .max_bytes = MIB(1),
                             .spool_over_bytes = MIB(1),
                             .aws_chunked = true,
                             .chunk_keys = keys};
    struct err e;
    int rc = body_init(&b, &o, &e);
    for (size_t i = 0; rc == 0 && i < data.len; i += 7)
        rc = body_write(&b, bytes_slice(data, i, i + 7), &e);
    if (rc == 0)
        rc = body_finish(&b, &e);
    if (rc == 0 && b.bytes != b.memory.len)
        __builtin_trap();
    body_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    __typeof__(*((struct sigv4_keys *)0)->items) key = {BYTES("AKIAIOSFODNN7EXAMPLE"),
                                                        BYTES("secret")};
    struct sigv4_keys keys = {.items = NULL, .count = 1};
    struct sigv4_header headers[MAX_HEADERS];
    struct sigv4_request r = {.headers = headers};
    struct sigv4_chunks chunks;
    struct sigv4_auth auth;
    struct arena a;
    struct err e;
    struct bytes line, target, rest = bytes_cut(bytes_of(data, size), '\n', &line);
    keys.items = (void *)&key;
    arena_init(&a, MIB(8));
    target = bytes_cut(line, ' ', &r.method);
    r.raw_query = bytes_cut(target, '?', &r.raw_path);
    while (rest.ptr && r.header_count < MAX_HEADERS) {
        rest = bytes_cut(rest, '\n', &line);
        if (line.len == 0)
            break;
        struct sigv4_header *h = &headers[r.header_count++];
        h->value = bytes_cut(line, ':', &h->name);
    }
    if (sigv4_parse(&a, &r, &auth, &e) == 0) {
        (void)!sigv4_verify(&a, &keys, &r, &auth, 1369353600000, &e);
        run_chunked(&a, rest, sigv4_chunks_init(&chunks, &keys, &auth) ? &chunks : NULL);
    }
    run_chunked(&a, rest, NULL);
    arena_clear(&a);
    return 0;
}
