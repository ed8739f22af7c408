/* config.c - a crawler's definition, checked and made ready for a crawl. */
#include "crawl/crawl_int.h"

static int invalid(struct err *e, const char *what) {
    return err_set(e, ERR_INVALID_INPUT, "%s", what);
}

static struct bytes lower(struct arena *a, struct bytes v) {
    struct bytes r = arena_copy(a, v);
    for (size_t i = 0; r.ptr && i < r.len; i++)
        if (r.ptr[i] >= 'A' && r.ptr[i] <= 'Z')
            ((char *)r.ptr)[i] = (char)(r.ptr[i] + 32);
    return r;
}

/* ---- targets ---- */
static int refuse_other_targets(const struct json *targets, struct err *e) {
    static const char *const others[] = {"JdbcTargets",  "MongoDBTargets", "DynamoDBTargets",
                                         "DeltaTargets", "IcebergTargets", "HudiTargets"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        const struct json *list = json_get(targets, others[i]);
        if (list && list->count)
            return err_set(e, ERR_INVALID_INPUT,
                           "%s are not crawled by Tarn; use S3Targets or CatalogTargets.",
                           others[i]);
    }
    return 0;
}

static int read_exclusions(struct arena *a, const struct json *list, struct crawl_target *t,
                           struct err *e) {
    JSON_FOR_EACH(j, list) {
        if (j->kind != JSON_STRING)
            return invalid(e, "Exclusions must be a list of strings.");
        int rc = glob_expand(a, j->text, &t->exclusions, &t->exclusion_count, e);
        if (rc)
            return rc;
    }
    return 0;
}

static int read_path(struct arena *a, struct bytes path, struct crawl_target *t, struct err *e) {
    struct bytes key;
    t->path = path;
    if (!store_split_uri(path, &t->bucket, &key) || !t->bucket.len)
        return err_set(e, ERR_INVALID_INPUT,
                       "The S3 target path '%.*s' must look like s3://bucket/folder/.",
                       BYTES_ARG(path));
    bool folder = !key.len || bytes_ends_with(key, BYTES("/"));
    t->file = folder ? BYTES("") : key;
    t->prefix = folder ? key : arena_fmt(a, "%.*s/", BYTES_ARG(key));
    return a->failed ? err_set(e, ERR_NOMEM, NULL) : 0;
}

static int read_s3_target(struct arena *a, const struct json *j, struct crawl_target *t,
                          struct err *e) {
    int64_t n = json_get_i64(j, "SampleSize", 0);
    if (!json_get(j, "Path"))
        return invalid(e, "An S3 target needs a Path.");
    if (json_get(j, "SampleSize") && (n < 1 || n > 249))
        return invalid(e, "SampleSize must be 1 to 249 files.");
    t->sample_size = n;
    t->exclusion_list = json_get(j, "Exclusions");
    int rc = read_path(a, json_get_str(j, "Path"), t, e);
    return rc ? rc : read_exclusions(a, json_get(j, "Exclusions"), t, e);
}

static int read_catalog_target(const struct json *j, struct crawl_target *out, size_t *n,
                               struct err *e) {
    const struct json *tables = json_get(j, "Tables");
    struct bytes database = json_get_str(j, "DatabaseName");
    if (!database.len || !tables || !tables->count)
        return invalid(e, "A catalogue target needs a DatabaseName and Tables.");
    JSON_FOR_EACH(table, tables)
    out[(*n)++] = (struct crawl_target){.database = database, .table = table->text};
    return 0;
}

static size_t count_targets(const struct json *targets) {
    const struct json *s3 = json_get(targets, "S3Targets");
    size_t n = s3 ? s3->count : 0;
    JSON_FOR_EACH(j, json_get(targets, "CatalogTargets")) {
        const struct json *tables = json_get(j, "Tables");
        n += tables ? tables->count : 0;
    }
    return n;
}

static int read_targets(struct arena *a, const struct json *targets, struct crawl_config *c,
                        struct err *e) {
    int rc = refuse_other_targets(targets, e);
    if (rc)
        return rc;
    c->targets = ARENA_NEW_N(a, struct crawl_target, count_targets(targets) + 1);
    if (!c->targets)
        return err_set(e, ERR_NOMEM, NULL);
    JSON_FOR_EACH(j, json_get(targets, "S3Targets")) {
        rc = read_s3_target(a, j, &c->targets[c->target_count++], e);
        if (rc)
            return rc;
    }
    JSON_FOR_EACH(j, json_get(targets, "CatalogTargets")) {
        rc = read_catalog_target(j, c->targets, &c->target_count, e);
        if (rc)
            return rc;
    }
    return 0;
}

/* ---- policies ---- */
static int one_of(const struct json *j, const char *name, const char *const *values, size_t count,
                  size_t *ret, struct err *e) {
    struct bytes v = json_get_str(j, name);
    for (size_t i = 0; i < count; i++) {
        if (!v.ptr || bytes_eq_str(v, values[i])) {
            *ret = v.ptr ? i : *ret;
            return 0;
        }
    }
    return err_set(e, ERR_INVALID_INPUT, "%s cannot be '%.*s'; use %s, for example.", name,
                   BYTES_ARG(v), values[0]);
}

static int read_policies(const struct json *d, struct crawl_config *c, struct err *e) {
    static const char *const updates[] = {"LOG", "UPDATE_IN_DATABASE"};
    static const char *const deletes[] = {"LOG", "DELETE_FROM_DATABASE", "DEPRECATE_IN_DATABASE"};
    static const char *const recrawls[] = {"CRAWL_EVERYTHING", "CRAWL_NEW_FOLDERS_ONLY",
                                           "CRAWL_EVENT_MODE"};
    const struct json *change = json_get(d, "SchemaChangePolicy");
    size_t update = 1, remove = DELETE_DEPRECATE, recrawl = 0;
    int rc = one_of(change, "UpdateBehavior", updates, COUNT_OF(updates), &update, e);
    rc = rc ? rc : one_of(change, "DeleteBehavior", deletes, COUNT_OF(deletes), &remove, e);
    rc = rc ? rc
            : one_of(json_get(d, "RecrawlPolicy"), "RecrawlBehavior", recrawls, COUNT_OF(recrawls),
                     &recrawl, e);
    if (rc)
        return rc;
    if (recrawl == 2)
        return invalid(e, "CRAWL_EVENT_MODE needs an SQS queue and is not done by Tarn; use "
                          "CRAWL_EVERYTHING, which reads only what has changed.");
    if (recrawl == 1 && (update != 0 || remove != DELETE_LOG))
        return invalid(e, "The SchemaChangePolicy for \"Crawl new folders only\" Amazon S3 target "
                          "can have only LOG DeleteBehavior value and LOG UpdateBehavior value.");
    c->update_log = update == 0;
    c->on_delete = (enum crawl_delete)remove;
    c->new_folders_only = recrawl == 1;
    return 0;
}

/* ---- Configuration: JSON in a string ---- */
static int read_configuration(struct arena *a, const struct json *d, struct crawl_config *c,
                              struct err *e) {
    static const char *const partitions[] = {"InheritFromTable"};
    static const char *const tables[] = {"MergeNewColumns"};
    static const char *const groupings[] = {"CombineCompatibleSchemas"};
    struct bytes text = json_get_str(d, "Configuration");
    struct json *j = NULL;
    struct err why;
    size_t unused = 0;
    if (!bytes_trim(text).len)
        return 0;
    if (json_parse(a, text, &j, &why) || j->kind != JSON_OBJECT)
        return invalid(e, "Configuration must be a JSON object in a string.");
    if (json_get_f64(j, "Version", 0) != 1.0)
        return invalid(e, "Configuration needs \"Version\": 1.0.");
    const struct json *output = json_get(j, "CrawlerOutput"), *grouping = json_get(j, "Grouping"),
                      *of_partitions = json_get(output, "Partitions"),
                      *of_tables = json_get(output, "Tables");
    int rc = one_of(of_partitions, "AddOrUpdateBehavior", partitions, 1, &unused, e);
    rc = rc ? rc : one_of(of_tables, "AddOrUpdateBehavior", tables, 1, &unused, e);
    rc = rc ? rc : one_of(grouping, "TableGroupingPolicy", groupings, 1, &unused, e);
    if (rc)
        return rc;
    c->inherit = json_get(of_partitions, "AddOrUpdateBehavior") != NULL;
    c->merge_new_columns = json_get(of_tables, "AddOrUpdateBehavior") != NULL;
    c->combine = json_get(grouping, "TableGroupingPolicy") != NULL;
    c->table_level = json_get_i64(grouping, "TableLevelConfiguration", 0);
    if (json_get(grouping, "TableLevelConfiguration") && c->table_level < 1)
        return invalid(e, "TableLevelConfiguration must be 1 (the bucket) or more.");
    return 0;
}

int crawl_config_read(struct arena *a, const struct json *d, struct crawl_config *ret,
                      struct err *e) {
    struct crawl_config c = {.name = json_get_str(d, "Name"),
                             .database = lower(a, json_get_str(d, "DatabaseName")),
                             .table_prefix = json_get_str(d, "TablePrefix"),
                             .classifiers = json_get(d, "Classifiers")};
    int rc = read_targets(a, json_get(d, "Targets"), &c, e);
    rc = rc ? rc : read_policies(d, &c, e);
    rc = rc ? rc : read_configuration(a, d, &c, e);
    if (!rc && a->failed)
        rc = err_set(e, ERR_NOMEM, NULL);
    if (!rc)
        *ret = c;
    return rc;
}

int crawl_config_ready(const struct crawl_config *c, struct err *e) {
    if (!c->target_count)
        return invalid(e, "The crawler has no targets: give it an S3 path or a catalogue table.");
    for (size_t i = 0; i < c->target_count; i++)
        if (!c->targets[i].table.ptr && !c->database.len)
            return invalid(e, "The crawler has S3 targets but no DatabaseName to write tables to.");
    return 0;
}
