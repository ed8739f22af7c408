/* information_schema.c - the catalogue as tables, in every database's reach.
 *
 *     SELECT .. FROM information_schema.columns WHERE table_schema = 'db' AND table_name = 't'
 *
 * Conditions on table_schema and table_name (equality, IN) say which databases and tables are
 * looked at; the rows of those are written into the plan. Types are Trino's. What Athena has and
 * Tarn keeps nothing of (privileges, roles) is empty. */
#include "query/virtual.h"
#include <stdio.h>

#define SCHEMA SCHEMA_DATABASE
#define CATALOG "awsdatacatalog"
#define MAX_COLUMNS 12
#define PAGE 500

struct walk;
struct definition {
    const char *name;
    const char *columns[MAX_COLUMNS];
    /* Adds a table's rows; NULL: there are none. */
    void (*add)(struct walk *w, struct bytes database, struct bytes name, const struct json *in);
    const char *schema_column; /* by which databases are chosen */
};

struct walk {
    struct plan *p;
    const struct definition *d;
    struct virtual_rows rows;
    struct arena scratch; /* of one table */
    bool failed;
};

/* ---- rows of a table ---- */
static void add_table(struct walk *w, struct bytes database, struct bytes name,
                      const struct json *in) {
    struct bytes v[] = {BYTES(CATALOG), database, name,
                        in && view_is(in) ? BYTES("VIEW") : BYTES("BASE TABLE")};
    virtual_add(&w->rows, v);
}

static void add_column(struct walk *w, struct bytes database, struct bytes table, size_t position,
                       struct bytes name, struct bytes type, struct bytes comment, bool is_key) {
    char number[24];
    snprintf(number, sizeof number, "%zu", position);
    struct bytes v[] = {BYTES(CATALOG),
                        database,
                        table,
                        name,
                        bytes_str(number),
                        (struct bytes){0},
                        BYTES("YES"),
                        type,
                        comment.len ? comment : (struct bytes){0},
                        is_key ? BYTES("partition key") : (struct bytes){0}};
    virtual_add(&w->rows, v);
}

static struct bytes lower(struct arena *a, struct bytes v) {
    struct bytes r = arena_copy(a, v);
    for (size_t i = 0; r.ptr && i < r.len; i++)
        if (r.ptr[i] >= 'A' && r.ptr[i] <= 'Z')
            ((char *)r.ptr)[i] = (char)(r.ptr[i] + 32);
    return r;
}

/* What is no Hive type is shown as it is stored. */
static struct bytes trino_type(struct walk *w, struct bytes text) {
    const struct type *t = NULL;
    struct err ignored;
    if (type_parse(&w->scratch, text.len ? text : BYTES("string"), &t, &ignored))
        return text;
    return sql_type_of_hive(&w->scratch, t);
}

static size_t add_stored(struct walk *w, struct bytes database, struct bytes table,
                         const struct json *list, size_t position, bool is_key) {
    JSON_FOR_EACH(c, list) {
        add_column(w, database, table, ++position, lower(&w->scratch, json_get_str(c, "Name")),
                   trino_type(w, json_get_str(c, "Type")), json_get_str(c, "Comment"), is_key);
    }
    return position;
}

static void add_columns(struct walk *w, struct bytes database, struct bytes name,
                        const struct json *in) {
    const struct sql_view *v = NULL;
    struct err ignored;
    if (view_is(in)) {
        if (view_read(&w->scratch, database, name, in, &v, &ignored))
            return;
        for (size_t i = 0; i < v->column_count; i++)
            add_column(w, database, name, i + 1, v->columns[i].name, v->columns[i].type,
                       (struct bytes){0}, false);
        return;
    }
    const struct json *sd = json_get(in, "StorageDescriptor");
    size_t n = add_stored(w, database, name, json_get(sd, "Columns"), 0, false);
    add_stored(w, database, name, json_get(in, "PartitionKeys"), n, true);
}

static void add_view(struct walk *w, struct bytes database, struct bytes name,
                     const struct json *in) {
    const struct sql_view *v = NULL;
    struct err ignored;
    if (!view_is(in) || view_read(&w->scratch, database, name, in, &v, &ignored))
        return;
    struct bytes values[] = {BYTES(CATALOG), database, name, v->sql};
    virtual_add(&w->rows, values);
}

static const struct definition definitions[] = {
    {"schemata", {"catalog_name", "schema_name"}, NULL, "schema_name"},
    {"tables",
     {"table_catalog", "table_schema", "table_name", "table_type"},
     add_table,
     "table_schema"},
    {"columns",
     {"table_catalog", "table_schema", "table_name", "column_name", "ordinal_position",
      "column_default", "is_nullable", "data_type", "comment", "extra_info"},
     add_columns,
     "table_schema"},
    {"views",
     {"table_catalog", "table_schema", "table_name", "view_definition"},
     add_view,
     "table_schema"},
    {"table_privileges",
     {"grantor", "grantor_type", "grantee", "grantee_type", "table_catalog", "table_schema",
      "table_name", "privilege_type", "is_grantable", "with_hierarchy"},
     NULL,
     NULL},
    {"roles", {"role_name"}, NULL, NULL},
    {"applicable_roles", {"grantee", "grantee_type", "role_name", "is_grantable"}, NULL, NULL},
    {"enabled_roles", {"role_name"}, NULL, NULL},
    {"role_authorization_descriptors",
     {"role_name", "grantor", "grantor_type", "grantee", "grantee_type", "is_grantable"},
     NULL,
     NULL},
};

static size_t column_count(const struct definition *d) {
    size_t n = 0;
    while (n < MAX_COLUMNS && d->columns[n])
        n++;
    return n;
}

static bool is_number(const char *column) {
    return strcmp(column, "ordinal_position") == 0;
}

/* ---- its own tables ---- */
static bool is_wanted(const struct bytes *names, size_t count, bool any, struct bytes name) {
    for (size_t i = 0; !any && i < count; i++)
        any = bytes_eq(names[i], name);
    return any;
}

static void add_own(struct walk *w, const struct bytes *names, size_t count, bool any) {
    bool columns = w->d->add == add_columns;
    if (w->d->add != add_table && !columns)
        return;
    for (size_t i = 0; i < COUNT_OF(definitions); i++) {
        const struct definition *d = &definitions[i];
        if (!is_wanted(names, count, any, bytes_str(d->name)))
            continue;
        if (!columns)
            add_table(w, BYTES(SCHEMA), bytes_str(d->name), NULL);
        for (size_t k = 0; columns && k < column_count(d); k++)
            add_column(w, BYTES(SCHEMA), bytes_str(d->name), k + 1, bytes_str(d->columns[k]),
                       is_number(d->columns[k]) ? BYTES("bigint") : BYTES("varchar"),
                       (struct bytes){0}, false);
    }
}

/* ---- the tables of a database ---- */
static int add_one(struct walk *w, const struct catalog_table *t, struct err *e) {
    struct json *in = NULL;
    int rc = json_parse(&w->scratch, t->json, &in, e);
    if (!rc)
        w->d->add(w, t->database, t->name, in);
    return rc;
}

static int add_named(struct walk *w, struct bytes database, const struct bytes *names, size_t count,
                     struct err *e) {
    struct catalog *c = w->p->service->d.catalog;
    int rc = 0;
    for (size_t i = 0; !rc && i < count; i++) {
        struct catalog_table t;
        rc = catalog_table_get(c, &w->scratch, database, names[i], &t, e);
        rc = rc == ERR_ENTITY_NOT_FOUND ? 0 : rc ? rc : add_one(w, &t, e);
        arena_clear(&w->scratch);
    }
    return rc;
}

static int add_all(struct walk *w, struct bytes database, struct err *e) {
    struct catalog *c = w->p->service->d.catalog;
    struct bytes after = BYTES("");
    size_t n = 1;
    int rc = 0;
    while (!rc && n > 0) {
        struct catalog_table *t;
        rc = catalog_table_list(c, &w->scratch, database, after, PAGE, &t, &n, e);
        for (size_t i = 0; !rc && i < n; i++)
            rc = add_one(w, &t[i], e);
        if (!rc && n)
            after = arena_copy(&w->p->arena, t[n - 1].name);
        arena_clear(&w->scratch);
    }
    return rc == ERR_ENTITY_NOT_FOUND ? 0 : rc; /* the database went meanwhile */
}

static int add_database(struct walk *w, struct bytes database, struct err *e) {
    struct bytes *names, own[] = {BYTES(CATALOG), database};
    size_t count;
    bool any;
    if (!w->d->add) {
        virtual_add(&w->rows, own);
        return 0;
    }
    int rc = virtual_wanted(w->p, w->rows.scan, "table_name", &names, &count, &any, e);
    if (!rc && bytes_eq_str(database, SCHEMA))
        add_own(w, names, count, any);
    else if (!rc && any)
        rc = add_all(w, database, e);
    else if (!rc)
        rc = add_named(w, database, names, count, e);
    return rc;
}

/* ---- which databases ---- */
static int add_every_database(struct walk *w, struct err *e) {
    struct bytes after = BYTES("");
    size_t n = 1;
    int rc = add_database(w, BYTES(SCHEMA), e);
    while (!rc && n > 0) {
        struct catalog_database *d;
        rc = catalog_database_list(w->p->service->d.catalog, &w->p->arena, after, PAGE, &d, &n, e);
        for (size_t i = 0; !rc && i < n; i++)
            rc = add_database(w, d[i].name, e);
        if (!rc && n)
            after = d[n - 1].name;
    }
    return rc;
}

static int add_wanted_databases(struct walk *w, const struct bytes *names, size_t count,
                                struct err *e) {
    int rc = 0;
    for (size_t i = 0; !rc && i < count; i++) {
        struct catalog_database d;
        rc = bytes_eq_str(names[i], SCHEMA)
                 ? 0
                 : catalog_database_get(w->p->service->d.catalog, &w->p->arena, names[i], &d, e);
        rc = rc == ERR_ENTITY_NOT_FOUND ? 0 : rc ? rc : add_database(w, names[i], e);
    }
    return rc;
}

static int fill(struct plan *p, struct plan_scan *s, struct err *e) {
    struct walk w = {.p = p, .d = s->table->definition};
    struct bytes *databases = NULL;
    size_t count = 0;
    bool any = false;
    int rc = virtual_begin(p, s, &w.rows, e);
    arena_init(&w.scratch, 0);
    if (!rc && w.d->schema_column)
        rc = virtual_wanted(p, s, w.d->schema_column, &databases, &count, &any, e);
    if (!rc && any)
        rc = add_every_database(&w, e);
    else if (!rc)
        rc = add_wanted_databases(&w, databases, count, e);
    if (!rc && w.scratch.failed)
        rc = err_set(e, ERR_NOMEM, NULL);
    arena_clear(&w.scratch);
    return virtual_end(p, &w.rows, rc, e);
}

/* ---- as tables ---- */
static const struct definition *find(struct bytes name) {
    for (size_t i = 0; i < COUNT_OF(definitions); i++)
        if (bytes_eq_str(name, definitions[i].name))
            return &definitions[i];
    return NULL;
}

const char *schema_table_name(size_t index) {
    return index < COUNT_OF(definitions) ? definitions[index].name : NULL;
}

/* For SHOW and DESCRIBE. */
int schema_table_input(struct arena *a, struct bytes name, struct catalog_table *ret,
                       struct err *e) {
    const struct definition *d = find(name);
    struct buf json = {0};
    struct jsonw w = jsonw_to(&json);
    if (!d)
        return err_set(e, ERR_ENTITY_NOT_FOUND, "Table not found.");
    jsonw_object(&w);
    jsonw_name(&w, "StorageDescriptor");
    jsonw_object(&w);
    jsonw_name(&w, "Columns");
    jsonw_array(&w);
    for (size_t i = 0; i < column_count(d); i++) {
        jsonw_object(&w);
        jsonw_kv_cstr(&w, "Name", d->columns[i]);
        jsonw_kv_cstr(&w, "Type", is_number(d->columns[i]) ? "bigint" : "varchar");
        jsonw_end_object(&w);
    }
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    *ret = (struct catalog_table){.database = BYTES(SCHEMA),
                                  .name = bytes_str(d->name),
                                  .json = arena_copy(a, buf_bytes(&json))};
    bool ok = buf_ok(&json) && !a->failed;
    buf_clear(&json);
    return ok ? 0 : err_set(e, ERR_NOMEM, NULL);
}

int schema_table(struct plan *p, struct bytes name, struct plan_table **ret, struct err *e) {
    const struct definition *d = find(name);
    struct plan_table *t = ARENA_NEW(&p->arena, struct plan_table);
    struct sql_table_column *columns = ARENA_NEW_N(&p->arena, struct sql_table_column, MAX_COLUMNS);
    int rc = 0;
    if (!d)
        return err_set(e, ERR_ENTITY_NOT_FOUND, "Table not found.");
    if (!t || !columns)
        return err_set(e, ERR_NOMEM, NULL);
    t->format = FORMAT_VIRTUAL;
    t->fill = fill;
    t->definition = d;
    t->data_count = column_count(d);
    for (size_t i = 0; !rc && i < t->data_count; i++) {
        columns[i].name = bytes_str(d->columns[i]);
        rc = type_parse(&p->arena, is_number(d->columns[i]) ? BYTES("bigint") : BYTES("string"),
                        &columns[i].type, e);
    }
    t->info = (struct sql_table_info){.database = BYTES(SCHEMA),
                                      .name = bytes_str(d->name),
                                      .columns = columns,
                                      .column_count = t->data_count,
                                      .opaque = t};
    *ret = t;
    return rc;
}
