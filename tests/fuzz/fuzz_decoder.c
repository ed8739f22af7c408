/* fuzz_decoder.c - any bytes as a record: no fault of memory, the same answer from every
 * instruction set, and no quarrel with base/json about what JSON is.
 *
 * The first byte chooses schema and options, the rest is the record; it is decoded twice by the
 * same decoder, because the first time teaches the prediction, and in between cut off and with one
 * byte changed, which the prediction must not take for the same. */
#include "../unit/schema_vecs.h"
#include "base/json.h"
#include <stdio.h>

#define ROWS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const schemas[] = {
    "struct<a:int,b:string,c:double,d:timestamp>",
    "struct<a:array<int>,b:map<string,string>,c:struct<x:bigint,y:array<string>>>",
    "struct<a:decimal(12,3),b:date,c:boolean,d:float,e:varchar(4),f:tinyint>",
    "struct<a:map<int,array<struct<k:string,v:decimal(30,10)>>>,b:smallint>",
};

static void die(const char *what, struct buf *a, struct buf *b) {
    fprintf(stderr, "%s\n%s\n%s\n", what, buf_cstr(a), buf_cstr(b));
    abort();
}

static void check_json(struct bytes record, ptrdiff_t rows, const struct decoder_fault *f) {
    struct arena a;
    struct json *j;
    arena_init(&a, 0);
    bool json = json_parse(&a, record, &j, NULL) == 0;
    arena_clear(&a);
    if ((rows == 1 && !json) || (rows < 0 && f->reason == DECODER_MALFORMED && json)) {
        fprintf(stderr, "base/json says %d, rows %zd: %s\n", json, rows, f->text);
        abort();
    }
}

static void decode(struct vecs_table *t, struct bytes record, struct buf *out) {
    struct decoder_fault f = {0};
    ptrdiff_t rows = vecs_decode(t, record, 0, out, &f);
    if (rows < 0) {
        buf_add_str(out, f.text);
    }
    check_json(record, rows, &f);
    buf_add_char(out, '\n');
}

/* `twist` says which byte changes. */
static void decode_all(struct bytes record, size_t twist, const char *schema,
                       struct decoder_options o, struct buf *out) {
    struct vecs_table t;
    if (vecs_table_open(&t, schema, ROWS, o)) {
        decode(&t, record, out);
        if (record.len) {
            char *at = (char *)(uintptr_t)record.ptr + twist % record.len;
            char was = *at;
            *at = (char)(was ^ (1 << twist % 7));
            decode(&t, record, out);
            *at = was;
            decode(&t, bytes_slice(record, 0, twist % record.len), out);
        }
        decode(&t, record, out);
    }
    vecs_table_close(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    const char *schema = schemas[data[0] % COUNT_OF(schemas)];
    struct decoder_options o = {.case_sensitive = (data[0] & 16) != 0,
                                .dots_to_underscores = (data[0] & 32) != 0};
    size_t twist = size * 31 + data[size / 2];
    char *copy = malloc(size); /* exactly as long as the record, so that its end is guarded */
    if (!copy) {
        return 0;
    }
    memcpy(copy, data + 1, size - 1);
    struct bytes record = bytes_of(realloc(copy, size - 1 ? size - 1 : 1), size - 1);
    struct buf slow = {0}, fast = {0};
    o.isa = DECODER_ISA_PORTABLE;
    decode_all(record, twist, schema, o, &slow);
    o.isa = DECODER_ISA_AUTO;
    decode_all(record, twist, schema, o, &fast);
    if (!bytes_eq(buf_bytes(&slow), buf_bytes(&fast))) {
        die("instruction sets differ", &slow, &fast);
    }
    buf_clear(&slow);
    buf_clear(&fast);
    free((char *)record.ptr);
    return 0;
}
