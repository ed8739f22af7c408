/* source_generator.c - made-up events from a table's columns and their `generate` rules.
 *
 * Rules are looked up once per column and turned into a small tagged struct; making an event is
 * then a walk over the columns. All randomness comes from one seeded generator, so a run can be
 * repeated event for event; only `now` reads the clock. */
#include "cmd/source.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

enum rule_kind {
    RULE_SEQUENCE,
    RULE_UUID,
    RULE_NOW,
    RULE_INTEGER,
    RULE_NUMBER,
    RULE_PICK,
    RULE_BOOLEAN
};
struct rule {
    enum rule_kind kind;
    double low, high;           /* sequence: low is the start */
    const struct yaml *choices; /* pick */
    double null_share;          /* 0..1 */
    bool quoted;                /* pick: the column is text */
};

struct generator {
    struct source base;
    const struct warehouse_table *table;
    struct rule *rules;
    struct rand_seeded rand;
    uint64_t left, made;
    struct buf event;
};

static bool type_starts(struct bytes type, const char *prefix) {
    return bytes_starts_with(type, bytes_str(prefix));
}

static struct rule default_rule(struct bytes type) {
    if (type_starts(type, "tinyint")) {
        return (struct rule){.kind = RULE_INTEGER, .low = 0, .high = 100};
    }
    if (type_starts(type, "int") || type_starts(type, "bigint") || type_starts(type, "smallint")) {
        return (struct rule){.kind = RULE_INTEGER, .low = 0, .high = 1000};
    }
    if (type_starts(type, "double") || type_starts(type, "float") || type_starts(type, "decimal")) {
        return (struct rule){.kind = RULE_NUMBER, .low = 0, .high = 1};
    }
    if (type_starts(type, "boolean")) {
        return (struct rule){.kind = RULE_BOOLEAN};
    }
    if (type_starts(type, "timestamp") || type_starts(type, "date")) {
        return (struct rule){.kind = RULE_NOW};
    }
    return (struct rule){.kind = RULE_UUID};
}

static int bad_rule(const struct yaml *y, struct err *e, const char *text) {
    int rc = err_set(e, ERR_USAGE, "%s", text);
    if (e) {
        e->line = y->line;
        e->column = y->column;
    }
    return rc;
}

static double number_of(const struct yaml *y) {
    char text[64];
    snprintf(text, sizeof text, "%.*s", BYTES_ARG(y->text));
    return strtod(text, NULL);
}

static int range_rule(const struct yaml *y, struct rule *r, struct err *e) {
    if (y->kind != YAML_SEQUENCE || y->count != 2 || y->first->kind != YAML_SCALAR ||
        y->first->next->kind != YAML_SCALAR) {
        return bad_rule(y, e, "A range is written [low, high].");
    }
    r->low = number_of(y->first);
    r->high = number_of(y->first->next);
    return r->high < r->low ? bad_rule(y, e, "The range's high end is below its low end.") : 0;
}

/* One member of a `generate` mapping. */
static int take_rule(const struct yaml *y, struct rule *r, struct err *e) {
    static const struct {
        const char *name;
        enum rule_kind kind;
    } kinds[] = {{"sequence", RULE_SEQUENCE}, {"uuid", RULE_UUID},     {"now", RULE_NOW},
                 {"integer", RULE_INTEGER},   {"number", RULE_NUMBER}, {"pick", RULE_PICK},
                 {"boolean", RULE_BOOLEAN}};
    if (bytes_eq_str(y->key, "null_share")) {
        r->null_share = number_of(y);
        return 0;
    }
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (!bytes_eq_str(y->key, kinds[i].name)) {
            continue;
        }
        r->kind = kinds[i].kind;
        if (r->kind == RULE_INTEGER || r->kind == RULE_NUMBER) {
            return range_rule(y, r, e);
        }
        if (r->kind == RULE_PICK && (y->kind != YAML_SEQUENCE || y->count == 0)) {
            return bad_rule(y, e, "pick needs a list of values.");
        }
        r->low = r->kind == RULE_SEQUENCE && y->kind == YAML_SCALAR ? number_of(y) : 0;
        r->choices = r->kind == RULE_PICK ? y : NULL;
        return 0;
    }
    return bad_rule(y, e,
                    "A generate rule is one of sequence, uuid, now, integer, number, pick, "
                    "boolean, and null_share.");
}

static int make_rule(const struct warehouse_column *c, struct rule *ret, struct err *e) {
    struct rule r = default_rule(c->type_text);
    YAML_FOR_EACH(y, c->generate) {
        int rc = take_rule(y, &r, e);
        if (rc) {
            return rc;
        }
    }
    r.quoted = type_starts(c->type_text, "string") || type_starts(c->type_text, "varchar") ||
               type_starts(c->type_text, "char");
    *ret = r;
    return 0;
}

static void write_uuid(struct generator *g, struct jsonw *w) {
    char text[UUID_TEXT_LEN + 1];
    uint64_t a = rand_next(&g->rand), b = rand_next(&g->rand);
    snprintf(text, sizeof text, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
             (unsigned)(a >> 16 & 0xFFFF), (unsigned)(a & 0xFFF),
             (unsigned)(b >> 48 & 0x3FFF) | 0x8000, (unsigned long long)(b & 0xFFFFFFFFFFFFull));
    jsonw_cstr(w, text);
}

/* A number, in quotes for a column of text. */
static void write_integer(const struct rule *r, struct jsonw *w, int64_t v) {
    char text[24];
    if (r->quoted) {
        snprintf(text, sizeof text, "%lld", (long long)v);
        jsonw_cstr(w, text);
    } else {
        jsonw_i64(w, v);
    }
}

static void write_value(struct generator *g, const struct rule *r, struct jsonw *w) {
    char now[32];
    switch (r->kind) {
    case RULE_SEQUENCE:
        write_integer(r, w, (int64_t)r->low + (int64_t)g->made);
        return;
    case RULE_UUID:
        write_uuid(g, w);
        return;
    case RULE_NOW:
        clock_format_iso(clock_wall_ms(clock_system()), now);
        jsonw_cstr(w, now);
        return;
    case RULE_INTEGER:
        write_integer(r, w,
                      (int64_t)r->low +
                          (int64_t)rand_below(&g->rand, (uint64_t)(r->high - r->low) + 1));
        return;
    case RULE_NUMBER:
        jsonw_f64(w, (double)(int64_t)((r->low + rand_unit(&g->rand) * (r->high - r->low)) * 1e4) /
                         1e4);
        return;
    case RULE_BOOLEAN:
        jsonw_bool(w, rand_below(&g->rand, 2));
        return;
    case RULE_PICK:
        break;
    }
    const struct yaml *choice = r->choices->first;
    for (uint64_t i = rand_below(&g->rand, r->choices->count); i > 0; i--) {
        choice = choice->next;
    }
    if (r->quoted || !choice->plain) {
        jsonw_str(w, choice->text);
    } else {
        jsonw_raw(w, choice->text);
    }
}

static int generator_next(struct source *s, struct bytes *ret, struct err *e) {
    struct generator *g = CONTAINER_OF(s, struct generator, base);
    if (g->left == 0) {
        return 0;
    }
    buf_reset(&g->event);
    struct jsonw w = jsonw_to(&g->event);
    jsonw_object(&w);
    for (size_t i = 0; i < g->table->column_count; i++) {
        jsonw_name_bytes(&w, g->table->columns[i].name);
        if (g->rules[i].null_share > 0 && rand_unit(&g->rand) < g->rules[i].null_share) {
            jsonw_null(&w);
        } else {
            write_value(g, &g->rules[i], &w);
        }
    }
    jsonw_end_object(&w);
    g->left--;
    g->made++;
    *ret = buf_bytes(&g->event);
    return buf_ok(&g->event) ? 1 : err_set(e, ERR_NOMEM, NULL);
}

static void generator_free(struct source *s) {
    struct generator *g = CONTAINER_OF(s, struct generator, base);
    buf_clear(&g->event);
    mem_free(g->rules);
    mem_free(g);
}

static const struct source_ops generator_ops = {generator_next, generator_free};

int source_generator(const struct warehouse_table *t, uint64_t count, uint64_t seed,
                     struct source **ret, struct err *e) {
    struct generator *g = mem_calloc(1, sizeof *g);
    struct rule *rules = mem_calloc(t->column_count, sizeof *rules);
    int rc = g && rules ? 0 : err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < t->column_count; i++) {
        rc = make_rule(&t->columns[i], &rules[i], e);
    }
    if (rc) {
        mem_free(rules);
        mem_free(g);
        return rc;
    }
    *g = (struct generator){
        .base = {&generator_ops}, .table = t, .rules = rules, .rand = {seed}, .left = count};
    *ret = &g->base;
    return 0;
}
