/* classifier.c - classifiers: stored as documents, honoured when a crawl can.
 *
 * {"kind": "CsvClassifier", "members": as sent, "created_ms", "updated_ms", "version"} */
#include "crawl/crawl_int.h"

static const char *const kinds[] = {"CsvClassifier", "JsonClassifier", "XMLClassifier",
                                    "GrokClassifier"};

/* The request has CsvClassifier, JsonClassifier, XMLClassifier or GrokClassifier. */
static int find_kind(const struct json *in, const char **ret_kind, const struct json **ret,
                     struct err *e) {
    *ret = NULL;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct json *j = json_get(in, kinds[i]);
        if (j && *ret)
            return err_set(e, ERR_INVALID_INPUT, "Give one classifier, not several.");
        if (j) {
            *ret = j;
            *ret_kind = kinds[i];
        }
    }
    if (!*ret || !json_get_str(*ret, "Name").len)
        return err_set(e, ERR_INVALID_INPUT,
                       "Give one of CsvClassifier, JsonClassifier, XMLClassifier and "
                       "GrokClassifier, with a Name.");
    return 0;
}

static int check(const char *kind, const struct json *j, struct err *e) {
    struct bytes delimiter = json_get_str(j, "Delimiter"), quote = json_get_str(j, "QuoteSymbol"),
                 header = json_get_str(j, "ContainsHeader");
    if (kind == kinds[1] && !json_get_str(j, "JsonPath").len)
        return err_set(e, ERR_INVALID_INPUT, "A JSON classifier needs a JsonPath.");
    if (kind != kinds[0])
        return 0;
    if (delimiter.len > 1 || quote.len > 1)
        return err_set(e, ERR_INVALID_INPUT,
                       "A CSV classifier's Delimiter and QuoteSymbol are one character each.");
    if (delimiter.len && bytes_eq(delimiter, quote))
        return err_set(e, ERR_INVALID_INPUT, "Delimiter and QuoteSymbol must differ.");
    if (header.len && !bytes_eq_str(header, "UNKNOWN") && !bytes_eq_str(header, "PRESENT") &&
        !bytes_eq_str(header, "ABSENT"))
        return err_set(e, ERR_INVALID_INPUT, "ContainsHeader must be UNKNOWN, PRESENT or ABSENT.");
    return 0;
}

static int store(struct crawl_service *s, const char *kind, const struct json *members,
                 int64_t created_ms, int64_t version, bool create, struct err *e) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    int64_t now = clock_wall_ms(s->d.clock);
    struct bytes name = json_get_str(members, "Name");
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "kind", kind);
    jsonw_name(&w, "members");
    jsonw_tree(&w, members);
    jsonw_kv_i64(&w, "created_ms", created_ms ? created_ms : now);
    jsonw_kv_i64(&w, "updated_ms", now);
    jsonw_kv_i64(&w, "version", version);
    jsonw_end_object(&w);
    int rc = !buf_ok(&out) ? err_set(e, ERR_NOMEM, NULL)
             : create
                 ? catalog_doc_create(s->d.catalog, CLASSIFIER_KIND, name, 0, buf_bytes(&out), e)
                 : catalog_doc_put(s->d.catalog, CLASSIFIER_KIND, name, 0, buf_bytes(&out), -1, e);
    buf_clear(&out);
    if (rc == ERR_ALREADY_EXISTS)
        return err_set(e, rc, "Classifier %.*s already exists", BYTES_ARG(name));
    return rc;
}

int crawl_classifier_create(struct crawl_service *s, const struct json *in, struct err *e) {
    const struct json *members;
    const char *kind = NULL;
    int rc = find_kind(in, &kind, &members, e);
    rc = rc ? rc : check(kind, members, e);
    return rc ? rc : store(s, kind, members, 0, 1, true, e);
}

static int missing(struct bytes name, int rc, struct err *e) {
    return rc != ERR_RESOURCE_NOT_FOUND
               ? rc
               : err_set(e, ERR_ENTITY_NOT_FOUND, "Classifier with name %.*s not found",
                         BYTES_ARG(name));
}
int crawl_classifier_get(struct crawl_service *s, struct arena *a, struct bytes name,
                         struct catalog_doc *ret, struct err *e) {
    return missing(name, catalog_doc_get(s->d.catalog, a, CLASSIFIER_KIND, name, ret, e), e);
}
int crawl_classifier_delete(struct crawl_service *s, struct bytes name, struct err *e) {
    return missing(name, catalog_doc_delete(s->d.catalog, CLASSIFIER_KIND, name, e), e);
}
int crawl_classifier_list(struct crawl_service *s, struct arena *a, struct bytes after, size_t max,
                          struct catalog_doc **ret, size_t *ret_count, struct err *e) {
    return catalog_doc_list(s->d.catalog, a, CLASSIFIER_KIND, false, 0, after, max, ret, ret_count,
                            e);
}

/* Members given replace those stored. */
static int merge(struct arena *a, const struct json *stored, const struct json *changes,
                 struct json **ret, struct err *e) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    jsonw_object(&w);
    JSON_FOR_EACH(m, stored) {
        if (json_get(changes, arena_cstr(a, m->name)))
            continue;
        jsonw_name_bytes(&w, m->name);
        jsonw_tree(&w, m);
    }
    JSON_FOR_EACH(m, changes) {
        jsonw_name_bytes(&w, m->name);
        jsonw_tree(&w, m);
    }
    jsonw_end_object(&w);
    struct bytes text = buf_ok(&out) ? arena_copy(a, buf_bytes(&out)) : (struct bytes){0};
    buf_clear(&out);
    return text.ptr ? json_parse(a, text, ret, e) : err_set(e, ERR_NOMEM, NULL);
}
int crawl_classifier_update(struct crawl_service *s, const struct json *in, struct err *e) {
    const struct json *changes;
    const char *kind = NULL;
    struct catalog_doc doc;
    struct json *j, *members;
    struct arena a;
    int rc = find_kind(in, &kind, &changes, e);
    if (rc)
        return rc;
    arena_init(&a, 0);
    rc = crawl_classifier_get(s, &a, json_get_str(changes, "Name"), &doc, e);
    rc = rc ? rc : json_parse(&a, doc.json, &j, e);
    if (!rc && !bytes_eq_str(json_get_str(j, "kind"), kind))
        rc = err_set(e, ERR_INVALID_INPUT, "The classifier is a %.*s.",
                     BYTES_ARG(json_get_str(j, "kind")));
    rc = rc ? rc : merge(&a, json_get(j, "members"), changes, &members, e);
    rc = rc ? rc : check(kind, members, e);
    rc = rc ? rc
            : store(s, kind, members, json_get_i64(j, "created_ms", 0),
                    json_get_i64(j, "version", 1) + 1, false, e);
    arena_clear(&a);
    return rc;
}

/* ---- for a crawl ---- */
static void write_rule(struct jsonw *w, const struct json *m) {
    jsonw_object(w);
    jsonw_kv_str(w, "delimiter", json_get_str(m, "Delimiter"));
    jsonw_kv_str(w, "quote", json_get_str(m, "QuoteSymbol"));
    jsonw_kv_str(w, "header", json_get_str(m, "ContainsHeader"));
    jsonw_kv_bool(w, "single", json_get_bool(m, "AllowSingleColumn", false));
    if (json_get(m, "Header")) {
        jsonw_name(w, "names");
        jsonw_tree(w, json_get(m, "Header"));
    }
    jsonw_end_object(w);
}
static int add_rule(struct jsonw *w, struct bytes name, const struct json *doc, struct err *e) {
    struct bytes kind = json_get_str(doc, "kind");
    const struct json *m = json_get(doc, "members");
    struct bytes path = json_get_str(m, "JsonPath");
    if (bytes_eq_str(kind, kinds[0])) {
        write_rule(w, m);
        return 0;
    }
    if (bytes_eq_str(kind, kinds[1]) && (bytes_eq_str(path, "$[*]") || bytes_eq_str(path, "$")))
        return 0; /* what a crawl does with an array anyway */
    return err_set(e, ERR_INVALID_INPUT,
                   "Classifier %.*s (%.*s) cannot be used by a crawl: CSV classifiers and the JSON "
                   "path $[*] can.",
                   BYTES_ARG(name), BYTES_ARG(kind));
}
int crawl_csv_rules(struct catalog *c, struct arena *a, const struct json *names, struct bytes *ret,
                    struct err *e) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    int rc = 0;
    jsonw_array(&w);
    JSON_FOR_EACH(name, names) {
        struct catalog_doc doc;
        struct json *j;
        rc = missing(name->text, catalog_doc_get(c, a, CLASSIFIER_KIND, name->text, &doc, e), e);
        rc = rc ? rc : json_parse(a, doc.json, &j, e);
        rc = rc ? rc : add_rule(&w, name->text, j, e);
        if (rc)
            break;
    }
    jsonw_end_array(&w);
    *ret = buf_ok(&out) ? arena_copy(a, buf_bytes(&out)) : (struct bytes){0};
    buf_clear(&out);
    return rc || ret->ptr ? rc : err_set(e, ERR_NOMEM, NULL);
}
