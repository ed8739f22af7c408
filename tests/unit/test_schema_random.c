/* test_schema_random.c - the decoder against itself and against others, on seeded random input.
 *
 * Random schemas and documents, some broken by a random edit: every instruction set must give the
 * same rows or the same fault, and base/json must agree on what is JSON. Random numbers must equal
 * strtod's and strtof's bit by bit; random instants must come back from their ISO text. */
#include "base/clock.h"
#include "base/json.h"
#include "base/rand.h"
#include "schema_vecs.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

#include <cmocka.h>

static const enum decoder_isa fast_isas[] = {DECODER_ISA_AVX2, DECODER_ISA_NEON};

static void random_type(struct rand_seeded *r, int depth, struct buf *out) {
    static const char *simple[] = {"boolean",       "tinyint", "smallint", "int",
                                   "bigint",        "float",   "double",   "decimal(4,1)",
                                   "decimal(20,5)", "string",  "string",   "varchar(5)",
                                   "timestamp",     "date",    "binary"};
    uint64_t pick = rand_below(r, depth < 3 ? 19 : 15);
    if (pick < 15) {
        buf_add_str(out, simple[pick]);
    } else if (pick == 15) {
        buf_add_str(out, "array<");
        random_type(r, depth + 1, out);
        buf_add_char(out, '>');
    } else if (pick == 16) {
        buf_add_str(out, rand_below(r, 3) ? "map<string," : "map<int,");
        random_type(r, depth + 1, out);
        buf_add_char(out, '>');
    } else {
        size_t n = rand_below(r, 5) + 1;
        for (size_t i = 0; i < n; i++) {
            buf_add_fmt(out, i ? ",f%zu:" : "struct<f%zu:", i);
            random_type(r, depth + 1, out);
        }
        buf_add_char(out, '>');
    }
}

static void blank(struct rand_seeded *r, struct buf *out) {
    if (rand_below(r, 12) == 0) {
        static const char *blanks[] = {" ", "\n", "\t ", "  \r\n"};
        buf_add_str(out, blanks[rand_below(r, 4)]);
    }
}

static void random_text(struct rand_seeded *r, struct buf *out) {
    static const char *parts[] = {"a",        "Z9",           " ",
                                  "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                  "\\n",      "\\u00e9",      "\\ud83d\\ude00",
                                  "\\\"",     "\\\\",         "longer text here"};
    size_t n = rand_below(r, rand_below(r, 4) ? 8 : 40);
    uint64_t kinds = rand_below(r, 3) ? 3 : COUNT_OF(parts);
    buf_add_char(out, '"');
    for (size_t i = 0; i < n; i++) {
        buf_add_str(out, parts[rand_below(r, kinds)]);
    }
    buf_add_char(out, '"');
}

static void random_number(struct rand_seeded *r, struct buf *out) {
    static const uint64_t bounds[] = {10, 128, 1000, 70000, UINT64_C(5000000000), UINT64_MAX};
    if (rand_below(r, 3) == 0) {
        buf_add_char(out, '-');
    }
    buf_add_fmt(out, "%llu", (unsigned long long)rand_below(r, bounds[rand_below(r, 6)]));
    if (rand_below(r, 4) == 0) {
        buf_add_fmt(out, ".%llu", (unsigned long long)rand_below(r, bounds[rand_below(r, 6)]));
    }
    if (rand_below(r, 10) == 0) {
        buf_add_fmt(out, "e%d", (int)rand_below(r, 20) - 10);
    }
}

static void random_time(struct rand_seeded *r, struct buf *out) {
    char text[32];
    clock_format_iso((int64_t)rand_below(r, UINT64_C(4000000000000)), text);
    buf_add_fmt(out, "\"%.*s\"", rand_below(r, 3) ? 24 : 10, text);
}

/* A value for the type, or now and then any value. */
static void random_value(struct rand_seeded *r, const struct type *t, int depth, struct buf *out) {
    enum type_kind kind = rand_below(r, 60) ? t->kind : (enum type_kind)rand_below(r, TYPE_ARRAY);
    blank(r, out);
    if (rand_below(r, 12) == 0) {
        buf_add_str(out, "null");
    } else if (kind == TYPE_BOOLEAN) {
        buf_add_str(out, rand_below(r, 2) ? "true" : "false");
    } else if (kind < TYPE_STRING) {
        random_number(r, out);
    } else if (kind == TYPE_TIMESTAMP || kind == TYPE_DATE) {
        random_time(r, out);
    } else if (kind < TYPE_ARRAY) {
        random_text(r, out);
    } else {
        size_t n = kind == TYPE_STRUCT ? t->child_count : rand_below(r, 5);
        buf_add_char(out, kind == TYPE_ARRAY ? '[' : '{');
        bool comma = false;
        for (size_t i = 0; i < n; i++) {
            if (kind == TYPE_STRUCT && rand_below(r, 8) == 0) {
                continue;
            }
            blank(r, out);
            buf_add_str(out, comma ? "," : "");
            comma = true;
            blank(r, out);
            if (kind == TYPE_STRUCT && rand_below(r, 10) == 0) {
                buf_add_fmt(out, "\"other%d\":", (int)rand_below(r, 30));
                random_value(r, t->children[i], depth + 1, out);
                continue;
            }
            if (kind == TYPE_STRUCT) {
                buf_add_fmt(out, "\"%.*s\"", BYTES_ARG(t->names[i]));
            } else if (kind == TYPE_MAP) {
                buf_add_fmt(out, "\"%d\"", (int)rand_below(r, 6));
            }
            if (kind != TYPE_ARRAY) {
                blank(r, out);
                buf_add_char(out, ':');
            }
            random_value(r, t->children[kind == TYPE_STRUCT ? i : kind == TYPE_MAP], depth + 1,
                         out);
        }
        blank(r, out);
        buf_add_char(out, kind == TYPE_ARRAY ? ']' : '}');
    }
    blank(r, out);
}

static void random_edit(struct rand_seeded *r, struct buf *b) {
    static const char bytes[] = "\"\\{}[]:,0-.eE \n\x01\x80\xc3\xff"
                                "ntf";
    size_t at = rand_below(r, b->len);
    switch (rand_below(r, 4)) {
    case 0:
        b->ptr[at] = bytes[rand_below(r, sizeof(bytes) - 1)];
        break;
    case 1:
        b->len = at;
        break;
    case 2:
        memmove(b->ptr + at, b->ptr + at + 1, b->len - at - 1);
        b->len--;
        break;
    default:
        b->ptr[at] = (char)rand_below(r, 256);
    }
}

/* base/json on a record of one document. */
static bool is_json(struct bytes text) {
    struct arena a;
    arena_init(&a, 0);
    struct json *j;
    bool ok = json_parse(&a, text, &j, NULL) == 0;
    arena_clear(&a);
    return ok;
}

static void check_agreement(struct bytes json, ptrdiff_t rows, const struct decoder_fault *f) {
    if (rows == 1 && !is_json(json)) {
        fail_msg("accepted what is no JSON: %.*s", BYTES_ARG(json));
    }
    if (rows < 0 && f->reason == DECODER_MALFORMED && is_json(json)) {
        fail_msg("refused JSON at %zu: %.*s", f->offset, BYTES_ARG(json));
    }
    assert_true(rows >= 0 || f->offset <= json.len);
}

static void compare_one(struct vecs_table *slow, struct vecs_table *fast, struct bytes json,
                        size_t row) {
    struct buf a = {0}, b = {0};
    struct decoder_fault fa = {0}, fb = {0};
    ptrdiff_t na = vecs_decode(slow, json, row, &a, &fa);
    ptrdiff_t nb = fast ? vecs_decode(fast, json, row, &b, &fb) : na;
    check_agreement(json, na, &fa);
    if (fast && (na != nb || !bytes_eq(buf_bytes(&a), buf_bytes(&b)) ||
                 (na < 0 && strcmp(fa.text, fb.text) != 0))) {
        fail_msg("%.*s\n portable %s\n %s %s", BYTES_ARG(json), buf_cstr(&a),
                 decoder_isa_name(fast->decoder), buf_cstr(&b));
    }
    buf_clear(&a);
    buf_clear(&b);
}

static size_t random_table(struct rand_seeded *r, enum decoder_isa isa, char *fence, size_t room) {
    struct buf type = {0}, json = {0};
    size_t good = 0;
    size_t n = rand_below(r, 12) + 1;
    for (size_t i = 0; i < n; i++) {
        buf_add_fmt(&type, i ? ",c%zu:" : "struct<c%zu:", i);
        random_type(r, 0, &type);
    }
    buf_add_char(&type, '>');
    struct vecs_table slow, fast;
    struct decoder_options o = {.isa = DECODER_ISA_PORTABLE};
    assert_true(vecs_table_open(&slow, buf_cstr(&type), 64, o));
    o.isa = isa;
    bool has = vecs_table_open(&fast, buf_cstr(&type), 64, o);
    for (size_t i = 0; i < 60; i++) {
        buf_reset(&json);
        do {
            buf_reset(&json);
            random_value(r, slow.type, 0, &json);
        } while (json.len == 0 || json.len > room || json.ptr[0] == 'n');
        if (rand_below(r, 3) == 0) {
            random_edit(r, &json);
        }
        memcpy(fence + room - json.len, json.ptr, json.len);
        struct bytes record = bytes_of(fence + room - json.len, json.len);
        compare_one(&slow, has ? &fast : NULL, record, i);
        good += is_json(record);
    }
    vecs_table_close(&fast);
    vecs_table_close(&slow);
    buf_clear(&type);
    buf_clear(&json);
    return good;
}

static void test_differential(void **state) {
    struct rand_seeded r = {.state = 20260101};
    size_t room = 64 << 10, good = 0;
    char *fence = mmap(NULL, room + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(fence != MAP_FAILED);
    assert_int_equal(mprotect(fence, room, PROT_READ | PROT_WRITE), 0);
    for (int i = 0; i < 400; i++) {
        for (size_t k = 0; k < COUNT_OF(fast_isas); k++) {
            good += random_table(&r, fast_isas[k], fence, room);
        }
    }
    assert_true(good > 20000); /* the edits must not spoil everything */
    munmap(fence, room + 4096);
}

/* ---- numbers ---- */

static void random_double_text(struct rand_seeded *r, char out[160]) {
    uint64_t bits = rand_next(r);
    double d;
    memcpy(&d, &bits, 8);
    if (d != d || d - d != 0) {
        d = 1;
    }
    switch (rand_below(r, 6)) {
    case 0:
        snprintf(out, 160, "%.17g", d);
        break;
    case 1:
        snprintf(out, 160, "%.17g", rand_unit(r) * 1e6);
        break;
    case 2:
        snprintf(out, 160, "%llu.%llu", (unsigned long long)rand_below(r, 1000000),
                 (unsigned long long)rand_below(r, 100000000));
        break;
    case 3:
        snprintf(out, 160, "%llue%d", (unsigned long long)rand_next(r),
                 (int)rand_below(r, 60) - 30);
        break;
    case 4: /* halfway between two doubles, or just beside */
        snprintf(out, 160, "%llu%se-%d",
                 (unsigned long long)((UINT64_C(1) << 53) + 2 * rand_below(r, 1 << 30) + 1),
                 rand_below(r, 2) ? "" : "00000000000000000000001", rand_below(r, 2) ? 0 : 23);
        break;
    default:
        snprintf(out, 160, "%llu.%llue%d", (unsigned long long)rand_next(r) % 10,
                 (unsigned long long)rand_next(r), (int)rand_below(r, 700) - 350);
    }
}

static void test_numbers(void **state) {
    struct rand_seeded r = {.state = 99};
    struct vecs_table t;
    assert_true(vecs_table_open(&t, "struct<d:double,f:float>", 1, (struct decoder_options){0}));
    for (int i = 0; i < 300000; i++) {
        char text[160], json[200];
        struct decoder_fault f;
        random_double_text(&r, text);
        double d = strtod(text, NULL);
        float s = strtof(text, NULL);
        snprintf(json, sizeof(json), "{\"d\":%s}", text);
        ptrdiff_t n = decoder_record(t.decoder, bytes_str(json), t.vecs, 0, 1, &f);
        assert_int_equal(n, d - d == 0 ? 1 : -1);
        if (n == 1 && memcmp(t.vecs[0].data, &d, 8) != 0) {
            fail_msg("%s: %.17g", text, *(double *)t.vecs[0].data);
        }
        snprintf(json, sizeof(json), "{\"f\":%s}", text);
        n = decoder_record(t.decoder, bytes_str(json), t.vecs, 0, 1, &f);
        assert_int_equal(n, s - s == 0 ? 1 : -1);
        if (n == 1 && memcmp(t.vecs[1].data, &s, 4) != 0) {
            fail_msg("%s: %.9g", text, (double)*(float *)t.vecs[1].data);
        }
    }
    vecs_table_close(&t);
}

static void test_instants(void **state) {
    struct rand_seeded r = {.state = 5};
    struct vecs_table t;
    assert_true(vecs_table_open(&t, "struct<t:timestamp,d:date>", 1, (struct decoder_options){0}));
    for (int i = 0; i < 200000; i++) {
        char iso[32], json[128];
        struct decoder_fault f;
        int64_t ms = (int64_t)rand_below(&r, UINT64_C(315537897600000)) - INT64_C(62135596800000);
        clock_format_iso(ms, iso);
        snprintf(json, sizeof(json), "{\"t\":\"%s\",\"d\":\"%.10s\"%s}", iso, iso,
                 i % 2 ? ",\"padding\":\"0123456789\"" : "");
        assert_int_equal(decoder_record(t.decoder, bytes_str(json), t.vecs, 0, 1, &f), 1);
        assert_int_equal(((int64_t *)t.vecs[0].data)[0], ms * 1000);
        int64_t day = (ms - ((ms % 86400000) + 86400000) % 86400000) / 86400000;
        assert_int_equal(((int32_t *)t.vecs[1].data)[0], day);
    }
    vecs_table_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differential),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_instants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
