/* yaml.c - recursive descent over libyaml's event stream.
 *
 * libyaml tokenises; we keep what a validator needs to point at a mistake: the start of each key
 * and value. Depth is bounded, so a hostile file cannot exhaust the stack. */
#include "stack/yaml.h"

#include <yaml.h>

#define YAML_DEPTH_MAX 50

struct reader {
    struct arena *a;
    yaml_parser_t parser;
    yaml_event_t event; /* current, owned */
    bool has_event;
    struct err *e;
};

static int fail_at(struct reader *r, yaml_mark_t mark, const char *text) {
    int rc = err_set(r->e, ERR_USAGE, "%s", text);
    if (r->e) {
        r->e->line = (int)mark.line + 1;
        r->e->column = (int)mark.column + 1;
    }
    return rc;
}

static int next_event(struct reader *r) {
    if (r->has_event) {
        yaml_event_delete(&r->event);
        r->has_event = false;
    }
    if (yaml_parser_parse(&r->parser, &r->event)) {
        r->has_event = true;
        return 0;
    }
    if (r->parser.error == YAML_MEMORY_ERROR) {
        return err_set(r->e, ERR_NOMEM, NULL);
    }
    return fail_at(r, r->parser.problem_mark,
                   r->parser.problem ? r->parser.problem : "This is not valid YAML.");
}

static struct yaml *new_node(struct reader *r, enum yaml_kind kind) {
    struct yaml *y = ARENA_NEW(r->a, struct yaml);
    if (y) {
        y->kind = kind;
        y->line = (int)r->event.start_mark.line + 1;
        y->column = (int)r->event.start_mark.column + 1;
    }
    return y;
}

static int parse_value(struct reader *r, int depth, struct yaml **ret);

static int parse_scalar(struct reader *r, struct yaml **ret) {
    struct yaml *y = new_node(r, YAML_SCALAR);
    if (!y) {
        return err_set(r->e, ERR_NOMEM, NULL);
    }
    y->text = arena_copy(r->a, bytes_of(r->event.data.scalar.value, r->event.data.scalar.length));
    y->plain = r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    *ret = y;
    return r->a->failed ? err_set(r->e, ERR_NOMEM, NULL) : 0;
}

static void append(struct yaml *parent, struct yaml **tail, struct yaml *child) {
    if (*tail) {
        (*tail)->next = child;
    } else {
        parent->first = child;
    }
    *tail = child;
    parent->count++;
}

static int parse_sequence(struct reader *r, int depth, struct yaml **ret) {
    struct yaml *y = new_node(r, YAML_SEQUENCE), *tail = NULL;
    int rc = y ? next_event(r) : err_set(r->e, ERR_NOMEM, NULL);
    while (!rc && r->event.type != YAML_SEQUENCE_END_EVENT) {
        struct yaml *child = NULL;
        rc = parse_value(r, depth + 1, &child);
        if (!rc) {
            append(y, &tail, child);
            rc = next_event(r);
        }
    }
    *ret = y;
    return rc;
}

static int parse_key(struct reader *r, const struct yaml *parent, struct yaml **ret) {
    if (r->event.type != YAML_SCALAR_EVENT) {
        return fail_at(r, r->event.start_mark, "A key must be a plain name.");
    }
    int rc = parse_scalar(r, ret);
    if (rc) {
        return rc;
    }
    YAML_FOR_EACH(child, parent) {
        if (bytes_eq(child->key, (*ret)->text)) {
            struct bytes text = arena_fmt(r->a, "'%.*s' is given twice here (first on line %d).",
                                          BYTES_ARG((*ret)->text), child->key_line);
            return fail_at(r, r->event.start_mark, text.ptr ? text.ptr : "A key is given twice.");
        }
    }
    return next_event(r);
}

static int parse_mapping(struct reader *r, int depth, struct yaml **ret) {
    struct yaml *y = new_node(r, YAML_MAPPING), *tail = NULL;
    int rc = y ? next_event(r) : err_set(r->e, ERR_NOMEM, NULL);
    while (!rc && r->event.type != YAML_MAPPING_END_EVENT) {
        struct yaml *key = NULL, *child = NULL;
        rc = parse_key(r, y, &key);
        rc = rc ? rc : parse_value(r, depth + 1, &child);
        if (!rc) {
            child->key = key->text;
            child->key_line = key->line;
            child->key_column = key->column;
            append(y, &tail, child);
            rc = next_event(r);
        }
    }
    *ret = y;
    return rc;
}

static int parse_value(struct reader *r, int depth, struct yaml **ret) {
    if (depth > YAML_DEPTH_MAX) {
        return fail_at(r, r->event.start_mark, "The file is nested too deeply.");
    }
    switch (r->event.type) {
    case YAML_SCALAR_EVENT:
        return parse_scalar(r, ret);
    case YAML_SEQUENCE_START_EVENT:
        return parse_sequence(r, depth, ret);
    case YAML_MAPPING_START_EVENT:
        return parse_mapping(r, depth, ret);
    case YAML_ALIAS_EVENT:
        return fail_at(r, r->event.start_mark,
                       "Aliases (*name) are not supported; repeat the value.");
    default:
        return fail_at(r, r->event.start_mark, "A value is missing here.");
    }
}

static int parse_document(struct reader *r, struct yaml **ret) {
    int rc = next_event(r); /* stream start */
    rc = rc ? rc : next_event(r);
    if (!rc && r->event.type == YAML_STREAM_END_EVENT) {
        return fail_at(r, r->event.start_mark, "The file is empty.");
    }
    rc = rc ? rc : next_event(r);
    rc = rc ? rc : parse_value(r, 0, ret);
    rc = rc ? rc : next_event(r); /* document end */
    rc = rc ? rc : next_event(r);
    if (!rc && r->event.type != YAML_STREAM_END_EVENT) {
        return fail_at(r, r->event.start_mark, "The file must hold one document.");
    }
    return rc;
}

int yaml_parse(struct arena *a, struct bytes text, struct yaml **ret, struct err *e) {
    struct reader r = {.a = a, .e = e};
    if (!yaml_parser_initialize(&r.parser)) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.ptr, text.len);
    struct yaml *root = NULL;
    int rc = parse_document(&r, &root);
    if (r.has_event) {
        yaml_event_delete(&r.event);
    }
    yaml_parser_delete(&r.parser);
    if (!rc) {
        *ret = root;
    }
    return rc;
}

const struct yaml *yaml_get(const struct yaml *y, const char *key) {
    YAML_FOR_EACH(child, y && y->kind == YAML_MAPPING ? y : NULL) {
        if (bytes_eq_str(child->key, key)) {
            bool null = child->kind == YAML_SCALAR && child->plain &&
                        (child->text.len == 0 || bytes_eq_str(child->text, "null") ||
                         bytes_eq_str(child->text, "~"));
            return null ? NULL : child;
        }
    }
    return NULL;
}
