/* errors.c - engine errors as Trino would name them.
 *
 * An engine text is "Kind Error: text". When `text` has the form "NAME: sentence" one of our own
 * functions raised it and it is passed on as it is. Else the kind picks the name from a table, and
 * a few sentences that clients know are rewritten into Trino's words. The engine's own text goes to
 * the log in full. */
#include "base/log.h"
#include "duck/duck_int.h"
#include <ctype.h>
#include <stdio.h>

static const struct {
    const char *kind, *name;
} kinds[] = {
    {"Conversion Error", "INVALID_CAST_ARGUMENT"},
    {"Out of Range Error", "NUMERIC_VALUE_OUT_OF_RANGE"},
    {"Out of Memory Error", "EXCEEDED_LOCAL_MEMORY_LIMIT"},
    {"IO Error", "HIVE_CANNOT_OPEN_SPLIT"},
    {"Not implemented Error", "NOT_SUPPORTED"},
};
/* Phrases inside the text that decide before the kind does. */
static const struct {
    const char *phrase, *name, *text;
} phrases[] = {
    {"More than one row returned by a subquery", "SUBQUERY_MULTIPLE_ROWS",
     "Scalar sub-query has returned multiple rows"},
    {"Map keys must be unique", "INVALID_FUNCTION_ARGUMENT", "Duplicate map keys are not allowed"},
    {"Map keys can not be NULL", "INVALID_FUNCTION_ARGUMENT", "map key cannot be null"},
    {"No magic bytes found", "HIVE_BAD_DATA", NULL},
    {"too small to be a Parquet file", "HIVE_BAD_DATA", NULL},
    {"Malformed JSON", "HIVE_CURSOR_ERROR", NULL},
    {"CSV Error", "HIVE_BAD_DATA", NULL},
};
static const struct {
    const char *engine, *trino;
} type_names[] = {
    {"BOOL", "BOOLEAN"},      {"INT8", "TINYINT"},        {"INT16", "SMALLINT"},
    {"INT32", "INT"},         {"INT128", "UUID"},         {"INTEGER", "INT"},
    {"INT64", "BIGINT"},      {"BIGINT", "BIGINT"},       {"FLOAT", "REAL"},
    {"DOUBLE", "DOUBLE"},     {"DATE", "DATE"},           {"TINYINT", "TINYINT"},
    {"SMALLINT", "SMALLINT"}, {"TIMESTAMP", "TIMESTAMP"},
};

/* "NAME: sentence" with NAME like DIVISION_BY_ZERO. */
static bool split_named(struct bytes text, struct bytes *ret_name, struct bytes *ret_text) {
    size_t n = 0;
    while (n < text.len && (isupper((unsigned char)text.ptr[n]) || text.ptr[n] == '_' ||
                            (n && isdigit((unsigned char)text.ptr[n]))))
        n++;
    if (n < 3 || n + 2 > text.len || text.ptr[n] != ':' || text.ptr[n + 1] != ' ')
        return false;
    *ret_name = bytes_slice(text, 0, n);
    *ret_text = bytes_slice(text, n + 2, text.len);
    return true;
}
/* Splits off "Kind Error: ". */
static struct bytes cut_kind(struct bytes text, struct bytes *ret_kind) {
    ptrdiff_t at = bytes_find(text, BYTES(" Error: "));
    *ret_kind = (struct bytes){0};
    if (at < 0 || at > 40)
        return text;
    *ret_kind = bytes_slice(text, 0, (size_t)at + 6);
    return bytes_slice(text, (size_t)at + 8, text.len);
}
/* "Could not convert string 'a' to INT32 ..." as "Cannot cast 'a' to INT". */
static bool rewrite_cast(struct bytes text, char *out, size_t cap) {
    struct bytes lead = BYTES("Could not convert string ");
    ptrdiff_t to = bytes_find(text, BYTES("' to "));
    if (!bytes_starts_with(text, lead) || to < 0)
        return false;
    struct bytes value = bytes_slice(text, lead.len, (size_t)to + 1);
    struct bytes rest = bytes_slice(text, (size_t)to + 5, text.len);
    size_t n = 0;
    while (n < rest.len && (isalnum((unsigned char)rest.ptr[n]) || rest.ptr[n] == '('))
        n++;
    struct bytes type = bytes_slice(rest, 0, n);
    for (size_t i = 0; i < COUNT_OF(type_names); i++)
        if (bytes_eq_str(type, type_names[i].engine))
            type = bytes_str(type_names[i].trino);
    snprintf(out, cap, "Cannot cast %.*s to %.*s", BYTES_ARG(value), BYTES_ARG(type));
    return true;
}
/* "Overflow in addition of INT32 (1 + 2)!" as "integer addition overflow: 1 + 2". */
static bool rewrite_overflow(struct bytes text, char *out, size_t cap) {
    char operation[32], type[16], operands[200];
    char copy[320];
    snprintf(copy, sizeof(copy), "%.*s", BYTES_ARG(text));
    if (sscanf(copy, "Overflow in %31s of %15s (%199[^)])", operation, type, operands) != 3)
        return false;
    const char *name = strcmp(type, "INT64") == 0   ? "bigint"
                       : strcmp(type, "INT16") == 0 ? "smallint"
                       : strcmp(type, "INT8") == 0  ? "tinyint"
                       : strcmp(type, "INT32") == 0 ? "integer"
                                                    : "decimal";
    snprintf(out, cap, "%s %s overflow: %s", name, operation, operands);
    return true;
}
static const char *trino_type(const char *engine) {
    static const struct {
        const char *engine, *trino;
    } names[] = {
        {"INT8", "tinyint"}, {"INT16", "smallint"}, {"INT32", "integer"}, {"INT64", "bigint"}};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(engine, names[i].engine) == 0)
            return names[i].trino;
    return engine;
}
/* A number that does not fit its new type. The engine has four sentences for that:
 *   Type INT64 with value 130 can't be cast because the value is out of range for the destination
 *   type INT8
 *   Failed to cast decimal value 128 to type INT8
 *   Could not cast value 10 to DECIMAL(38,37)
 *   Casting value "12345.6" to type DECIMAL(4,0) failed: value is out of range! */
static bool rewrite_range(struct bytes text, char *out, size_t cap) {
    static const char out_of_range[] = "be cast because the value is out of range";
    char copy[400], value[160], type[32];
    int p, s;
    snprintf(copy, sizeof(copy), "%.*s", BYTES_ARG(text));
    const char *at = strstr(copy, "destination type ");
    if (strstr(copy, out_of_range) && at && sscanf(copy, "Type %*s with value %159s", value) == 1 &&
        sscanf(at, "destination type %31[A-Z0-9]", type) == 1)
        snprintf(out, cap, "Out of range for %s: %s", trino_type(type), value);
    else if (sscanf(copy, "Failed to cast decimal value %159s to type %31[A-Z0-9]", value, type) ==
             2)
        snprintf(out, cap, "Cannot cast '%s' to %s", value, trino_type(type));
    else if (sscanf(copy, "Could not cast value %159s to DECIMAL(%d,%d)", value, &p, &s) == 3 ||
             sscanf(copy, "Casting value \"%159[^\"]\" to type DECIMAL(%d,%d)", value, &p, &s) == 3)
        snprintf(out, cap, "Cannot cast '%s' to DECIMAL(%d, %d)", value, p, s);
    else
        return false;
    return true;
}
static const char *name_of_kind(struct bytes kind) {
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (bytes_eq_str(kind, kinds[i].kind))
            return kinds[i].name;
    return "GENERIC_INTERNAL_ERROR";
}
static int map_text(struct duck *d, struct bytes kind, struct bytes text, struct err *e) {
    char rewritten[512];
    for (size_t i = 0; i < COUNT_OF(phrases); i++)
        if (bytes_find(text, bytes_str(phrases[i].phrase)) >= 0) {
            struct bytes said = phrases[i].text ? bytes_str(phrases[i].text) : text;
            return err_set_named(e, ERR_SQL, phrases[i].name, 0, "%.*s", BYTES_ARG(said));
        }
    if (bytes_eq_str(kind, "Out of Memory Error"))
        return err_set_named(e, ERR_SQL, name_of_kind(kind), 0,
                             "Query exceeded per-node memory limit of %lldMB; use fewer columns or "
                             "groups, or a workgroup with more memory.",
                             (long long)d->memory_mb);
    if (rewrite_range(text, rewritten, sizeof(rewritten)))
        return err_set_named(e, ERR_SQL, "NUMERIC_VALUE_OUT_OF_RANGE", 0, "%s", rewritten);
    if (rewrite_cast(text, rewritten, sizeof(rewritten)) ||
        rewrite_overflow(text, rewritten, sizeof(rewritten)))
        text = bytes_str(rewritten);
    return err_set_named(e, ERR_SQL, name_of_kind(kind), 0, "%.*s", BYTES_ARG(text));
}

int duck_map_error(struct duck *d, const char *engine_text, struct err *e) {
    struct bytes all = bytes_str(engine_text ? engine_text : "no text");
    struct bytes kind, name, said;
    int rc = d->scans ? logscan_set_error(d->scans, e) : 0;
    if (rc)
        return rc;
    if (d->stopped)
        return err_set(e, ERR_CANCELED, "The query was cancelled.");
    log_write(LOG_INFO, "duck", "engine: %s", engine_text ? engine_text : "no text");
    struct bytes text = cut_kind(all, &kind);
    if (bytes_eq_str(kind, "INTERRUPT Error"))
        return err_set(e, ERR_CANCELED, "The query was cancelled.");
    if (split_named(text, &name, &said)) {
        char name_text[64];
        snprintf(name_text, sizeof(name_text), "%.*s", BYTES_ARG(name));
        return err_set_named(e, ERR_SQL, name_text, 0, "%.*s", BYTES_ARG(said));
    }
    return map_text(d, kind, text, e);
}
