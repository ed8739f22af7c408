/* metadata.c - <id>.csv.metadata: a result's columns beside it, in the form AWS writes (protocol
 * buffers; JDBC drivers that read results from S3 take names and types from it).
 *
 *     1  text      the engine's id of the query
 *     4  message   a column, repeated: 1 catalogue, 2 schema, 3 table, 4 name, 5 label, 6 type
 * (texts) 7 precision, 8 scale, 9 nullable (3: unknown), 10 case-sensitive (numbers)
 *
 * The file can be made again from the catalogue, so it is not synced. */
#include "base/vfs.h"
#include "query/query_int.h"
#include <fcntl.h>

#define COLUMN_FIELD 4

static void add_varint(struct buf *out, uint64_t v) {
    for (; v >= 0x80; v >>= 7)
        buf_add_char(out, (char)(0x80 | (v & 0x7f)));
    buf_add_char(out, (char)v);
}

static void add_text(struct buf *out, unsigned field, struct bytes text) {
    add_varint(out, field << 3 | 2);
    add_varint(out, text.len);
    buf_add(out, text);
}

static void add_number(struct buf *out, unsigned field, uint64_t v) {
    add_varint(out, field << 3);
    add_varint(out, v);
}

static void add_column(struct buf *out, const struct json *c) {
    static const char *const texts[] = {"CatalogName", "SchemaName", "TableName",
                                        "Name",        "Label",      "Type"};
    for (unsigned i = 0; i < COUNT_OF(texts); i++)
        add_text(out, i + 1, json_get_str(c, texts[i]));
    add_number(out, 7, (uint64_t)json_get_i64(c, "Precision", 0));
    add_number(out, 8, (uint64_t)json_get_i64(c, "Scale", 0));
    add_number(out, 9, 3);
    add_number(out, 10, json_get_bool(c, "CaseSensitive", false));
}

int metadata_format(struct arena *a, struct bytes id, struct bytes columns_json, struct buf *out,
                    struct err *e) {
    struct json *columns;
    struct buf column = {0};
    int rc = json_parse(a, columns_json, &columns, e);
    if (rc)
        return rc;
    add_text(out, 1, id);
    JSON_FOR_EACH(c, columns) {
        buf_reset(&column);
        add_column(&column, c);
        add_text(out, COLUMN_FIELD, buf_bytes(&column));
    }
    bool ok = buf_ok(&column) && buf_ok(out);
    buf_clear(&column);
    return ok ? 0 : err_set(e, ERR_NOMEM, NULL);
}

static int path_of(struct query_service *q, struct arena *a, struct bytes output_uri,
                   const char **ret, struct err *e) {
    struct bytes bucket, key, uri = arena_fmt(a, "%.*s.metadata", BYTES_ARG(output_uri));
    if (a->failed)
        return err_set(e, ERR_NOMEM, NULL);
    if (!store_split_uri(uri, &bucket, &key))
        return err_set(e, ERR_INTERNAL, "The output location is not an S3 URI.");
    return store_path(q->d.store, a, bucket, key, ret, e);
}

static int write_file(const char *tmp, const char *path, struct bytes data, struct err *e) {
    struct vfs *v = vfs_system();
    int fd = v->ops->open(v, tmp, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    int rc = fd < 0 ? fd : vfs_pwrite_all(v, fd, data.ptr, data.len, 0);
    if (fd >= 0)
        v->ops->close(v, fd);
    rc = rc ? rc : v->ops->rename(v, tmp, path);
    if (rc && fd >= 0)
        (void)v->ops->unlink(v, tmp);
    return rc ? err_set_errno(e, ERR_IO, -rc, "The result's metadata cannot be written") : 0;
}

int metadata_write(struct query_service *q, struct bytes id, struct bytes output_uri,
                   struct bytes columns_json, struct err *e) {
    struct buf out = {0};
    struct arena a;
    const char *path = NULL;
    arena_init(&a, 0);
    int rc = metadata_format(&a, id, columns_json, &out, e);
    if (!rc)
        rc = path_of(q, &a, output_uri, &path, e);
    const char *tmp = rc ? NULL : store_tmp_path(q->d.store, &a, ".metadata");
    if (!rc)
        rc = tmp ? write_file(tmp, path, buf_bytes(&out), e) : err_set(e, ERR_NOMEM, NULL);
    buf_clear(&out);
    arena_clear(&a);
    return rc;
}
