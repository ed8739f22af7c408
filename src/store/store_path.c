/* store_path.c - from bucket and key to a path and back.
 *
 * Each key segment is a file name as it is, except:
 *   ""            "%-"       also the last segment of "folder/"
 *   "." ".."      "%." "%.."
 *   "%..."        "%%..."
 *   > 250 bytes   "%+" and the first 250 bytes as a folder, the rest of the segment inside it
 * So every path has one key and every key one path, and plain keys look plain on disk. */
#include "base/rand.h"
#include "store/store_int.h"
#include <ctype.h>

bool store_bucket_name_ok(struct bytes b) {
    bool letters = false;
    if (b.len < 3 || b.len > 63)
        return false;
    for (size_t i = 0; i < b.len; i++) {
        char c = b.ptr[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!alnum && (i == 0 || i == b.len - 1 || (c != '-' && c != '.' && c != '_')))
            return false;
        if (c == '.' && b.ptr[i - 1] == '.')
            return false;
        letters |= !(c >= '0' && c <= '9') && c != '.';
    }
    return letters; /* not like 192.168.5.4 */
}

int store_check_bucket_name(struct bytes bucket, struct err *e) {
    if (store_bucket_name_ok(bucket))
        return 0;
    return err_set_named(e, ERR_S3, "InvalidBucketName", 400,
                         "The specified bucket is not valid: '%.*s'. Use 3 to 63 lower-case "
                         "letters, digits, dots and hyphens.",
                         (int)MIN_OF(bucket.len, (size_t)100), bucket.ptr);
}

static void add_segment(struct buf *out, struct bytes segment) {
    while (segment.len > STORE_SEGMENT_MAX) {
        buf_add_str(out, "%+");
        buf_add(out, bytes_slice(segment, 0, STORE_SEGMENT_MAX));
        buf_add_char(out, '/');
        segment = bytes_slice(segment, STORE_SEGMENT_MAX, segment.len);
    }
    if (segment.len == 0)
        buf_add_str(out, "%-");
    else if (segment.ptr[0] == '%' || bytes_eq(segment, BYTES(".")) ||
             bytes_eq(segment, BYTES("..")))
        buf_add_char(out, '%');
    buf_add(out, segment);
}

void store_add_escaped(struct buf *out, struct bytes key) {
    struct bytes rest = key, segment;
    bool first = true;
    while (rest.ptr) {
        rest = bytes_cut(rest, '/', &segment);
        if (!first)
            buf_add_char(out, '/');
        add_segment(out, segment);
        first = false;
    }
}

bool store_unescape(struct bytes name, struct bytes *ret, bool *ret_partial) {
    *ret_partial = false;
    *ret = name;
    if (name.len == 0 || name.ptr[0] != '%')
        return name.len > 0;
    struct bytes rest = bytes_slice(name, 1, name.len);
    if (bytes_eq(rest, BYTES("-"))) {
        *ret = BYTES("");
        return true;
    }
    *ret = rest;
    if (bytes_eq(rest, BYTES(".")) || bytes_eq(rest, BYTES("..")) ||
        bytes_starts_with(rest, BYTES("%")))
        return true;
    *ret = bytes_slice(rest, 1, rest.len);
    *ret_partial = true;
    return bytes_starts_with(rest, BYTES("+")) && rest.len == STORE_SEGMENT_MAX + 1;
}

char *store_bucket_path(struct store *s, struct arena *a, struct bytes bucket) {
    return (char *)(uintptr_t)arena_fmt(a, "%s/%.*s", s->root, BYTES_ARG(bucket)).ptr;
}

int store_path(struct store *s, struct arena *a, struct bytes bucket, struct bytes key,
               const char **ret, struct err *e) {
    int rc = store_check_bucket_name(bucket, e);
    if (rc)
        return rc;
    if (key.len == 0 || (key.len > 0 && memchr(key.ptr, 0, key.len)))
        return err_set_named(e, ERR_S3, "InvalidURI", 400,
                             "An object key must not be empty or hold a NUL byte.");
    if (key.len > STORE_KEY_MAX)
        return err_set_named(e, ERR_S3, "KeyTooLongError", 400,
                             "Your key is too long: %zu bytes, 1024 are allowed.", key.len);
    struct buf path = {0};
    buf_add_fmt(&path, "%s/%.*s/", s->root, BYTES_ARG(bucket));
    store_add_escaped(&path, key);
    char *copy = buf_ok(&path) ? arena_strndup(a, path.ptr, path.len) : NULL;
    buf_clear(&path);
    if (!copy)
        return err_set(e, ERR_NOMEM, NULL);
    *ret = copy;
    return 0;
}

bool store_has_folder(struct store *s, struct bytes bucket, struct bytes folder) {
    const char *path;
    struct vfs_stat st;
    struct err ignored;
    struct arena a;
    arena_init(&a, 0);
    bool there = store_path(s, &a, bucket, folder, &path, &ignored) == 0 &&
                 s->vfs->ops->stat(s->vfs, path, &st) == 0 && st.is_dir;
    arena_clear(&a);
    return there;
}

bool store_split_uri(struct bytes uri, struct bytes *ret_bucket, struct bytes *ret_key) {
    static const char *const schemes[] = {"s3://", "s3a://", "s3n://"};
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        struct bytes scheme = bytes_str(schemes[i]), bucket, key;
        if (!bytes_starts_with(uri, scheme))
            continue;
        key = bytes_cut(bytes_slice(uri, scheme.len, uri.len), '/', &bucket);
        if (bucket.len == 0)
            return false;
        *ret_bucket = bucket;
        *ret_key = key.ptr ? key : BYTES("");
        return true;
    }
    return false;
}

const char *store_tmp_path(struct store *s, struct arena *a, const char *suffix) {
    char id[UUID_TEXT_LEN + 1];
    uuid_make(id);
    return arena_fmt(a, "%s/%s%s", s->tmp, id, suffix).ptr;
}
