/* state.c - a crawler's memory: one document with the folders it has seen, how they looked, what
 * they were tables of, and the tables it made.
 *
 *     {"signature": n, "schemas": [..], "folders": [[uri, digest, [[schema, files, bytes, rows,
 *      file, why]..]]..], "tables": [[database, name, location]..]}
 *
 * Folders share schemas by index. A document that cannot be read is as good as none: everything is
 * asked again. */
#include "base/log.h"
#include "crawl/crawl_int.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- reading ---- */
static int seen_order(const void *x, const void *y) {
    return bytes_cmp(((const struct crawl_seen *)x)->uri, ((const struct crawl_seen *)y)->uri);
}
static int64_t number_at(const struct json *list, size_t i) {
    int64_t n = 0;
    const struct json *j = json_at(list, i);
    return j && json_to_i64(j, &n) ? n : 0;
}
static struct bytes text_at(const struct json *list, size_t i) {
    const struct json *j = json_at(list, i);
    return j && j->kind == JSON_STRING ? j->text : BYTES("");
}

static int read_parts(struct arena *a, const struct json *list, struct crawl_schema **schemas,
                      size_t schema_count, struct crawl_seen *s) {
    s->parts = ARENA_NEW_N(a, struct crawl_part, (list ? list->count : 0) + 1);
    if (!s->parts)
        return ERR_NOMEM;
    JSON_FOR_EACH(j, list) {
        int64_t schema = number_at(j, 0);
        if (schema < 0 || (size_t)schema >= schema_count)
            return ERR_CORRUPT;
        s->parts[s->part_count++] = (struct crawl_part){.schema = schemas[schema],
                                                        .files = number_at(j, 1),
                                                        .bytes = number_at(j, 2),
                                                        .rows = number_at(j, 3),
                                                        .file = text_at(j, 4),
                                                        .why = text_at(j, 5)};
    }
    return 0;
}

static int read_schemas(struct arena *a, const struct json *list, struct crawl_schema ***ret,
                        size_t *ret_count) {
    *ret = ARENA_NEW_N(a, struct crawl_schema *, (list ? list->count : 0) + 1);
    *ret_count = 0;
    JSON_FOR_EACH(j, list) {
        if (!*ret || !((*ret)[(*ret_count)++] = schema_read(a, j)))
            return ERR_NOMEM;
    }
    return *ret ? 0 : ERR_NOMEM;
}

static int read_folders(const struct json *doc, struct crawl_memory *m) {
    const struct json *folders = json_get(doc, "folders");
    struct crawl_schema **schemas;
    size_t schema_count;
    int rc = read_schemas(m->arena, json_get(doc, "schemas"), &schemas, &schema_count);
    m->seen =
        rc ? NULL : ARENA_NEW_N(m->arena, struct crawl_seen, (folders ? folders->count : 0) + 1);
    if (!m->seen)
        return ERR_NOMEM;
    JSON_FOR_EACH(j, folders) {
        struct crawl_seen *s = &m->seen[m->seen_count++];
        const struct json *digest = json_at(j, 1);
        s->uri = text_at(j, 0);
        if (!digest || !bytes_to_u64(digest->text, &s->digest))
            return ERR_CORRUPT;
        rc = read_parts(m->arena, json_at(j, 2), schemas, schema_count, s);
        if (rc)
            return rc;
    }
    qsort(m->seen, m->seen_count, sizeof *m->seen, seen_order);
    return 0;
}

int crawl_remember_table(struct crawl_memory *m, struct bytes database, struct bytes name,
                         struct bytes location) {
    if (m->table_count == m->table_room) {
        size_t room = m->table_room ? 2 * m->table_room : 16;
        struct crawl_seen_table *grown = ARENA_NEW_N(m->arena, struct crawl_seen_table, room);
        if (!grown)
            return ERR_NOMEM;
        if (m->table_count)
            memcpy(grown, m->tables, m->table_count * sizeof *grown);
        m->tables = grown;
        m->table_room = room;
    }
    m->tables[m->table_count++] = (struct crawl_seen_table){database, name, location};
    return 0;
}

static int read_memory(const struct json *doc, struct crawl_memory *m) {
    uint64_t signature = 0;
    int rc = 0;
    JSON_FOR_EACH(j, json_get(doc, "tables"))
    rc = rc ? rc : crawl_remember_table(m, text_at(j, 0), text_at(j, 1), text_at(j, 2));
    const struct json *own = json_get(doc, "signature");
    if (rc || !own || !bytes_to_u64(own->text, &signature) || signature != m->signature)
        return rc;
    return read_folders(doc, m);
}

int crawl_memory_load(struct catalog *c, struct arena *a, struct bytes crawler, uint64_t signature,
                      struct crawl_memory *ret, struct err *e) {
    struct catalog_doc doc;
    struct json *j;
    struct err why = {0};
    *ret = (struct crawl_memory){.arena = a, .signature = signature};
    int rc = catalog_doc_get(c, a, CRAWLER_STATE_KIND, crawler, &doc, &why);
    if (rc == ERR_RESOURCE_NOT_FOUND)
        return 0;
    rc = rc ? rc : json_parse(a, doc.json, &j, &why);
    rc = rc ? rc : read_memory(j, ret);
    if (rc == ERR_NOMEM)
        return err_set(e, rc, NULL);
    if (rc) {
        log_write(LOG_WARN, "crawl", "what crawler %.*s saw before cannot be read and is forgotten",
                  BYTES_ARG(crawler));
        *ret = (struct crawl_memory){.arena = a, .signature = signature};
    }
    return 0;
}

const struct crawl_seen *crawl_memory_find(const struct crawl_memory *m, struct bytes uri) {
    struct crawl_seen key = {.uri = uri};
    return m->seen_count ? bsearch(&key, m->seen, m->seen_count, sizeof key, seen_order) : NULL;
}

/* ---- writing ---- */
struct writer {
    struct arena arena;
    struct buf folders, schemas;
    struct jsonw w;
    struct bytes *texts; /* schemas written, in order */
    const struct crawl_schema **pointers;
    size_t count, room;
};

static bool grow(struct writer *x) {
    size_t room = x->room ? 2 * x->room : 64;
    struct bytes *texts = ARENA_NEW_N(&x->arena, struct bytes, room);
    const struct crawl_schema **pointers =
        ARENA_NEW_N(&x->arena, const struct crawl_schema *, room);
    if (!texts || !pointers)
        return false;
    if (x->count) {
        memcpy(texts, x->texts, x->count * sizeof *texts);
        memcpy(pointers, x->pointers, x->count * sizeof *pointers);
    }
    x->texts = texts;
    x->pointers = pointers;
    x->room = room;
    return true;
}

/* The schema's place in the list; neighbours mostly share one, so the latest are tried first. */
static int64_t schema_index(struct writer *x, const struct crawl_schema *s) {
    for (size_t i = x->count; i-- > 0;)
        if (x->pointers[i] == s)
            return (int64_t)i;
    struct buf text = {0};
    struct jsonw w = jsonw_to(&text);
    schema_write(&w, s);
    size_t at = 0;
    while (at < x->count && !bytes_eq(x->texts[at], buf_bytes(&text)))
        at++;
    if (at == x->count && buf_ok(&text) && (x->count < x->room || grow(x))) {
        x->texts[at] = arena_copy(&x->arena, buf_bytes(&text));
        x->pointers[at] = s;
        buf_add_str(&x->schemas, at ? "," : "");
        buf_add(&x->schemas, buf_bytes(&text));
        x->count++;
    }
    x->schemas.failed |= !buf_ok(&text) || at == x->count;
    buf_clear(&text);
    return (int64_t)at;
}

static void write_folder(struct writer *x, struct bytes uri, uint64_t digest,
                         const struct crawl_part *parts, size_t n) {
    struct jsonw *w = &x->w;
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)digest);
    jsonw_array(w);
    jsonw_str(w, uri);
    jsonw_cstr(w, number);
    jsonw_array(w);
    for (size_t i = 0; i < n; i++) {
        jsonw_array(w);
        jsonw_i64(w, schema_index(x, parts[i].schema));
        jsonw_i64(w, parts[i].files);
        jsonw_i64(w, parts[i].bytes);
        jsonw_i64(w, parts[i].rows);
        jsonw_str(w, parts[i].file);
        jsonw_str(w, parts[i].why);
        jsonw_end_array(w);
    }
    jsonw_end_array(w);
    jsonw_end_array(w);
}

static int uri_order(const void *x, const void *y) {
    return bytes_cmp(*(const struct bytes *)x, *(const struct bytes *)y);
}

/* Folders of this crawl; then, when asked, those that only earlier ones saw. */
static int write_folders(struct writer *x, const struct crawl_memory *m,
                         struct crawl_folder *const *roots, size_t root_count, bool keep_old) {
    size_t n = 0, i = 0;
    for (size_t r = 0; r < root_count; r++)
        for (struct crawl_folder *f = roots[r]; f; f = crawl_folder_next(roots[r], f))
            n += f->file_count > 0;
    struct bytes *uris = ARENA_NEW_N(&x->arena, struct bytes, n + 1);
    if (!uris)
        return ERR_NOMEM;
    for (size_t r = 0; r < root_count; r++)
        for (struct crawl_folder *f = roots[r]; f; f = crawl_folder_next(roots[r], f)) {
            if (!f->file_count)
                continue;
            write_folder(x, f->uri, f->digest, f->parts, f->part_count);
            uris[i++] = f->uri;
        }
    qsort(uris, n, sizeof *uris, uri_order);
    for (size_t k = 0; keep_old && k < m->seen_count; k++)
        if (!bsearch(&m->seen[k].uri, uris, n, sizeof *uris, uri_order))
            write_folder(x, m->seen[k].uri, m->seen[k].digest, m->seen[k].parts,
                         m->seen[k].part_count);
    return 0;
}

static void write_memory(struct buf *out, const struct writer *x, const struct crawl_memory *m) {
    struct jsonw w = jsonw_to(out);
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)m->signature);
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "signature", number);
    jsonw_name(&w, "schemas");
    jsonw_array(&w);
    jsonw_raw(&w, x->schemas.len ? buf_bytes(&x->schemas) : BYTES(""));
    jsonw_end_array(&w);
    jsonw_kv_raw(&w, "folders", buf_bytes(&x->folders));
    jsonw_name(&w, "tables");
    jsonw_array(&w);
    for (size_t i = 0; i < m->table_count; i++) {
        jsonw_array(&w);
        jsonw_str(&w, m->tables[i].database);
        jsonw_str(&w, m->tables[i].name);
        jsonw_str(&w, m->tables[i].location);
        jsonw_end_array(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    out->failed |= !buf_ok(&x->schemas) || !buf_ok(&x->folders);
}

int crawl_memory_save(struct catalog *c, struct bytes crawler, const struct crawl_memory *m,
                      struct crawl_folder *const *roots, size_t root_count, bool keep_old,
                      struct err *e) {
    struct writer x = {0};
    struct buf out = {0};
    arena_init(&x.arena, 0);
    x.w = jsonw_to(&x.folders);
    jsonw_array(&x.w);
    int rc = write_folders(&x, m, roots, root_count, keep_old);
    jsonw_end_array(&x.w);
    if (!rc)
        write_memory(&out, &x, m);
    rc = rc || !buf_ok(&out)
             ? err_set(e, ERR_NOMEM, NULL)
             : catalog_doc_put(c, CRAWLER_STATE_KIND, crawler, 0, buf_bytes(&out), -1, e);
    buf_clear(&out);
    buf_clear(&x.folders);
    buf_clear(&x.schemas);
    arena_clear(&x.arena);
    return rc;
}
