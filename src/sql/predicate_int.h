/* predicate_int.h - evaluation of typed expressions without the engine. Inside sql only.
 *
 * A value is worked out only where that is certain to be what the engine would answer; anything
 * else is EVAL_UNKNOWN, and the engine decides. */
#ifndef TARN_SQL_PREDICATE_INT_H
#define TARN_SQL_PREDICATE_INT_H

#include "sql/bound.h"

struct sql_value {
    const struct sql_type *type;
    bool is_null;
    union {
        bool truth;
        int64_t whole;     /* integers; date: days; timestamps: microseconds; with time zone only
                              those whose zone is UTC; intervals: milliseconds, months */
        double real;       /* real and double, always finite */
        __int128 digits;   /* decimal: value * 10^scale */
        struct bytes text; /* varchar; char without trailing blanks */
    };
};

enum eval {
    EVAL_OK,
    EVAL_UNKNOWN, /* not worked out here */
    EVAL_FAILED   /* the engine would fail here */
};

/* One evaluation: columns' texts by table column, NULL when there are none. */
struct evaluation {
    struct arena *a;
    const struct bytes *values;
};

struct sql_node;
/* All arguments have values, none is NULL. */
typedef enum eval (*eval_call)(struct evaluation *ev, const struct sql_node *x,
                               const struct sql_value *args, struct sql_value *ret);
/* Evaluates its arguments itself. */
typedef enum eval (*eval_special)(struct evaluation *ev, const struct sql_node *x,
                                  struct sql_value *ret);
struct eval_fn {
    const char *sql; /* template of functions.h: what the function is known by */
    eval_call call;
    eval_special special;
    /* Fills node->state, in the plan's arena; false: it cannot be evaluated. NULL: nothing to do.
     */
    bool (*prepare)(struct arena *a, struct sql_node *x);
};

enum node_kind { NODE_VALUE, NODE_COLUMN, NODE_CALL, NODE_CAST, NODE_UNKNOWN };
/* A compiled expression: functions looked up, constants folded. */
struct sql_node {
    enum node_kind kind;
    const struct sql_type *type;
    const struct eval_fn *fn;
    const struct sql_node **args;
    size_t arg_count;
    struct sql_value value;  /* NODE_VALUE */
    size_t column;           /* NODE_COLUMN */
    const struct type *hive; /* NODE_COLUMN */
    void *state;             /* of fn->prepare */
    bool is_try;
    bool is_decidable; /* some values of its columns may give an answer */
};

/* ---- predicate.c ---- */
/* NULL when the arena is full. Columns are of one scan. */
const struct sql_node *predicate_compile(struct arena *a, const struct bound *x);
enum eval predicate_eval(struct evaluation *ev, const struct sql_node *x, struct sql_value *ret);
/* Surely the same function of its columns. */
bool predicate_same(const struct sql_node *x, const struct sql_node *y);
/* A constant expression's value. */
bool predicate_constant(struct arena *a, const struct bound *x, struct sql_value *ret);

/* ---- predicate_value.c ---- */
/* A partition's value as the scan's relation casts it. */
enum eval value_of_partition(struct evaluation *ev, const struct type *hive,
                             const struct sql_type *type, struct bytes text, struct sql_value *ret);
enum eval value_of_literal(const struct bound *x, struct sql_value *ret);
/* False when they cannot be compared here; neither is NULL. */
bool value_compare(const struct sql_value *a, const struct sql_value *b, int *ret_order);
/* As canonical text of the type (sql.h); empty with ptr NULL when there is none. */
struct bytes value_text(struct arena *a, const struct sql_value *v);
bool text_is_ascii(struct bytes v);

static inline enum eval value_null(const struct sql_node *x, struct sql_value *ret) {
    *ret = (struct sql_value){.type = x->type, .is_null = true};
    return EVAL_OK;
}
static inline enum eval value_truth(const struct sql_node *x, bool v, struct sql_value *ret) {
    *ret = (struct sql_value){.type = x->type, .truth = v};
    return EVAL_OK;
}
static inline enum eval value_text_of(const struct sql_node *x, struct bytes v,
                                      struct sql_value *ret) {
    *ret = (struct sql_value){.type = x->type, .text = v};
    return v.ptr || !v.len ? EVAL_OK : EVAL_UNKNOWN;
}
/* Integers, dates, timestamps: EVAL_FAILED when an integer is out of its type's range,
 * EVAL_UNKNOWN when a time is outside of years 1 to 9999. */
enum eval value_whole(const struct sql_type *t, int64_t v, struct sql_value *ret);
/* EVAL_UNKNOWN unless finite. */
enum eval value_real(const struct sql_type *t, double v, struct sql_value *ret);
/* EVAL_FAILED when it has more digits than the type. */
enum eval value_digits(const struct sql_type *t, __int128 v, struct sql_value *ret);

/* ---- predicate_cast.c ---- */
enum eval value_cast(struct arena *a, const struct sql_value *v, const struct sql_type *to,
                     bool is_try, struct sql_value *ret);
__int128 value_pow10(int n);

/* ---- predicate_regexp.c ---- */
bool regexp_prepare(struct arena *a, struct sql_node *x);
enum eval fn_regexp_like(struct evaluation *ev, const struct sql_node *x,
                         const struct sql_value *args, struct sql_value *ret);
enum eval fn_regexp_extract(struct evaluation *ev, const struct sql_node *x,
                            const struct sql_value *args, struct sql_value *ret);

/* ---- predicate_op.c, predicate_text.c, predicate_time.c ---- */
/* The [from, to) around a time that date_trunc makes one; false when the unit is none. */
bool time_part(struct bytes unit, int64_t micros, int64_t *ret_from, int64_t *ret_to) WARN_UNUSED;
extern const struct eval_fn eval_ops[], eval_texts[], eval_times[];
extern const size_t eval_op_count, eval_text_count, eval_time_count;

#endif
