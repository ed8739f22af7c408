/* coerce.c - Trino's coercion lattice.
 *
 *   unknown -> anything
 *   tinyint -> smallint -> integer -> bigint -> decimal(19+,0) -> real -> double
 *   decimal(p,s) -> a decimal with as many digits on both sides -> real, double
 *   varchar(n) -> varchar(m >= n) -> varchar        char(n) -> varchar(m >= n), char(m >= n)
 *   date -> timestamp(p) -> timestamp(q >= p) -> timestamp with time zone
 *   array, map, row: member by member
 * Numbers and text never meet: that is the type mismatch that DuckDB would let through. */
#include "sql/types.h"

int sql_type_integer_digits(enum sql_type_tag kind) {
    switch (kind) {
    case ST_TINYINT:
        return 3;
    case ST_SMALLINT:
        return 5;
    case ST_INTEGER:
        return 10;
    default:
        return 19;
    }
}

static bool decimal_fits(int from_p, int from_s, const struct sql_type *to) {
    return to->scale >= from_s && to->precision - to->scale >= from_p - from_s;
}

static bool number_coerces(const struct sql_type *from, const struct sql_type *to) {
    if (to->kind == ST_REAL || to->kind == ST_DOUBLE)
        return from->kind != ST_DOUBLE || to->kind == ST_DOUBLE;
    if (to->kind == ST_DECIMAL) {
        if (from->kind == ST_DECIMAL)
            return decimal_fits(from->precision, from->scale, to);
        return sql_type_is_integer(from) &&
               decimal_fits(sql_type_integer_digits(from->kind), 0, to);
    }
    return sql_type_is_integer(from) && from->kind <= to->kind;
}

static bool text_coerces(const struct sql_type *from, const struct sql_type *to) {
    if (from->kind == ST_CHAR)
        return to->length >= from->length;
    if (to->kind == ST_CHAR)
        return false;
    return to->length >= from->length;
}

static int time_rank(enum sql_type_tag kind) {
    switch (kind) {
    case ST_DATE:
        return 1;
    case ST_TIMESTAMP:
        return 2;
    case ST_TIMESTAMP_TZ:
        return 3;
    default:
        return 0;
    }
}

static bool time_coerces(const struct sql_type *from, const struct sql_type *to) {
    int f = time_rank(from->kind), t = time_rank(to->kind);
    if (f > t)
        return false;
    if (from->kind != ST_DATE && from->precision > to->precision)
        return false;
    return !from->zoned || to->zoned;
}

static bool is_clock(const struct sql_type *t) {
    return t->kind == ST_TIME || t->kind == ST_TIME_TZ;
}

static bool children_coerce(const struct sql_type *from, const struct sql_type *to) {
    if (from->child_count != to->child_count)
        return false;
    for (size_t i = 0; i < from->child_count; i++)
        if (!sql_type_can_coerce(from->children[i], to->children[i]))
            return false;
    return true;
}

bool sql_type_can_coerce(const struct sql_type *from, const struct sql_type *to) {
    if (from->kind == ST_UNKNOWN || sql_type_equal(from, to))
        return true;
    if (sql_type_is_numeric(from) && sql_type_is_numeric(to))
        return number_coerces(from, to);
    if (sql_type_is_text(from) && sql_type_is_text(to))
        return text_coerces(from, to);
    if (time_rank(from->kind) && time_rank(to->kind))
        return time_coerces(from, to);
    if (from->kind == ST_P4HLL && to->kind == ST_HLL)
        return true;
    if (is_clock(from) && is_clock(to))
        return from->kind <= to->kind && from->precision <= to->precision;
    if (from->kind != to->kind)
        return false;
    return from->child_count ? children_coerce(from, to) : true;
}

/* ---- common super type ---- */
static const struct sql_type *common_decimal(struct arena *a, const struct sql_type *x,
                                             const struct sql_type *y) {
    int xs = x->kind == ST_DECIMAL ? x->scale : 0, ys = y->kind == ST_DECIMAL ? y->scale : 0;
    int xp = x->kind == ST_DECIMAL ? x->precision : sql_type_integer_digits(x->kind);
    int yp = y->kind == ST_DECIMAL ? y->precision : sql_type_integer_digits(y->kind);
    int scale = MAX_OF(xs, ys);
    return sql_type_decimal(a, MIN_OF(38, scale + MAX_OF(xp - xs, yp - ys)), scale);
}

static const struct sql_type *common_number(struct arena *a, const struct sql_type *x,
                                            const struct sql_type *y) {
    if (x->kind == ST_DOUBLE || y->kind == ST_DOUBLE)
        return sql_type_of(ST_DOUBLE);
    if (x->kind == ST_REAL || y->kind == ST_REAL)
        return sql_type_of(ST_REAL);
    if (x->kind == ST_DECIMAL || y->kind == ST_DECIMAL)
        return common_decimal(a, x, y);
    return x->kind > y->kind ? x : y;
}

static const struct sql_type *common_text(struct arena *a, const struct sql_type *x,
                                          const struct sql_type *y) {
    int length = MAX_OF(x->length, y->length);
    if (x->kind == ST_CHAR && y->kind == ST_CHAR)
        return sql_type_char(a, length);
    /* Trino compares char with varchar as char when the varchar is bounded. */
    if (x->kind != y->kind && length <= 65536)
        return sql_type_char(a, length);
    return sql_type_varchar(a, length);
}

static const struct sql_type *common_time(struct arena *a, const struct sql_type *x,
                                          const struct sql_type *y) {
    const struct sql_type *wide = time_rank(x->kind) >= time_rank(y->kind) ? x : y;
    const struct sql_type *other = wide == x ? y : x;
    int p = wide->precision;
    if (other->kind != ST_DATE && other->precision > p)
        p = other->precision;
    if (wide->kind == ST_TIMESTAMP)
        return sql_type_time(a, ST_TIMESTAMP, p);
    return sql_type_tz(a, p, x->zoned || y->zoned);
}

static const struct sql_type *common_children(struct arena *a, const struct sql_type *x,
                                              const struct sql_type *y) {
    size_t n = x->child_count;
    const struct sql_type **t = ARENA_NEW_N(a, const struct sql_type *, n ? n : 1);
    struct bytes *names = ARENA_NEW_N(a, struct bytes, n ? n : 1);
    if (n != y->child_count || !t || !names)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (!(t[i] = sql_type_common(a, x->children[i], y->children[i])))
            return NULL;
        names[i] = (struct bytes){0};
        if (x->kind == ST_ROW && bytes_eq_nocase(x->names[i], y->names[i]))
            names[i] = x->names[i];
    }
    if (x->kind == ST_ARRAY)
        return sql_type_array(a, t[0]);
    if (x->kind == ST_MAP)
        return sql_type_map(a, t[0], t[1]);
    return sql_type_row(a, t, names, n);
}

const struct sql_type *sql_type_common(struct arena *a, const struct sql_type *x,
                                       const struct sql_type *y) {
    if (sql_type_equal(x, y) || y->kind == ST_UNKNOWN)
        return x;
    if (x->kind == ST_UNKNOWN)
        return y;
    if (sql_type_is_numeric(x) && sql_type_is_numeric(y))
        return common_number(a, x, y);
    if (sql_type_is_text(x) && sql_type_is_text(y))
        return common_text(a, x, y);
    if (time_rank(x->kind) && time_rank(y->kind))
        return x->kind == ST_DATE && y->kind == ST_DATE ? x : common_time(a, x, y);
    if (is_clock(x) && is_clock(y))
        return sql_type_time(a, MAX_OF(x->kind, y->kind), MAX_OF(x->precision, y->precision));
    if (x->kind != y->kind)
        return NULL;
    return x->child_count ? common_children(a, x, y) : NULL;
}

/* ---- explicit casts ---- */
static bool casts_to_text(const struct sql_type *from) {
    return from->kind <= ST_CHAR || (from->kind >= ST_DATE && from->kind <= ST_TIMESTAMP_TZ) ||
           from->kind == ST_INTERVAL_DAY || from->kind == ST_INTERVAL_YEAR ||
           from->kind == ST_JSON || from->kind == ST_UUID;
}

static bool all_of_children(const struct sql_type *t, bool (*has)(const struct sql_type *)) {
    for (size_t i = 0; i < t->child_count; i++)
        if (!has(t->children[i]))
            return false;
    return true;
}

static bool json_leaf(const struct sql_type *t) {
    return t->kind <= ST_VARCHAR || t->kind == ST_DATE || t->kind == ST_TIMESTAMP ||
           t->kind == ST_TIMESTAMP_TZ || t->kind == ST_JSON;
}

static bool casts_to_json(const struct sql_type *t) {
    if (t->kind == ST_MAP)
        return (t->children[0]->kind <= ST_VARCHAR) && casts_to_json(t->children[1]);
    if (t->kind == ST_ARRAY || t->kind == ST_ROW)
        return all_of_children(t, casts_to_json);
    return json_leaf(t);
}

static bool casts_from_json(const struct sql_type *t) {
    if (t->kind == ST_MAP)
        return t->children[0]->kind <= ST_VARCHAR && casts_from_json(t->children[1]);
    if (t->kind == ST_ARRAY || t->kind == ST_ROW)
        return all_of_children(t, casts_from_json);
    return t->kind <= ST_VARCHAR || t->kind == ST_DATE || t->kind == ST_TIMESTAMP ||
           t->kind == ST_JSON;
}

static bool nested_casts(const struct sql_type *from, const struct sql_type *to) {
    if (from->kind != to->kind || from->child_count != to->child_count)
        return false;
    for (size_t i = 0; i < from->child_count; i++)
        if (!sql_type_can_cast(from->children[i], to->children[i]))
            return false;
    return true;
}

/* Text, bytes, addresses, networks, uuids and sketches among each other. */
static bool special_casts(const struct sql_type *from, const struct sql_type *to) {
    bool unbounded = to->kind == ST_VARCHAR && to->length == SQL_UNBOUNDED;
    switch (from->kind) {
    case ST_IPADDRESS:
        return unbounded || to->kind == ST_VARBINARY || to->kind == ST_IPPREFIX;
    case ST_IPPREFIX:
        return unbounded || to->kind == ST_IPADDRESS;
    case ST_VARCHAR:
        return to->kind == ST_IPADDRESS || to->kind == ST_IPPREFIX;
    case ST_UUID:
        return to->kind == ST_VARBINARY;
    case ST_VARBINARY:
        return to->kind == ST_IPADDRESS || to->kind == ST_UUID || to->kind == ST_HLL ||
               to->kind == ST_P4HLL || to->kind == ST_TDIGEST;
    case ST_HLL:
    case ST_P4HLL:
    case ST_TDIGEST:
        return to->kind == ST_VARBINARY ||
               (from->kind != ST_TDIGEST && (to->kind == ST_HLL || to->kind == ST_P4HLL));
    default:
        return false;
    }
}

bool sql_type_can_cast(const struct sql_type *from, const struct sql_type *to) {
    if (sql_type_can_coerce(from, to) || special_casts(from, to))
        return true;
    if (to->kind == ST_JSON)
        return casts_to_json(from);
    if (from->kind == ST_JSON)
        return sql_type_is_text(to) ? to->kind == ST_VARCHAR : casts_from_json(to);
    if (from->child_count || to->child_count)
        return nested_casts(from, to);
    if (sql_type_is_text(to))
        return casts_to_text(from);
    if (sql_type_is_text(from))
        return to->kind <= ST_DOUBLE || time_rank(to->kind) || is_clock(to) ||
               to->kind == ST_UUID || to->kind == ST_VARBINARY;
    bool from_number = from->kind == ST_BOOLEAN || sql_type_is_numeric(from);
    bool to_number = to->kind == ST_BOOLEAN || sql_type_is_numeric(to);
    if (from_number && to_number)
        return true;
    if (time_rank(from->kind) && time_rank(to->kind))
        return true;
    bool from_time = is_clock(from) || time_rank(from->kind) > 1;
    bool to_time = is_clock(to) || time_rank(to->kind) > 1;
    return from_time && to_time;
}
