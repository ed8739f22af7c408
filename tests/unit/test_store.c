/* test_store.c - names on disk, listing against a plain model, and the nth file operation failing.
 */
#include "base/mem.h"
#include "base/rand.h"
#include "store/store_int.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define B BYTES("bucket")

struct fixture {
    char dir[64];
    struct vfs_faulty faulty;
    struct store *store;
};

static int setup(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    char root[96], tmp[96];
    strcpy(f->dir, "/tmp/tarn-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(root, sizeof(root), "%s/objects", f->dir);
    snprintf(tmp, sizeof(tmp), "%s/tmp", f->dir);
    vfs_faulty_init(&f->faulty, vfs_system());
    struct store_options o = {&f->faulty.base, clock_system(), root, tmp};
    assert_int_equal(store_open(&o, &f->store, NULL), 0);
    assert_int_equal(store_bucket_create(f->store, B, NULL), 0);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    char command[96];
    store_close(&f->store);
    snprintf(command, sizeof(command), "rm -rf '%s'", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    assert_int_equal(mem_test_live_blocks(), 0);
    return 0;
}

static int put(struct fixture *f, const char *key, const char *text, struct err *e) {
    return store_put_bytes(f->store, B, bytes_str(key), bytes_str(text), NULL, e);
}

/* The object's text, NULL when there is none; free it. */
static char *get(struct fixture *f, const char *key, struct store_meta *meta) {
    struct arena a;
    int fd;
    struct err e = {0};
    arena_init(&a, 0);
    char *text = NULL;
    if (store_get(f->store, &a, B, bytes_str(key), meta, &fd, &e) == 0) {
        text = calloc(1, meta->size_bytes + 1);
        assert_int_equal(pread(fd, text, meta->size_bytes, 0), meta->size_bytes);
        close(fd);
    } else {
        assert_string_equal(e.name, "NoSuchKey");
    }
    arena_clear(&a);
    return text;
}

static void assert_object(struct fixture *f, const char *key, const char *want) {
    struct store_meta meta = {0};
    char *text = get(f, key, &meta);
    assert_non_null(text);
    assert_string_equal(text, want);
    free(text);
}

static void test_round_trip(void **state) {
    struct fixture *f = *state;
    struct store_meta meta = {0};
    struct store_put_options o = {.content_type = BYTES("text/x"),
                                  .extra_json = BYTES("{\"a\":\"b\"}")};
    assert_int_equal(store_put_bytes(f->store, B, BYTES("k"), BYTES("hello"), &o, NULL), 0);
    struct arena a;
    arena_init(&a, 0);
    assert_int_equal(store_head(f->store, &a, B, BYTES("k"), &meta, NULL), 0);
    assert_string_equal(meta.etag, "5d41402abc4b2a76b9719d911017c592");
    assert_true(bytes_eq(meta.content_type, BYTES("text/x")));
    assert_true(bytes_eq(meta.extra_json, BYTES("{\"a\":\"b\"}")));
    arena_clear(&a);
    assert_int_equal(put(f, "k", "other", NULL), 0);
    assert_object(f, "k", "other");
    assert_int_equal(store_delete(f->store, B, BYTES("k"), NULL), 0);
    assert_null(get(f, "k", &meta));
}

static void test_escapes(void **state) {
    struct fixture *f = *state;
    char long_key[800], path_of_dot[128];
    memset(long_key, 'q', sizeof(long_key));
    memcpy(long_key + 600, "/end", 5);
    const char *keys[] = {"a//b", "z/",    "./x",  "../y",   "%",
                          "%-",   "%+abc", "d/..", "e/%./f", long_key};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_int_equal(put(f, keys[i], keys[i], NULL), 0);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_object(f, keys[i], keys[i]);
    snprintf(path_of_dot, sizeof(path_of_dot), "%s/objects/bucket/%%../y", f->dir);
    assert_int_equal(access(path_of_dot, R_OK), 0);
    struct err e = {0};
    assert_int_equal(store_put_bytes(f->store, BYTES(".."), BYTES("k"), BYTES(""), NULL, &e),
                     ERR_S3);
    assert_string_equal(e.name, "InvalidBucketName");
}

static void test_key_conflicts(void **state) {
    struct fixture *f = *state;
    struct err e = {0};
    assert_int_equal(put(f, "a/b", "1", NULL), 0);
    assert_int_equal(put(f, "a", "1", &e), ERR_S3);
    assert_string_equal(e.name, "InvalidRequest");
    assert_int_equal(put(f, "a/b/c", "1", &e), ERR_S3);
    assert_string_equal(e.name, "InvalidRequest");
    /* With the folder gone the key is free. */
    assert_int_equal(store_delete(f->store, B, BYTES("a/b"), NULL), 0);
    assert_int_equal(put(f, "a", "1", &e), 0);
}

/* ---- listing against a model ---- */

struct seen {
    struct buf text;
    size_t count;
};

static int on_entry(void *ctx, const struct store_entry *entry) {
    struct seen *s = ctx;
    buf_add(&s->text, entry->key);
    buf_add_char(&s->text, '\n');
    s->count++;
    return 0;
}

static int compare_strings(const void *x, const void *y) {
    return strcmp(*(char *const *)x, *(char *const *)y);
}

static void model_list(char **keys, size_t n, const struct store_list_options *o, struct buf *out) {
    char last[64] = "";
    size_t given = 0;
    for (size_t i = 0; i < n; i++) {
        struct bytes key = bytes_str(keys[i]);
        if (!bytes_starts_with(key, o->prefix) ||
            (o->start_after.len && bytes_cmp(key, o->start_after) <= 0))
            continue;
        ptrdiff_t at = o->delimiter.len
                           ? bytes_find(bytes_slice(key, o->prefix.len, key.len), o->delimiter)
                           : -1;
        if (at >= 0)
            key.len = o->prefix.len + (size_t)at + 1;
        if (at >= 0 && (bytes_eq_str(key, last) || bytes_eq(key, o->start_after)))
            continue;
        if (o->max_entries && given++ == o->max_entries)
            return;
        if (at >= 0)
            snprintf(last, sizeof(last), "%.*s", BYTES_ARG(key));
        buf_add(out, key);
        buf_add_char(out, '\n');
    }
}

static void test_listing(void **state) {
    struct fixture *f = *state;
    struct rand_seeded rnd = {7};
    static const char alphabet[] = "a/-0%.";
    char *keys[60];
    size_t n = 0;
    for (int i = 0; i < 400 && n < COUNT_OF(keys); i++) {
        char key[12];
        size_t len = 1 + rand_below(&rnd, 8);
        for (size_t j = 0; j < len; j++)
            key[j] = alphabet[rand_below(&rnd, sizeof(alphabet) - 1)];
        key[len] = 0;
        bool again = false;
        for (size_t j = 0; j < n; j++)
            again |= strcmp(keys[j], key) == 0;
        if (!again && put(f, key, "x", NULL) == 0) /* else it is in conflict with another */
            keys[n++] = strdup(key);
    }
    assert_true(n > 40);
    qsort(keys, n, sizeof(*keys), compare_strings);
    for (int i = 0; i < 3000; i++) {
        struct seen got = {0};
        struct buf want = {0};
        bool truncated;
        struct bytes p = bytes_str(keys[rand_below(&rnd, n)]),
                     s = bytes_str(keys[rand_below(&rnd, n)]);
        struct store_list_options o = {.bucket = B,
                                       .prefix = bytes_slice(p, 0, rand_below(&rnd, 4)),
                                       .start_after = bytes_slice(s, 0, rand_below(&rnd, 6)),
                                       .max_entries = rand_below(&rnd, 8)};
        if (i % 3)
            o.delimiter = i % 3 == 1 ? BYTES("/") : BYTES("-");
        assert_int_equal(store_list(f->store, &o, on_entry, &got, &truncated, NULL), 0);
        model_list(keys, n, &o, &want);
        if (!bytes_eq(buf_bytes(&got.text), buf_bytes(&want)))
            fail_msg("prefix '%.*s' after '%.*s' delimiter '%.*s' max %zu:\n%.*s-- want\n%.*s",
                     BYTES_ARG(o.prefix), BYTES_ARG(o.start_after), BYTES_ARG(o.delimiter),
                     o.max_entries, BYTES_ARG(buf_bytes(&got.text)), BYTES_ARG(buf_bytes(&want)));
        buf_clear(&got.text);
        buf_clear(&want);
    }
    for (size_t i = 0; i < n; i++)
        free(keys[i]);
}

static void test_hidden(void **state) {
    struct fixture *f = *state;
    struct seen got = {0};
    const char *keys[] = {"_db/t/a", "_db/t/_temporary/b", "_db/t/.hidden", "_db/t/p=1/_SUCCESS",
                          "_db/t/p=1/c"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        assert_int_equal(put(f, keys[i], "x", NULL), 0);
    struct store_list_options o = {.bucket = B, .prefix = BYTES("_db/t/"), .skip_hidden = true};
    assert_int_equal(store_list(f->store, &o, on_entry, &got, NULL, NULL), 0);
    assert_string_equal(buf_cstr(&got.text), "_db/t/a\n_db/t/p=1/c\n");
    buf_clear(&got.text);
}

/* ---- faults ---- */

static size_t count_tmp(struct fixture *f);

static int count_name(void *ctx, const char *name, bool is_dir) {
    ++*(size_t *)ctx;
    return 0;
}

static size_t count_tmp(struct fixture *f) {
    char tmp[96];
    size_t n = 0;
    snprintf(tmp, sizeof(tmp), "%s/tmp", f->dir);
    assert_int_equal(vfs_list(vfs_system(), tmp, count_name, &n), 0);
    return n;
}

/* Whatever operation fails: the old object or the new one, whole; and nothing is left in tmp. */
static void test_put_faults(void **state) {
    struct fixture *f = *state;
    bool finished = false;
    for (int64_t nth = 1; !finished; nth++) {
        struct err e = {0};
        struct store_meta meta = {0};
        assert_true(nth < 100);
        assert_int_equal(put(f, "d/k", "the old one", &e), 0);
        atomic_store(&f->faulty.count, 0);
        f->faulty.fail_errno = 28; /* ENOSPC */
        atomic_store(&f->faulty.fail_at, nth);
        int rc = put(f, "d/k", "a new and longer one", &e);
        finished = atomic_load(&f->faulty.count) < nth;
        atomic_store(&f->faulty.fail_at, 0);
        char *text = get(f, "d/k", &meta);
        assert_non_null(text);
        if (rc == 0)
            assert_string_equal(text, "a new and longer one");
        else if (strcmp(text, "a new and longer one") != 0)
            assert_string_equal(text, "the old one");
        if (finished)
            assert_int_equal(rc, 0);
        free(text);
        assert_true(count_tmp(f) <= (rc ? 1 : 0)); /* 1: the unlink itself was what failed */
        assert_int_equal(store_clean_tmp(f->store, &e), 0);
    }
}

static void test_memory_faults(void **state) {
    struct fixture *f = *state;
    assert_int_equal(put(f, "m", "old", NULL), 0);
    for (int64_t nth = 1; nth < 60; nth++) {
        struct err e = {0};
        struct seen got = {0};
        struct store_list_options o = {.bucket = B, .want_etag = true};
        mem_test_fail_nth(nth);
        int put_rc = put(f, "m", "new", &e);
        mem_test_fail_nth(nth);
        int list_rc = store_list(f->store, &o, on_entry, &got, NULL, &e);
        mem_test_fail_nth(0);
        assert_true(put_rc == 0 || put_rc == ERR_NOMEM || put_rc == ERR_INTERNAL);
        assert_true(list_rc == 0 || list_rc == ERR_NOMEM);
        buf_clear(&got.text);
        struct store_meta meta = {0};
        char *text = get(f, "m", &meta);
        assert_true(text && (strcmp(text, "old") == 0 || strcmp(text, "new") == 0));
        free(text);
    }
    assert_int_equal(count_tmp(f), 0);
}

static void test_conditions(void **state) {
    struct fixture *f = *state;
    struct err e = {0};
    struct store_put_options o = {.if_none_match = true};
    assert_int_equal(store_put_bytes(f->store, B, BYTES("c"), BYTES("1"), &o, &e), 0);
    assert_int_equal(store_put_bytes(f->store, B, BYTES("c"), BYTES("2"), &o, &e), ERR_S3);
    assert_int_equal(e.status, 412);
    assert_object(f, "c", "1");
}

static void test_publish(void **state) {
    struct fixture *f = *state;
    struct arena a;
    struct store_meta meta = {0};
    struct err e = {0};
    arena_init(&a, 0);
    const char *tmp = store_tmp_path(f->store, &a, ".parquet");
    FILE *file = fopen(tmp, "w");
    assert_non_null(file);
    fputs("engine", file);
    fclose(file);
    assert_int_equal(store_publish(f->store, tmp, BYTES("none-such"), BYTES("k"), NULL, NULL, &e),
                     ERR_S3);
    assert_int_equal(access(tmp, R_OK), 0); /* on failure the file stays */
    assert_int_equal(store_publish(f->store, tmp, B, BYTES("p/k"), NULL, &meta, &e), 0);
    assert_int_equal(meta.size_bytes, 6);
    assert_string_equal(meta.etag, "ad1943a9fd6d3d7ee1e6af41a5b0d3e7");
    assert_object(f, "p/k", "engine");
    arena_clear(&a);
}

static void test_uri(void **state) {
    struct bytes b, k;
    assert_true(store_split_uri(BYTES("s3://x/y/z"), &b, &k));
    assert_true(bytes_eq(b, BYTES("x")) && bytes_eq(k, BYTES("y/z")));
    assert_true(store_split_uri(BYTES("s3a://x"), &b, &k) && k.len == 0 && k.ptr);
    assert_false(store_split_uri(BYTES("s3:///y"), &b, &k));
    assert_false(store_split_uri(BYTES("file://x/y"), &b, &k));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* ---- kept listings ---- */
static size_t listed(struct fixture *f, const char *prefix, const struct store_listing **keep) {
    const struct store_listing *l = NULL;
    assert_int_equal(store_listing_get(f->store, B, bytes_str(prefix), &l, NULL), 0);
    size_t n = l->count;
    for (size_t i = 1; i < n; i++)
        assert_true(bytes_cmp(l->objects[i - 1].key, l->objects[i].key) < 0);
    if (keep)
        *keep = l;
    else
        store_listing_release(f->store, &l);
    return n;
}

static void append(struct fixture *f, const char *name, const char *text) {
    char path[160];
    snprintf(path, sizeof path, "%s/objects/bucket/%s", f->dir, name);
    FILE *out = fopen(path, "a");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

/* Kept, and yet every change shows at once: ours, another program's, inside a file. */
static void test_listings_are_kept(void **state) {
    struct fixture *f = *state;
    const struct store_listing *held = NULL;
    struct err e;
    assert_int_equal(put(f, "t/a", "1", &e), 0);
    assert_int_equal(put(f, "t/p=1/b", "2", &e), 0);
    assert_int_equal(put(f, "t/_hidden", "2", &e), 0);
    usleep(120000); /* past the time in which a listing is not kept */
    assert_int_equal(listed(f, "t/", NULL), 2);
    f->faulty.count = 0;
    assert_int_equal(listed(f, "t/", &held), 2);
    int64_t operations = f->faulty.count;
    assert_int_equal(operations, 4); /* two folders, two files */
    assert_int_equal(put(f, "t/p=1/c", "3", &e), 0);
    assert_int_equal(listed(f, "t/", NULL), 3);
    assert_int_equal(held->count, 2);
    append(f, "t/d", "foreign");
    assert_int_equal(listed(f, "t/", NULL), 4);
    usleep(120000);
    assert_int_equal(listed(f, "t/", NULL), 4);
    append(f, "t/d", "er");
    const struct store_listing *grown = NULL;
    assert_int_equal(listed(f, "t/", &grown), 4);
    assert_int_equal(grown->objects[1].size_bytes, 9);
    store_listing_release(f->store, &grown);
    assert_int_equal(store_delete(f->store, B, BYTES("t/p=1/c"), &e), 0);
    assert_int_equal(store_delete(f->store, B, BYTES("t/p=1/b"), &e), 0);
    assert_int_equal(listed(f, "t/", NULL), 2);
    assert_int_equal(listed(f, "nothing/", NULL), 0);
    store_listing_release(f->store, &held);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_round_trip),    CASE(test_listings_are_kept), CASE(test_escapes),
        CASE(test_key_conflicts), CASE(test_listing),           CASE(test_hidden),
        CASE(test_put_faults),    CASE(test_publish),           CASE(test_memory_faults),
        CASE(test_conditions),    cmocka_unit_test(test_uri),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
