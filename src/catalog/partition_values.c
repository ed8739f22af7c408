/* partition_values.c - a partition's values as one blob.
 *
 *     value with NUL written as 00 FF | 00 01 | value | 00 01 | ...
 *
 * Compared with memcmp, blobs sort as the lists of values do, so one unique index serves look-up,
 * value order and prefixes. What follows every list that starts with some values is their blob with
 * its last byte made 02. */
#include "catalog/catalog_int.h"

void cat_value_encode(struct bytes v, struct buf *out) {
    ptrdiff_t nul;
    while ((nul = bytes_find_char(v, '\0')) >= 0) {
        buf_add(out, bytes_slice(v, 0, (size_t)nul));
        buf_add(out, bytes_of("\0\xff", 2));
        v = bytes_slice(v, (size_t)nul + 1, v.len);
    }
    buf_add(out, v);
    buf_add(out, bytes_of("\0\1", 2));
}

int cat_values_encode(const struct bytes *values, size_t count, struct buf *out, struct err *e) {
    for (size_t i = 0; i < count; i++)
        cat_value_encode(values[i], out);
    return buf_ok(out) ? 0 : err_set(e, ERR_NOMEM, NULL);
}

/* Undoes the escapes of `len` bytes in place; the new length. */
static size_t unescape(char *v, size_t len) {
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        v[n++] = v[i];
        if (v[i] == 0)
            i++; /* 00 FF */
    }
    return n;
}

size_t cat_values_cut(char *blob, size_t len, struct bytes *values, size_t max) {
    size_t n = 0, start = 0;
    bool escaped = false;
    for (size_t i = 0; i + 1 < len && n < max; i++) {
        if (blob[i] != 0)
            continue;
        if (blob[i + 1] == 1) {
            size_t value_len = escaped ? unescape(blob + start, i - start) : i - start;
            values[n++] = bytes_of(blob + start, value_len);
            start = i + 2;
            escaped = false;
        } else {
            escaped = true;
        }
        i++;
    }
    return n;
}

int cat_values_copy(struct arena *a, struct bytes blob, struct catalog_partition *ret,
                    struct err *e) {
    size_t count = 0;
    for (size_t i = 0; i + 1 < blob.len; i++)
        count += blob.ptr[i] == 0 && blob.ptr[i + 1] == 1;
    struct bytes copy = arena_copy(a, blob);
    struct bytes *values = ARENA_NEW_N(a, struct bytes, count ? count : 1);
    if (a->failed || !values)
        return err_set(e, ERR_NOMEM, NULL);
    ret->values = values;
    ret->value_count = cat_values_cut((char *)copy.ptr, copy.len, values, count);
    return 0;
}
