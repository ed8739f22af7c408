/* run.c - one crawl: targets are listed, sniffed, grouped and written one after the other; then
 * what is gone is dealt with, and what was seen is kept for the next time. */
#include "base/hash.h"
#include "base/log.h"
#include "crawl/crawl_int.h"

static int stopped(struct crawl_context *c) {
    return atomic_load(&c->job->stop) ? err_set(c->e, ERR_CANCELED, "The crawl was stopped.") : 0;
}

/* Settings that decide what files are tables of; others can change without asking again. */
static uint64_t signature_of(const struct crawl_context *c) {
    uint64_t v = hash64(c->csv_rules) + c->config->combine;
    for (size_t i = 0; i < c->config->target_count; i++)
        v = v * 31 + (uint64_t)c->config->targets[i].sample_size;
    return v;
}

static int ensure_database(struct crawl_context *c) {
    struct catalog *cat = c->service->d.catalog;
    struct catalog_database db;
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    if (!c->config->database.len)
        return 0;
    int rc = catalog_database_get(cat, c->arena, c->config->database, &db, c->e);
    if (rc != ERR_ENTITY_NOT_FOUND)
        return rc;
    jsonw_object(&w);
    jsonw_kv_str(&w, "Name", c->config->database);
    jsonw_end_object(&w);
    rc = buf_ok(&json) ? catalog_database_create(cat, c->config->database, buf_bytes(&json), c->e)
                       : err_set(c->e, ERR_NOMEM, NULL);
    buf_clear(&json);
    return rc == ERR_ALREADY_EXISTS ? 0 : rc;
}

/* A catalogue target is its table's location. */
static int resolve_target(struct crawl_context *c, struct crawl_target *t) {
    struct catalog_table row;
    struct json *in;
    struct bytes key;
    if (!t->table.ptr)
        return 0;
    int rc = catalog_table_get(c->service->d.catalog, c->arena, t->database, t->table, &row, c->e);
    rc = rc ? rc : json_parse(c->arena, row.json, &in, c->e);
    if (rc)
        return rc;
    struct bytes location = json_get_str(json_get(in, "StorageDescriptor"), "Location");
    if (!store_split_uri(location, &t->bucket, &key))
        return err_set(c->e, ERR_INVALID_INPUT, "Table %.*s.%.*s has no S3 location to crawl.",
                       BYTES_ARG(t->database), BYTES_ARG(t->table));
    t->prefix = !key.len || bytes_ends_with(key, BYTES("/"))
                    ? key
                    : arena_fmt(c->arena, "%.*s/", BYTES_ARG(key));
    return c->arena->failed ? err_set(c->e, ERR_NOMEM, NULL) : 0;
}

static void log_unknown(const struct crawl_context *c, const struct crawl_folder *root) {
    for (struct crawl_folder *f = (struct crawl_folder *)root; f; f = crawl_folder_next(root, f))
        for (size_t i = 0; f->fresh && i < f->part_count; i++)
            if (!schema_is_known(f->parts[i].schema))
                log_write(LOG_INFO, "crawl", "crawler %.*s: %.*s%.*s is no table: %.*s",
                          BYTES_ARG(c->config->name), BYTES_ARG(f->uri),
                          BYTES_ARG(f->parts[i].file), BYTES_ARG(f->parts[i].why));
}

static int crawl_target(struct crawl_context *c, struct crawl_target *t,
                        struct crawl_folder **ret_root) {
    struct crawl_table *tables = NULL;
    int rc = stopped(c);
    rc = rc ? rc : resolve_target(c, t);
    rc = rc ? rc : crawl_walk(c->service->d.store, c->arena, t, ret_root, c->e);
    if (rc || !*ret_root)
        return rc;
    rc = crawl_sniff(c, t, *ret_root);
    if (rc)
        return rc;
    log_unknown(c, *ret_root);
    rc = crawl_group(c->arena, c->config, t, *ret_root, &tables, c->e);
    for (struct crawl_table *table = tables; table && !rc; table = table->next) {
        if (t->table.ptr && table->location.len != (*ret_root)->uri.len)
            continue; /* a catalogue target makes no new tables */
        rc = stopped(c);
        rc = rc ? rc : crawl_write_table(c, t, table);
    }
    return rc;
}

static int run(struct crawl_context *c, const struct crawler *cr, struct crawl_config *config) {
    struct catalog *cat = c->service->d.catalog;
    size_t roots = 0;
    int rc = crawl_config_read(c->arena, cr->definition, config, c->e);
    c->config = config;
    rc = rc ? rc : crawl_config_ready(config, c->e);
    rc = rc ? rc : crawl_csv_rules(cat, c->arena, config->classifiers, &c->csv_rules, c->e);
    rc = rc ? rc : ensure_database(c);
    rc = rc ? rc : crawl_memory_load(cat, c->arena, cr->name, signature_of(c), &c->memory, c->e);
    if (rc)
        return rc;
    struct crawl_memory before = c->memory;
    c->memory.tables = NULL;
    c->memory.table_count = c->memory.table_room = 0;
    struct crawl_folder **root = ARENA_NEW_N(c->arena, struct crawl_folder *, config->target_count);
    if (!root)
        return err_set(c->e, ERR_NOMEM, NULL);
    for (size_t i = 0; i < config->target_count && !rc; i++) {
        rc = crawl_target(c, &config->targets[i], &root[roots]);
        roots += !rc && root[roots];
    }
    rc = rc ? rc : crawl_write_missing(c, &before);
    return rc ? rc
              : crawl_memory_save(cat, cr->name, &c->memory, root, roots, config->new_folders_only,
                                  c->e);
}

int crawl_run(struct crawl_service *s, struct crawl_job *job, struct crawl_report *report,
              struct err *e) {
    struct arena a;
    struct crawler cr;
    struct crawl_config config;
    struct crawl_context c = {.service = s, .job = job, .arena = &a, .report = report, .e = e};
    arena_init(&a, 0);
    int rc = crawler_load(s->d.catalog, &a, job->name, &cr, e);
    rc = rc ? rc : run(&c, &cr, &config);
    arena_clear(&a);
    return rc;
}
