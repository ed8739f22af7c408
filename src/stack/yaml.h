/* yaml.h - a YAML document as a tree with positions, over libyaml's events.
 *
 * One document, no anchors or tags: a warehouse file is plain. Errors carry line and column. */
#ifndef TARN_STACK_YAML_H
#define TARN_STACK_YAML_H

#include "base/arena.h"
#include "base/err.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml {
    enum yaml_kind kind;
    struct bytes text; /* scalar */
    bool plain;        /* scalar without quotes: may be a number, a boolean or null */
    struct bytes key;  /* name when the parent is a mapping */
    int key_line, key_column;
    int line, column; /* 1-based start of the value */
    struct yaml *first, *next;
    size_t count;
};

/* ERR_USAGE with err.line and err.column and a sentence: syntax, duplicate keys, an empty document,
 * anchors and tags (refused). The tree lives in the arena. */
int yaml_parse(struct arena *a, struct bytes text, struct yaml **ret, struct err *e) WARN_UNUSED;
/* Member of a mapping, NULL when absent or plain null. */
const struct yaml *yaml_get(const struct yaml *y, const char *key);

#define YAML_FOR_EACH(child, parent)                                                               \
    for (const struct yaml *child = (parent) ? (parent)->first : NULL; child; child = child->next)

#endif
