/* workgroup.c - workgroups: documents that hold the WorkGroup object, and where results go. */
#include "base/mem.h"
#include "query/query_int.h"

#define ENGINE                                                                                     \
    "{\"SelectedEngineVersion\":\"AUTO\",\"EffectiveEngineVersion\":\"Athena engine version 3\"}"

static int put(struct query_service *q, struct bytes name, const struct buf *json, bool create,
               struct err *e) {
    if (!buf_ok(json))
        return err_set(e, ERR_NOMEM, NULL);
    int64_t now = clock_wall_ms(q->d.clock);
    return create
               ? catalog_doc_create(q->d.catalog, WORKGROUP_KIND, name, now, buf_bytes(json), e)
               : catalog_doc_put(q->d.catalog, WORKGROUP_KIND, name, now, buf_bytes(json), -1, e);
}

/* Configuration with AWS's defaults for what is not given. */
static void write_configuration(struct jsonw *w, const struct json *c) {
    static const struct {
        const char *name, *json;
    } defaults[] = {{"ResultConfiguration", "{}"},
                    {"EnforceWorkGroupConfiguration", "true"},
                    {"PublishCloudWatchMetricsEnabled", "false"},
                    {"RequesterPaysEnabled", "false"},
                    {"EnableMinimumEncryptionConfiguration", "false"},
                    {"EngineVersion", ENGINE}};
    jsonw_name(w, "Configuration");
    jsonw_object(w);
    JSON_FOR_EACH(m, c) {
        if (m->kind == JSON_NULL || bytes_eq_str(m->name, "EngineVersion"))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    for (size_t i = 0; i < COUNT_OF(defaults); i++)
        if (!json_get(c, defaults[i].name) ||
            bytes_eq_str(bytes_str(defaults[i].name), "EngineVersion"))
            jsonw_kv_raw(w, defaults[i].name, bytes_str(defaults[i].json));
    jsonw_end_object(w);
}

static void write_workgroup(struct jsonw *w, struct bytes name, struct bytes state,
                            struct bytes description, const struct json *configuration,
                            int64_t created_ms) {
    jsonw_object(w);
    jsonw_kv_str(w, "Name", name);
    jsonw_kv_str(w, "State", state.len ? state : BYTES("ENABLED"));
    write_configuration(w, configuration);
    jsonw_kv_str(w, "Description", description);
    jsonw_kv_time_ms(w, "CreationTime", created_ms);
    jsonw_end_object(w);
}

/* The primary workgroup, made at the first start. */
int workgroup_open(struct query_service *q, struct err *e) {
    struct buf text = {0}, json = {0};
    struct jsonw w = jsonw_to(&text);
    struct arena a;
    struct json *configuration = NULL;
    arena_init(&a, 0);
    jsonw_object(&w);
    jsonw_name(&w, "ResultConfiguration");
    jsonw_object(&w);
    jsonw_kv_cstr(&w, "OutputLocation", q->default_location);
    jsonw_end_object(&w);
    jsonw_kv_bool(&w, "EnforceWorkGroupConfiguration", false);
    jsonw_end_object(&w);
    int rc = buf_ok(&text) ? json_parse(&a, buf_bytes(&text), &configuration, e)
                           : err_set(e, ERR_NOMEM, NULL);
    if (!rc) {
        struct jsonw out = jsonw_to(&json);
        write_workgroup(&out, BYTES("primary"), BYTES(""), BYTES(""), configuration,
                        clock_wall_ms(q->d.clock));
        rc = put(q, BYTES("primary"), &json, true, e);
    }
    buf_clear(&text);
    buf_clear(&json);
    arena_clear(&a);
    return rc == ERR_ALREADY_EXISTS ? 0 : rc;
}

static int not_found(struct bytes name, struct err *e) {
    return err_set(e, ERR_INVALID_REQUEST, "WorkGroup %.*s is not found.", BYTES_ARG(name));
}

static int load(struct query_service *q, struct arena *a, struct bytes name, struct json **ret,
                struct bytes *ret_text, struct err *e) {
    struct catalog_doc d;
    int rc = catalog_doc_get(q->d.catalog, a, WORKGROUP_KIND, name, &d, e);
    if (rc == ERR_RESOURCE_NOT_FOUND)
        return not_found(name, e);
    if (!rc)
        rc = json_parse(a, d.json, ret, e);
    if (!rc && ret_text)
        *ret_text = d.json;
    return rc;
}

static bool valid_name(struct bytes name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '.' && c != '_' && c != '-')
            return false;
    }
    return name.len >= 1 && name.len <= 128;
}

int query_workgroup_create(struct query_service *q, const struct json *request, struct err *e) {
    struct bytes name = json_get_str(request, "Name");
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    if (!valid_name(name))
        return err_set(e, ERR_INVALID_REQUEST,
                       "A workgroup name has 1 to 128 letters, digits, '.', '_' or '-'.");
    write_workgroup(&w, name, BYTES(""), json_get_str(request, "Description"),
                    json_get(request, "Configuration"), clock_wall_ms(q->d.clock));
    int rc = put(q, name, &json, true, e);
    if (rc == ERR_ALREADY_EXISTS)
        rc = err_set(e, ERR_INVALID_REQUEST, "WorkGroup %.*s already exists", BYTES_ARG(name));
    buf_clear(&json);
    return rc;
}

/* ConfigurationUpdates over the old configuration; its result location may be changed or removed.
 */
static void write_updated(struct jsonw *w, const struct json *old, const struct json *updates) {
    const struct json *results = json_get(updates, "ResultConfigurationUpdates");
    jsonw_object(w);
    JSON_FOR_EACH(m, old) {
        char name[64];
        size_t n = MIN_OF(m->name.len, sizeof name - 1);
        memcpy(name, m->name.ptr, n);
        name[n] = 0;
        if (json_get(updates, name) || (results && strcmp(name, "ResultConfiguration") == 0))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    JSON_FOR_EACH(m, updates) {
        if (m == results || m->kind == JSON_NULL)
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    if (results) {
        struct bytes location = json_get_str(results, "OutputLocation");
        if (!location.len && !json_get_bool(results, "RemoveOutputLocation", false))
            location = json_get_str(json_get(old, "ResultConfiguration"), "OutputLocation");
        jsonw_name(w, "ResultConfiguration");
        jsonw_object(w);
        if (location.len)
            jsonw_kv_str(w, "OutputLocation", location);
        jsonw_end_object(w);
    }
    jsonw_end_object(w);
}

static int update(struct query_service *q, struct arena *a, const struct json *request,
                  struct buf *merged, struct buf *json, struct err *e) {
    struct bytes name = json_get_str(request, "WorkGroup");
    struct json *old = NULL, *configuration = NULL;
    int rc = load(q, a, name, &old, NULL, e);
    if (rc)
        return rc;
    struct jsonw m = jsonw_to(merged), w = jsonw_to(json);
    write_updated(&m, json_get(old, "Configuration"), json_get(request, "ConfigurationUpdates"));
    rc = buf_ok(merged) ? json_parse(a, buf_bytes(merged), &configuration, e)
                        : err_set(e, ERR_NOMEM, NULL);
    if (rc)
        return rc;
    struct bytes state = json_get_str(request, "State");
    struct bytes text = json_get_str(request, "Description");
    write_workgroup(&w, name, state.len ? state : json_get_str(old, "State"),
                    text.ptr ? text : json_get_str(old, "Description"), configuration,
                    (int64_t)(json_get_f64(old, "CreationTime", 0) * 1000));
    return put(q, name, json, false, e);
}

int query_workgroup_update(struct query_service *q, const struct json *request, struct err *e) {
    struct buf merged = {0}, json = {0};
    struct arena a;
    arena_init(&a, 0);
    int rc = update(q, &a, request, &merged, &json, e);
    arena_clear(&a);
    buf_clear(&merged);
    buf_clear(&json);
    return rc;
}

int query_workgroup_get(struct query_service *q, struct arena *a, struct bytes name,
                        struct bytes *ret_json, struct err *e) {
    struct json *root;
    return load(q, a, name, &root, ret_json, e);
}

int query_workgroup_delete(struct query_service *q, struct bytes name, struct err *e) {
    if (bytes_eq_str(name, "primary"))
        return err_set(e, ERR_INVALID_REQUEST, "The primary workgroup can not be deleted.");
    int rc = catalog_doc_delete(q->d.catalog, WORKGROUP_KIND, name, e);
    return rc == ERR_RESOURCE_NOT_FOUND ? not_found(name, e) : rc;
}

int query_workgroup_list(struct query_service *q, struct arena *a, struct bytes after, size_t max,
                         struct bytes **ret_jsons, size_t *ret_count, struct err *e) {
    struct catalog_doc *d = NULL;
    int rc =
        catalog_doc_list(q->d.catalog, a, WORKGROUP_KIND, false, 0, after, max, &d, ret_count, e);
    if (rc)
        return rc;
    struct bytes *v = ARENA_NEW_N(a, struct bytes, *ret_count + 1);
    if (!v)
        return err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < *ret_count; i++)
        v[i] = d[i].json;
    *ret_jsons = v;
    return 0;
}

/* ---- where results go ---- */
static int check_bucket(struct query_service *q, struct bytes location, struct err *e) {
    struct bytes bucket, key, own, own_key;
    struct err why;
    int64_t created;
    if (!store_split_uri(location, &bucket, &key) || bucket.len == 0)
        return err_set(e, ERR_INVALID_REQUEST,
                       "outputLocation is not a valid S3 path: %.*s (expected s3://bucket/prefix/)",
                       BYTES_ARG(location));
    if (!store_bucket_check(q->d.store, bucket, &created, &why))
        return 0;
    if (store_split_uri(bytes_str(q->default_location), &own, &own_key) && bytes_eq(own, bucket)) {
        int rc = store_bucket_create(q->d.store, bucket, &why);
        if (!rc || !store_bucket_check(q->d.store, bucket, &created, &why))
            return 0;
    }
    return err_set(e, ERR_INVALID_REQUEST, "Unable to verify/create output bucket %.*s",
                   BYTES_ARG(bucket));
}

int workgroup_location(struct query_service *q, struct arena *a, struct bytes workgroup,
                       struct bytes requested, struct bytes *ret, struct err *e) {
    struct json *root = NULL;
    int rc = load(q, a, workgroup, &root, NULL, e);
    if (rc)
        return rc;
    if (bytes_eq_str(json_get_str(root, "State"), "DISABLED"))
        return err_set(e, ERR_INVALID_REQUEST, "WorkGroup %.*s is disabled.", BYTES_ARG(workgroup));
    const struct json *c = json_get(root, "Configuration");
    struct bytes own = json_get_str(json_get(c, "ResultConfiguration"), "OutputLocation");
    bool enforced = json_get_bool(c, "EnforceWorkGroupConfiguration", true) && own.len;
    struct bytes location = requested.len && !enforced ? requested : own;
    if (location.len == 0)
        return err_set(e, ERR_INVALID_REQUEST,
                       "No output location provided. An output location is required either through "
                       "the Workgroup result configuration setting or as an API input.");
    rc = check_bucket(q, location, e);
    if (rc)
        return rc;
    *ret = arena_fmt(a, "%.*s%s", BYTES_ARG(location),
                     bytes_ends_with(location, BYTES("/")) ? "" : "/");
    return a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}
