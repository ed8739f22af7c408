/* render.c - three ways to print rows.
 *
 * A table holds its first rows back until widths are known, then streams the rest with those
 * widths. Numbers are aligned right. Widths count code points, which is right for most scripts. */
#include "cmd/render.h"

#include "base/mem.h"

#include <unistd.h>

#define RENDER_HELD_MAX 1000

struct render {
    enum render_format format;
    FILE *out;
    const struct ask_column *columns;
    size_t count;
    int *widths;
    struct arena arena; /* held rows */
    struct ask_cell **held;
    size_t held_count;
    bool streaming; /* header is printed, widths are fixed */
};

int render_format_parse(const char *name, FILE *out, enum render_format *ret, struct err *e) {
    if (!name) {
        *ret = isatty(fileno(out)) ? RENDER_TABLE : RENDER_CSV;
        return 0;
    }
    static const char *const names[] = {"table", "csv", "json"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = (enum render_format)i;
            return 0;
        }
    }
    return err_set(e, ERR_USAGE, "The format must be table, csv or json, not '%s'.", name);
}

struct render *render_new(enum render_format format, FILE *out) {
    struct render *r = mem_calloc(1, sizeof *r);
    if (r) {
        r->format = format;
        r->out = out;
        arena_init(&r->arena, 0);
    }
    return r;
}

void render_free(struct render **r) {
    if (*r) {
        arena_clear(&(*r)->arena);
        mem_free(*r);
        *r = NULL;
    }
}

static int width_of(struct bytes v) {
    int n = 0;
    for (size_t i = 0; i < v.len; i++) {
        n += ((unsigned char)v.ptr[i] & 0xC0) != 0x80;
    }
    return n;
}

static bool is_number(struct bytes type) {
    static const char *const names[] = {"tinyint", "smallint", "integer", "bigint",
                                        "float",   "double",   "decimal"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (bytes_eq_str(type, names[i])) {
            return true;
        }
    }
    return false;
}

/* ---- CSV and JSON ---- */
static void csv_field(FILE *out, struct bytes v) {
    bool quote = false;
    for (size_t i = 0; i < v.len && !quote; i++) {
        quote = strchr(",\"\n\r", v.ptr[i]) != NULL;
    }
    if (!quote) {
        fwrite(v.ptr, 1, v.len, out);
        return;
    }
    fputc('"', out);
    for (size_t i = 0; i < v.len; i++) {
        if (v.ptr[i] == '"') {
            fputc('"', out);
        }
        fputc(v.ptr[i], out);
    }
    fputc('"', out);
}

static void csv_row(struct render *r, const struct ask_cell *cells, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i) {
            fputc(',', r->out);
        }
        if (!cells[i].is_null) {
            csv_field(r->out, cells[i].text);
        }
    }
    fputc('\n', r->out);
}

static void json_row(struct render *r, const struct ask_cell *cells, size_t count) {
    struct buf line = {0};
    struct jsonw j = jsonw_to(&line);
    jsonw_object(&j);
    for (size_t i = 0; i < count && i < r->count; i++) {
        struct bytes type = r->columns[i].type;
        jsonw_name_bytes(&j, r->columns[i].name);
        if (cells[i].is_null) {
            jsonw_null(&j);
        } else if ((is_number(type) && !bytes_eq_str(cells[i].text, "NaN") &&
                    bytes_find(cells[i].text, BYTES("Infinity")) < 0) ||
                   bytes_eq_str(type, "boolean")) {
            jsonw_raw(&j, cells[i].text);
        } else {
            jsonw_str(&j, cells[i].text);
        }
    }
    jsonw_end_object(&j);
    fwrite(line.ptr, 1, line.len, r->out);
    fputc('\n', r->out);
    buf_clear(&line);
}

/* ---- table ---- */
static void table_cell(struct render *r, size_t i, struct bytes text, bool right) {
    int pad = r->widths[i] - width_of(text);
    fprintf(r->out, "%s", i ? " | " : " ");
    if (right && pad > 0) {
        fprintf(r->out, "%*s", pad, "");
    }
    fwrite(text.ptr, 1, text.len, r->out);
    if (!right && pad > 0 && i + 1 < r->count) {
        fprintf(r->out, "%*s", pad, "");
    }
}

static void table_row(struct render *r, const struct ask_cell *cells, size_t count) {
    for (size_t i = 0; i < count && i < r->count; i++) {
        table_cell(r, i, cells[i].is_null ? BYTES("NULL") : cells[i].text,
                   is_number(r->columns[i].type));
    }
    fputc('\n', r->out);
}

static void table_header(struct render *r) {
    for (size_t i = 0; i < r->count; i++) {
        table_cell(r, i, r->columns[i].name, false);
    }
    fputc('\n', r->out);
    for (size_t i = 0; i < r->count; i++) {
        fprintf(r->out, "%s", i ? "-+-" : "-");
        for (int k = 0; k < r->widths[i]; k++) {
            fputc('-', r->out);
        }
    }
    fprintf(r->out, "-\n");
}

/* Keeps a copy of a row while widths are still growing. */
static int table_hold(struct render *r, const struct ask_cell *cells, size_t count) {
    struct ask_cell *copy = ARENA_NEW_N(&r->arena, struct ask_cell, r->count);
    if (!copy) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < r->count; i++) {
        copy[i].is_null = i >= count || cells[i].is_null;
        copy[i].text = copy[i].is_null ? BYTES("NULL") : arena_copy(&r->arena, cells[i].text);
        r->widths[i] = MAX_OF(r->widths[i], width_of(copy[i].text));
    }
    r->held[r->held_count++] = copy;
    return 0;
}

static void table_release(struct render *r) {
    table_header(r);
    for (size_t i = 0; i < r->held_count; i++) {
        table_row(r, r->held[i], r->count);
    }
    r->streaming = true;
}

/* ---- sink ---- */
static int on_columns(void *ctx, const struct ask_column *columns, size_t count) {
    struct render *r = ctx;
    struct ask_column *copy = ARENA_NEW_N(&r->arena, struct ask_column, count);
    if (!copy) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        copy[i].name = arena_copy(&r->arena, columns[i].name);
        copy[i].type = arena_copy(&r->arena, columns[i].type);
    }
    r->columns = copy; /* the last rows are printed after the run is over */
    r->count = count;
    r->widths = ARENA_NEW_N(&r->arena, int, count);
    r->held = ARENA_NEW_N(&r->arena, struct ask_cell *, RENDER_HELD_MAX);
    if (!r->widths || !r->held) {
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        r->widths[i] = width_of(columns[i].name);
        if (r->format == RENDER_CSV) {
            fputs(i ? "," : "", r->out);
            csv_field(r->out, columns[i].name);
        }
    }
    if (r->format == RENDER_CSV) {
        fputc('\n', r->out);
    }
    return 0;
}

static int on_row(void *ctx, const struct ask_cell *cells, size_t count) {
    struct render *r = ctx;
    if (r->format == RENDER_CSV) {
        csv_row(r, cells, count);
    } else if (r->format == RENDER_JSON) {
        json_row(r, cells, count);
    } else if (r->streaming) {
        table_row(r, cells, count);
    } else {
        int rc = table_hold(r, cells, count);
        if (rc) {
            return rc;
        }
        if (r->held_count == RENDER_HELD_MAX) {
            table_release(r);
        }
    }
    return 0;
}

struct ask_sink render_sink(struct render *r) {
    return (struct ask_sink){.columns = on_columns, .row = on_row, .ctx = r};
}

void render_finish(struct render *r) {
    if (r->format == RENDER_TABLE && r->columns && !r->streaming) {
        table_release(r);
    }
    fflush(r->out);
}
