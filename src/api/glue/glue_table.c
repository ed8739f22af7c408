/* glue_table.c - tables. */
#include "api/glue/glue_int.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

static int invalid_name(struct api_call *call) {
    return err_set(&call->err, ERR_VALIDATION,
                   "1 validation error detected: Value at 'tableInput.name' failed to satisfy "
                   "constraint: Member must have length between 1 and 255");
}

static int read_input(struct api_call *call, struct bytes *ret_name, struct bytes *ret_json) {
    const struct json *in = json_get(call->in, "TableInput"), *name_member;
    int rc = glue_need(call, in, "Name", "tableInput.name", &name_member);
    if (rc)
        return rc;
    *ret_name = glue_name(call, in, "Name");
    if (ret_name->len < 1 || ret_name->len > 255)
        return invalid_name(call);
    *ret_json = glue_stored(call, in, *ret_name);
    return call->arena->failed ? glue_out_of_memory(call) : 0;
}

int glue_create_table(struct api_call *call) {
    struct bytes name, json;
    int rc = read_input(call, &name, &json);
    return rc ? rc
              : catalog_table_create(glue_catalog(call), glue_name(call, call->in, "DatabaseName"),
                                     name, json, &call->err);
}

int glue_write_table(struct api_call *call, const struct catalog_table *t) {
    static const char *const skip[] = {"Name", "StorageDescriptor", "Parameters", "PartitionKeys",
                                       NULL};
    struct jsonw *w = &call->out;
    struct json *in;
    char version[24];
    int rc = json_parse(call->arena, t->json, &in, &call->err);
    if (rc)
        return rc;
    snprintf(version, sizeof version, "%lld", (long long)t->version_id);
    jsonw_object(w);
    jsonw_kv_str(w, "Name", t->name);
    jsonw_kv_str(w, "DatabaseName", t->database);
    glue_write_members(w, in, skip);
    glue_write_storage(w, json_get(in, "StorageDescriptor"));
    const struct json *keys = json_get(in, "PartitionKeys"), *p = json_get(in, "Parameters");
    jsonw_name(w, "PartitionKeys");
    if (keys)
        jsonw_tree(w, keys);
    else
        jsonw_raw(w, BYTES("[]"));
    jsonw_name(w, "Parameters");
    if (p)
        jsonw_tree(w, p);
    else
        jsonw_raw(w, BYTES("{}"));
    if (!json_get(in, "Retention"))
        jsonw_kv_i64(w, "Retention", 0);
    jsonw_kv_time_ms(w, "CreateTime", t->create_ms);
    jsonw_kv_time_ms(w, "UpdateTime", t->update_ms);
    jsonw_kv_cstr(w, "CreatedBy", "arn:aws:iam::" API_ACCOUNT_ID ":root");
    jsonw_kv_bool(w, "IsRegisteredWithLakeFormation", false);
    jsonw_kv_cstr(w, "CatalogId", API_ACCOUNT_ID);
    jsonw_kv_cstr(w, "VersionId", version);
    jsonw_end_object(w);
    return 0;
}

int glue_get_table(struct api_call *call) {
    struct catalog_table t;
    int rc = catalog_table_get(glue_catalog(call), call->arena,
                               glue_name(call, call->in, "DatabaseName"),
                               glue_name(call, call->in, "Name"), &t, &call->err);
    if (rc)
        return rc;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Table");
    rc = glue_write_table(call, &t);
    jsonw_end_object(&call->out);
    return rc;
}

/* ---- GetTables ---- */
struct name_filter {
    pcre2_code *code; /* NULL: every name */
    pcre2_match_data *match;
};

static bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || (unsigned char)c >= 0x80;
}

/* Clients send regular expressions and Hive's patterns ("*name*"): a star with nothing before it
 * that it could repeat sensibly (the start, a letter, a digit, '_' or '-') means "anything". */
static struct bytes widen_stars(struct api_call *call, struct bytes x) {
    char *out = arena_alloc(call->arena, 2 * x.len + 1), last = 0;
    size_t n = 0;
    for (size_t i = 0; out && i < x.len; i++) {
        char c = x.ptr[i];
        bool escaped = i >= 2 && x.ptr[i - 2] == '\\';
        if (c == '*' && !escaped && (last == 0 || last == '*' || last == '|' || is_name_char(last)))
            out[n++] = '.';
        out[n++] = c;
        last = c;
    }
    return bytes_of(out, n);
}

static int filter_open(struct api_call *call, struct name_filter *ret) {
    struct bytes x = json_get_str(call->in, "Expression");
    int why;
    PCRE2_SIZE at;
    *ret = (struct name_filter){0};
    if (x.len == 0)
        return 0;
    x = widen_stars(call, x);
    if (!x.ptr)
        return glue_out_of_memory(call);
    ret->code = pcre2_compile((PCRE2_SPTR)x.ptr, x.len,
                              PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_CASELESS | PCRE2_UTF, &why,
                              &at, NULL);
    if (!ret->code)
        return err_set(&call->err, ERR_INVALID_INPUT,
                       "Expression is not a valid regular expression at offset %zu.", (size_t)at);
    ret->match = pcre2_match_data_create_from_pattern(ret->code, NULL);
    return ret->match ? 0 : glue_out_of_memory(call);
}
static void filter_close(struct name_filter *f) {
    pcre2_match_data_free(f->match);
    pcre2_code_free(f->code);
}
static bool filter_pass(const struct name_filter *f, struct bytes name) {
    return !f->code ||
           pcre2_match(f->code, (PCRE2_SPTR)name.ptr, name.len, 0, 0, f->match, NULL) >= 0;
}

/* Fills a page of `max` passing tables; asks the catalogue for more until it has one too many. */
static int write_tables(struct api_call *call, const struct name_filter *f, struct bytes after) {
    struct bytes database = glue_name(call, call->in, "DatabaseName"), last = after;
    size_t max = glue_max_results(call, 100), written = 0, n = max + 1;
    int rc = 0;
    bool more = false;
    while (!rc && !more && n > max) {
        struct catalog_table *t;
        rc = catalog_table_list(glue_catalog(call), call->arena, database, after, max + 1, &t, &n,
                                &call->err);
        for (size_t i = 0; !rc && !more && i < n; i++) {
            after = t[i].name;
            if (!filter_pass(f, t[i].name))
                continue;
            more = written == max;
            if (more)
                break;
            rc = glue_write_table(call, &t[i]);
            last = t[i].name;
            written++;
        }
    }
    jsonw_end_array(&call->out);
    if (more)
        glue_write_token(call, "glue:GetTables", last);
    return rc;
}

int glue_get_tables(struct api_call *call) {
    struct name_filter f = {0};
    struct bytes after;
    int rc = glue_token(call, "glue:GetTables", &after);
    if (!rc)
        rc = filter_open(call, &f);
    if (!rc) {
        jsonw_object(&call->out);
        jsonw_name(&call->out, "TableList");
        jsonw_array(&call->out);
        rc = write_tables(call, &f, after);
        jsonw_end_object(&call->out);
    }
    filter_close(&f);
    return rc;
}

/* ---- changes ---- */
int glue_update_table(struct api_call *call) {
    struct bytes name, json, version = json_get_str(call->in, "VersionId");
    int64_t expected = -1;
    int rc = read_input(call, &name, &json);
    if (!rc && version.len)
        rc = glue_version(version, &expected, &call->err);
    if (rc)
        return rc;
    return catalog_table_update(glue_catalog(call), glue_name(call, call->in, "DatabaseName"), name,
                                json, expected, json_get_bool(call->in, "SkipArchive", false),
                                &call->err);
}

int glue_delete_table(struct api_call *call) {
    return catalog_table_delete(glue_catalog(call), glue_name(call, call->in, "DatabaseName"),
                                glue_name(call, call->in, "Name"), &call->err);
}

static bool is_database_missing(struct api_call *call, struct bytes database) {
    struct catalog_database d;
    return catalog_database_get(glue_catalog(call), call->arena, database, &d, &call->err) != 0;
}

int glue_batch_delete_table(struct api_call *call) {
    struct bytes database = glue_name(call, call->in, "DatabaseName");
    const struct bytes *names;
    size_t n;
    int rc = glue_strings(call, json_get(call->in, "TablesToDelete"), &names, &n);
    if (rc)
        return rc;
    if (is_database_missing(call, database))
        return call->err.code;
    jsonw_object(&call->out);
    jsonw_name(&call->out, "Errors");
    jsonw_array(&call->out);
    for (size_t i = 0; i < n; i++) {
        struct err e;
        struct json item = {.kind = JSON_OBJECT};
        struct json member = {.kind = JSON_STRING, .text = names[i], .name = BYTES("Name")};
        item.first = &member;
        item.count = 1;
        if (!catalog_table_delete(glue_catalog(call), database, glue_name(call, &item, "Name"), &e))
            continue;
        jsonw_object(&call->out);
        jsonw_kv_str(&call->out, "TableName", names[i]);
        glue_write_error_detail(&call->out, &e);
        jsonw_end_object(&call->out);
    }
    jsonw_end_array(&call->out);
    jsonw_end_object(&call->out);
    return 0;
}
