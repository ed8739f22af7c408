/* workgroup.c - workgroups: documents that hold the WorkGroup object, and where results go.
 *
 * The primary workgroup shows no output location, as AWS's does; its results go to the server's
 * default location all the same, so that a first query works without any setting. */
#include "base/mem.h"
#include "query/query_int.h"
#include <stdio.h>

#define V3 "Athena engine version 3"

static int put(struct query_service *q, struct bytes name, const struct buf *json, bool create,
               struct err *e) {
    if (!buf_ok(json))
        return err_set(e, ERR_NOMEM, NULL);
    int64_t now = clock_wall_ms(q->d.clock);
    return create
               ? catalog_doc_create(q->d.catalog, WORKGROUP_KIND, name, now, buf_bytes(json), e)
               : catalog_doc_put(q->d.catalog, WORKGROUP_KIND, name, now, buf_bytes(json), -1, e);
}

/* ---- the configuration ---- */
static int check_encryption(const struct json *c, struct err *e) {
    struct bytes option = json_get_str(c, "EncryptionOption");
    bool s3 = bytes_eq_str(option, "SSE_S3");
    bool kms = bytes_eq_str(option, "SSE_KMS") || bytes_eq_str(option, "CSE_KMS");
    if (!c || s3 || (kms && json_get_str(c, "KmsKey").len))
        return 0;
    return kms ? err_set(e, ERR_INVALID_REQUEST, "EncryptionOption %.*s needs a KmsKey.",
                         BYTES_ARG(option))
               : err_set(e, ERR_INVALID_REQUEST,
                         "EncryptionOption must be one of: SSE_S3, SSE_KMS, CSE_KMS.");
}

int workgroup_check_results(const struct json *c, struct err *e) {
    struct bytes location = json_get_str(c, "OutputLocation");
    const struct json *acl = json_get(c, "AclConfiguration");
    if (location.len && !bytes_starts_with(location, BYTES("s3://")))
        return err_set(e, ERR_INVALID_REQUEST,
                       "outputLocation is not a valid S3 path: %.*s (expected s3://bucket/prefix/)",
                       BYTES_ARG(location));
    if (acl && !bytes_eq_str(json_get_str(acl, "S3AclOption"), "BUCKET_OWNER_FULL_CONTROL"))
        return err_set(e, ERR_INVALID_REQUEST, "S3AclOption must be BUCKET_OWNER_FULL_CONTROL.");
    return check_encryption(json_get(c, "EncryptionConfiguration"), e);
}

static int check_configuration(const struct json *c, struct err *e) {
    struct bytes engine = json_get_str(json_get(c, "EngineVersion"), "SelectedEngineVersion");
    if (engine.len && !bytes_eq_str(engine, "AUTO") && !bytes_eq_str(engine, V3))
        return err_set(e, ERR_INVALID_REQUEST,
                       "The engine version %.*s is not supported; use AUTO or " V3 ".",
                       BYTES_ARG(engine));
    if (json_get(c, "BytesScannedCutoffPerQuery") &&
        json_get_i64(c, "BytesScannedCutoffPerQuery", 0) < 10000000)
        return err_set(e, ERR_INVALID_REQUEST,
                       "BytesScannedCutoffPerQuery must be at least 10000000.");
    return workgroup_check_results(json_get(c, "ResultConfiguration"), e);
}

/* With AWS's defaults for what is not given. */
static void write_configuration(struct jsonw *w, const struct json *c) {
    static const struct {
        const char *name, *json;
    } defaults[] = {{"EnforceWorkGroupConfiguration", "true"},
                    {"PublishCloudWatchMetricsEnabled", "false"},
                    {"RequesterPaysEnabled", "false"},
                    {"EnableMinimumEncryptionConfiguration", "false"}};
    struct bytes engine = json_get_str(json_get(c, "EngineVersion"), "SelectedEngineVersion");
    jsonw_name(w, "Configuration");
    jsonw_object(w);
    JSON_FOR_EACH(m, c) {
        if (m->kind == JSON_NULL || bytes_eq_str(m->name, "EngineVersion"))
            continue;
        jsonw_name_bytes(w, m->name);
        jsonw_tree(w, m);
    }
    for (size_t i = 0; i < COUNT_OF(defaults); i++)
        if (!json_get(c, defaults[i].name))
            jsonw_kv_raw(w, defaults[i].name, bytes_str(defaults[i].json));
    jsonw_name(w, "EngineVersion");
    jsonw_object(w);
    jsonw_kv_str(w, "SelectedEngineVersion", engine.len ? engine : BYTES("AUTO"));
    jsonw_kv_cstr(w, "EffectiveEngineVersion", V3);
    jsonw_end_object(w);
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
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    struct arena a;
    struct json *configuration = NULL;
    arena_init(&a, 0);
    int rc = json_parse(
        &a, BYTES("{\"ResultConfiguration\":{},\"EnforceWorkGroupConfiguration\":false}"),
        &configuration, e);
    if (!rc) {
        write_workgroup(&w, BYTES("primary"), BYTES(""), BYTES(""), configuration,
                        clock_wall_ms(q->d.clock));
        rc = put(q, BYTES("primary"), &json, true, e);
    }
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

/* ---- create ---- */
int query_workgroup_create(struct query_service *q, const struct json *request, struct err *e) {
    struct bytes name = json_get_str(request, "Name");
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    int rc = check_configuration(json_get(request, "Configuration"), e);
    if (rc)
        return rc;
    write_workgroup(&w, name, json_get_str(request, "State"), json_get_str(request, "Description"),
                    json_get(request, "Configuration"), clock_wall_ms(q->d.clock));
    rc = put(q, name, &json, true, e);
    if (rc == ERR_ALREADY_EXISTS)
        rc = err_set(e, ERR_INVALID_REQUEST, "WorkGroup already exists");
    buf_clear(&json);
    return rc;
}

/* ---- update ---- */
/* "Remove<Name>": true among the updates. */
static bool removed(const struct json *updates, struct bytes name) {
    char text[80];
    snprintf(text, sizeof text, "Remove%.*s", BYTES_ARG(name));
    return json_get_bool(updates, text, false);
}

static bool has(const struct json *j, struct bytes name) {
    JSON_FOR_EACH(m, j)
    if (bytes_eq(m->name, name) && m->kind != JSON_NULL)
        return true;
    return false;
}

static void write_member(struct jsonw *w, const struct json *m) {
    jsonw_name_bytes(w, m->name);
    jsonw_tree(w, m);
}

/* An object with updates: what they give replaces, what they remove goes, the rest stays. `skip`
 * is left to the caller. */
static void write_merged(struct jsonw *w, const struct json *old, const struct json *updates,
                         const char *skip) {
    JSON_FOR_EACH(m, old)
    if (!has(updates, m->name) && !removed(updates, m->name) && !bytes_eq_str(m->name, skip))
        write_member(w, m);
    JSON_FOR_EACH(m, updates)
    if (m->kind != JSON_NULL && !bytes_starts_with(m->name, BYTES("Remove")) &&
        !bytes_ends_with(m->name, BYTES("Updates")))
        write_member(w, m);
}

static void write_updated(struct jsonw *w, const struct json *old, const struct json *updates) {
    const struct json *results = json_get(old, "ResultConfiguration");
    const struct json *changes = json_get(updates, "ResultConfigurationUpdates");
    jsonw_object(w);
    write_merged(w, old, updates, "ResultConfiguration");
    if (results || changes) {
        jsonw_name(w, "ResultConfiguration");
        jsonw_object(w);
        write_merged(w, results, changes, "");
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
    if (!rc)
        rc = check_configuration(configuration, e);
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

/* ---- delete ---- */
static bool belongs(struct arena *a, struct bytes json, struct bytes workgroup) {
    struct json *root;
    if (bytes_find(json, workgroup) < 0 || json_parse(a, json, &root, NULL))
        return false;
    const struct json *qe = json_get(root, "QueryExecution");
    return bytes_eq(json_get_str(qe ? qe : root, "WorkGroup"), workgroup) ||
           bytes_eq(json_get_str(root, "WorkGroupName"), workgroup);
}

/* Deletes the workgroup's documents of a kind, or only says that there is one (`ret_any`). */
static int clear_kind(struct query_service *q, const char *kind, struct bytes workgroup,
                      bool *ret_any, struct err *e) {
    char after_text[512];
    struct bytes after = BYTES("");
    size_t n = 1;
    int rc = 0;
    while (!rc && n > 0 && !(ret_any && *ret_any)) {
        struct arena a;
        struct catalog_doc *d;
        arena_init(&a, 0);
        rc = catalog_doc_list(q->d.catalog, &a, kind, false, 0, after, 200, &d, &n, e);
        for (size_t i = 0; !rc && i < n; i++) {
            bool ours = belongs(&a, d[i].json, workgroup);
            if (ours && ret_any)
                *ret_any = true;
            else if (ours)
                rc = catalog_doc_delete(q->d.catalog, kind, d[i].key, e);
            rc = rc == ERR_RESOURCE_NOT_FOUND ? 0 : rc;
        }
        if (!rc && n > 0) {
            size_t len = MIN_OF(d[n - 1].key.len, sizeof after_text);
            memcpy(after_text, d[n - 1].key.ptr, len);
            after = bytes_of(after_text, len);
        }
        arena_clear(&a);
    }
    return rc;
}

static const char *const contents[] = {QUERY_NAMED_KIND, QUERY_PREPARED_KIND, QUERY_KIND};

static int check_empty(struct query_service *q, struct bytes name, struct err *e) {
    bool any = false;
    int rc = 0;
    for (size_t i = 0; !rc && !any && i < COUNT_OF(contents); i++)
        rc = clear_kind(q, contents[i], name, &any, e);
    if (!rc && any)
        rc = err_set(e, ERR_INVALID_REQUEST,
                     "WorkGroup %.*s is not empty; delete it with RecursiveDeleteOption.",
                     BYTES_ARG(name));
    return rc;
}

int query_workgroup_delete(struct query_service *q, struct bytes name, bool recursive,
                           struct err *e) {
    struct arena a;
    struct json *root;
    if (bytes_eq_str(name, "primary"))
        return err_set(e, ERR_INVALID_REQUEST, "The primary workgroup can not be deleted.");
    arena_init(&a, 0);
    int rc = load(q, &a, name, &root, NULL, e);
    arena_clear(&a);
    if (!rc && !recursive)
        rc = check_empty(q, name, e);
    for (size_t i = 0; !rc && recursive && i < COUNT_OF(contents); i++)
        rc = clear_kind(q, contents[i], name, NULL, e);
    if (!rc)
        rc = catalog_doc_delete(q->d.catalog, WORKGROUP_KIND, name, e);
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

static int choose_location(struct query_service *q, struct arena *a, struct bytes location,
                           struct workgroup *ret, struct err *e) {
    if (location.len == 0 && bytes_eq_str(ret->name, "primary"))
        location = bytes_str(q->default_location);
    if (location.len == 0)
        return err_set(e, ERR_INVALID_REQUEST,
                       "No output location provided. An output location is required either through "
                       "the Workgroup result configuration setting or as an API input.");
    int rc = check_bucket(q, location, e);
    if (rc)
        return rc;
    ret->location = arena_fmt(a, "%.*s%s", BYTES_ARG(location),
                              bytes_ends_with(location, BYTES("/")) ? "" : "/");
    return a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

int workgroup_load(struct query_service *q, struct arena *a, struct bytes name,
                   const struct json *requested, struct workgroup *ret, struct err *e) {
    struct json *root = NULL;
    struct err why;
    int rc = load(q, a, name, &root, NULL, &why);
    if (rc == ERR_INVALID_REQUEST)
        return err_set(e, rc, "WorkGroup does not exist");
    if (rc) {
        *e = why;
        return rc;
    }
    if (bytes_eq_str(json_get_str(root, "State"), "DISABLED"))
        return err_set(e, ERR_INVALID_REQUEST, "WorkGroup %.*s is disabled.", BYTES_ARG(name));
    const struct json *c = json_get(root, "Configuration");
    const struct json *own = json_get(c, "ResultConfiguration");
    bool enforced = json_get_bool(c, "EnforceWorkGroupConfiguration", true);
    ret->name = name;
    ret->engine = json_get_str(json_get(c, "EngineVersion"), "SelectedEngineVersion");
    struct bytes location = json_get_str(requested, "OutputLocation");
    struct bytes owns = json_get_str(own, "OutputLocation");
    /* An enforced workgroup without a location of its own still takes the client's. */
    ret->results = requested && !(enforced && own) ? requested : own;
    rc = workgroup_check_results(ret->results, e);
    if (!rc)
        rc = choose_location(q, a, location.len && !(enforced && owns.len) ? location : owns, ret,
                             e);
    if (!rc)
        rc = limits_load(q, a, name, &ret->limits, e);
    ret->limits.cutoff_bytes = rc ? 0 : json_get_i64(c, "BytesScannedCutoffPerQuery", 0);
    return rc;
}
