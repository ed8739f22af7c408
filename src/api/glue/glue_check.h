/* glue_check.h - constraints of nested request members, as api_param has them for the top level.
 *
 * A shape is a table of members; glue_check walks a value along it and reports every violation in
 * one ValidationException in AWS's words, with AWS's paths:
 *   Value '..' at 'table.storageDescriptor.columns.3.member.comment' failed to satisfy constraint
 * Members that no shape names pass. Source: the API reference's "Type" and "Constraints". */
#ifndef TARN_API_GLUE_CHECK_H
#define TARN_API_GLUE_CHECK_H

#include "base/err.h"
#include "base/json.h"

enum glue_kind {
    GLUE_LINE,   /* string without control characters but tab */
    GLUE_TEXT,   /* the same, line ends too */
    GLUE_STRING, /* any string */
    GLUE_ENUM,   /* one of `values` */
    GLUE_INT,
    GLUE_NUMBER,
    GLUE_BOOL,
    GLUE_TIME,
    GLUE_LIST, /* of `of` */
    GLUE_MAP,  /* of[0] keys, of[1] values */
    GLUE_STRUCT
};
struct glue_shape {
    const char *name; /* member; unused in what a list or map is of */
    enum glue_kind kind;
    bool required;
    int64_t min, max;            /* length, value or count; both 0: unchecked */
    const struct glue_shape *of; /* members of a struct, ended by name NULL */
    const char *values;          /* "A|B" */
};
/* 0, ERR_SERIALIZATION for a wrong type, or ERR_VALIDATION. `path` is AWS's name of the value. */
int glue_check(const struct json *value, const char *path, const struct glue_shape *shape,
               struct err *e) WARN_UNUSED;

/* ---- glue_shapes.c: the request objects ---- */
extern const struct glue_shape glue_shape_database, glue_shape_table, glue_shape_partition,
    glue_shape_partitions, glue_shape_partition_entries, glue_shape_values, glue_shape_value_lists,
    glue_shape_statistics, glue_shape_column_names, glue_shape_index, glue_shape_indexes,
    glue_shape_function, glue_shape_tags, glue_shape_tag_keys, glue_shape_encryption,
    glue_shape_filters, glue_shape_sort;

#endif
