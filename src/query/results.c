/* results.c - pages of a finished query's result, read from its file.
 *
 * A .csv result is what the worker wrote: every field in double quotes with "" for a quote, NULL as
 * nothing at all, \n after each row, a header line first. A .txt result (DDL, SHOW, DESCRIBE) has
 * one cell a line. A page reads the file from where the last one stopped, in pieces, so memory is
 * one page's whatever the size of the result; the token is that offset, with a checksum over it and
 * the execution's id. */
#include "base/hash.h"
#include "base/mem.h"
#include "query/query_int.h"
#include <stdio.h>

#define PIECE_BYTES (64 * 1024)
#define ROW_BYTES_MAX (64u << 20)

/* ---- tokens ---- */
static uint32_t token_sum(struct bytes id, uint64_t offset) {
    uint32_t crc = crc32c(0x7a12, id.ptr, id.len);
    return crc32c(crc, &offset, sizeof offset);
}

static bool token_read(struct bytes token, struct bytes id, uint64_t *ret) {
    char text[25];
    unsigned long long offset;
    unsigned sum;
    if (token.len != 24)
        return false;
    memcpy(text, token.ptr, 24);
    text[24] = 0;
    if (sscanf(text, "%16llx%8x", &offset, &sum) != 2 || sum != token_sum(id, offset))
        return false;
    *ret = offset;
    return true;
}

/* ---- the file ---- */
struct reader {
    struct vfs *v;
    int fd;
    uint64_t size, offset; /* of the file; of the next unread byte */
    struct buf piece;      /* bytes from `offset` on */
    size_t used;           /* of the piece */
};

/* One more piece behind what is there; false at the end of the file. */
static int fill(struct reader *r, bool *ret_more, struct err *e) {
    uint64_t at = r->offset + (r->piece.len - r->used);
    size_t want = (size_t)MIN_OF(PIECE_BYTES, r->size - MIN_OF(r->size, at));
    *ret_more = want > 0;
    if (!want)
        return 0;
    if (r->used) {
        memmove(r->piece.ptr, r->piece.ptr + r->used, r->piece.len - r->used);
        r->piece.len -= r->used;
        r->used = 0;
    }
    if (r->piece.len > ROW_BYTES_MAX)
        return err_set(
            e, ERR_INVALID_REQUEST,
            "A row of the result is too large for GetQueryResults; read the result file.");
    char *room = buf_reserve(&r->piece, want);
    if (!room)
        return err_set(e, ERR_NOMEM, NULL);
    int rc = vfs_pread_all(r->v, r->fd, room, want, at);
    if (rc)
        return err_set_errno(e, ERR_IO, -rc, "The result file could not be read");
    r->piece.len += want;
    return 0;
}

/* Length of the row at the front of the bytes with its newline, 0 when it is not all there. */
static size_t row_length(struct bytes v, bool is_csv) {
    bool quoted = false;
    for (size_t i = 0; i < v.len; i++) {
        if (is_csv && v.ptr[i] == '"')
            quoted = !quoted;
        else if (v.ptr[i] == '\n' && !quoted)
            return i + 1;
    }
    return 0;
}

/* 1 and a row without its newline, valid until the next call; 0 at the end. */
static int next_row(struct reader *r, bool is_csv, struct bytes *ret, struct err *e) {
    for (;;) {
        struct bytes rest = bytes_slice(buf_bytes(&r->piece), r->used, r->piece.len);
        size_t n = rest.len ? row_length(rest, is_csv) : 0;
        bool more = false;
        if (n) {
            *ret = bytes_slice(rest, 0, n - 1);
            r->used += n;
            r->offset += n;
            return 1;
        }
        int rc = fill(r, &more, e);
        if (rc)
            return rc;
        if (more)
            continue;
        if (!rest.len)
            return 0;
        *ret = rest;
        r->used += rest.len;
        r->offset += rest.len;
        return 1;
    }
}

/* ---- rows as JSON ---- */
static void write_cell(struct jsonw *w, struct bytes v, bool is_null) {
    jsonw_object(w);
    if (!is_null)
        jsonw_kv_str(w, "VarCharValue", v);
    jsonw_end_object(w);
}

/* Takes one field off a CSV row; its text is in *scratch or the row. */
static struct bytes take_field(struct bytes *row, struct buf *scratch, bool *ret_null) {
    struct bytes v = {0};
    size_t i = 0;
    *ret_null = row->len == 0 || row->ptr[0] != '"';
    if (*ret_null) {
        *row = bytes_cut(*row, ',', &v);
        *ret_null = v.len == 0;
        return v;
    }
    buf_reset(scratch);
    for (i = 1; i < row->len; i++) {
        if (row->ptr[i] == '"' && !(i + 1 < row->len && row->ptr[i + 1] == '"'))
            break;
        i += row->ptr[i] == '"';
        buf_add_char(scratch, row->ptr[i]);
    }
    i = MIN_OF(i + 1, row->len);
    *row = i < row->len ? bytes_slice(*row, i + 1, row->len) : (struct bytes){0};
    return bytes_of(scratch->ptr ? scratch->ptr : "", scratch->len);
}

static void write_row(struct jsonw *w, struct bytes row, bool is_csv, size_t columns,
                      struct buf *scratch) {
    jsonw_object(w);
    jsonw_name(w, "Data");
    jsonw_array(w);
    if (!is_csv)
        write_cell(w, row, false);
    for (size_t i = 0; is_csv && i < columns; i++) {
        bool is_null;
        struct bytes v = take_field(&row, scratch, &is_null);
        write_cell(w, v, is_null);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
    w->out->failed |= scratch->failed;
}

/* ---- the answer ---- */
static int check_state(const struct json *qe, struct err *e) {
    struct bytes state = json_get_str(json_get(qe, "Status"), "State");
    if (bytes_eq_str(state, "SUCCEEDED"))
        return 0;
    if (bytes_eq_str(state, "FAILED") || bytes_eq_str(state, "CANCELLED"))
        return err_set(e, ERR_INVALID_REQUEST,
                       "Query did not finish successfully. Final query state: %.*s",
                       BYTES_ARG(state));
    return err_set(e, ERR_INVALID_REQUEST, "Query has not yet finished. Current state: %.*s",
                   BYTES_ARG(state));
}

static int load(struct query_service *q, struct arena *a, struct bytes id, struct json **ret,
                struct err *e) {
    struct catalog_doc d;
    int rc = catalog_doc_get(q->d.catalog, a, QUERY_KIND, id, &d, e);
    if (rc == ERR_RESOURCE_NOT_FOUND)
        return err_set(e, ERR_INVALID_REQUEST, "QueryExecution %.*s was not found", BYTES_ARG(id));
    if (!rc)
        rc = json_parse(a, d.json, ret, e);
    return rc ? rc : check_state(json_get(*ret, "QueryExecution"), e);
}

static int open_file(struct query_service *q, struct arena *a, const struct json *root,
                     struct reader *r, bool *ret_csv, struct err *e) {
    const struct json *qe = json_get(root, "QueryExecution");
    struct bytes uri = json_get_str(json_get(qe, "ResultConfiguration"), "OutputLocation");
    struct bytes bucket, key;
    struct store_meta meta;
    struct err why;
    *ret_csv = bytes_ends_with(uri, BYTES(".csv"));
    if (!store_split_uri(uri, &bucket, &key))
        return err_set(e, ERR_INTERNAL, "The output location is not an S3 URI.");
    if (store_get(q->d.store, a, bucket, key, &meta, &r->fd, &why))
        return err_set(e, ERR_INVALID_REQUEST, "Could not find results: %.*s is gone (%s)",
                       BYTES_ARG(uri), why.text);
    r->size = meta.size_bytes;
    return 0;
}

static void write_end(struct jsonw *w, const struct json *root, struct bytes id,
                      uint64_t next_offset) {
    const struct json *columns = json_get(root, "Columns");
    jsonw_end_array(w);
    jsonw_name(w, "ResultSetMetadata");
    jsonw_object(w);
    jsonw_name(w, "ColumnInfo");
    if (columns)
        jsonw_tree(w, columns);
    else
        jsonw_raw(w, BYTES("[]"));
    jsonw_end_object(w);
    jsonw_end_object(w);
    jsonw_kv_i64(w, "UpdateCount", json_get_i64(root, "UpdateCount", 0));
    if (next_offset) {
        char token[32];
        snprintf(token, sizeof token, "%016llx%08x", (unsigned long long)next_offset,
                 token_sum(id, next_offset));
        jsonw_kv_cstr(w, "NextToken", token);
    }
    jsonw_end_object(w);
}

static int write_page(struct reader *r, bool is_csv, const struct json *root, struct bytes id,
                      size_t max_rows, struct buf *out, struct err *e) {
    const struct json *columns = json_get(root, "Columns");
    struct jsonw w = jsonw_to(out);
    struct buf scratch = {0};
    size_t n = columns ? columns->count : 0;
    int rc = 1;
    jsonw_object(&w);
    jsonw_name(&w, "ResultSet");
    jsonw_object(&w);
    jsonw_name(&w, "Rows");
    jsonw_array(&w);
    for (size_t i = 0; rc == 1 && r->fd >= 0 && i < max_rows; i++) {
        struct bytes row = {0};
        rc = next_row(r, is_csv, &row, e);
        if (rc == 1)
            write_row(&w, row, is_csv, n, &scratch);
    }
    write_end(&w, root, id, r->offset < r->size ? r->offset : 0);
    buf_clear(&scratch);
    if (rc < 0)
        return rc;
    return buf_ok(out) ? 0 : err_set(e, ERR_NOMEM, NULL);
}

/* Executions under way are not asked of their document, which says how they began. */
static int check_ended(struct query_service *q, struct bytes id, struct err *e) {
    pthread_mutex_lock(&q->lock);
    const struct exec *x = exec_find(q, id);
    bool queued = x && x->state == EXEC_QUEUED, running = x && x->state == EXEC_RUNNING;
    pthread_mutex_unlock(&q->lock);
    if (!queued && !running)
        return 0;
    return err_set(e, ERR_INVALID_REQUEST, "Query has not yet finished. Current state: %s",
                   queued ? "QUEUED" : "RUNNING");
}

int query_results(struct query_service *q, struct arena *a, struct bytes id, size_t max_rows,
                  struct bytes token, struct buf *out, struct err *e) {
    struct reader r = {.v = vfs_system(), .fd = -1};
    struct json *root = NULL;
    bool is_csv = false;
    int rc = check_ended(q, id, e);
    if (!rc)
        rc = load(q, a, id, &root, e);
    if (!rc && token.len && !token_read(token, id, &r.offset))
        rc = err_set(e, ERR_INVALID_REQUEST,
                     "Invalid NextToken: pass the one of the previous answer unchanged.");
    if (!rc && !json_get(root, "UpdateCount")) /* those that write have no rows */
        rc = open_file(q, a, root, &r, &is_csv, e);
    if (!rc)
        rc = write_page(&r, is_csv, root, id, max_rows, out, e);
    if (r.fd >= 0)
        r.v->ops->close(r.v, r.fd);
    buf_clear(&r.piece);
    return rc;
}
