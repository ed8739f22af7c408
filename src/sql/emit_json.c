/* emit_json.c - CAST to and from JSON, member by member of the static type. */
#include "sql/emit_int.h"

static struct bytes lambda_name(struct emitter *em) {
    return arena_fmt(em->a, "k%d", em->next_lambda++);
}

static void quoted(struct emitter *em, const struct bound *at, struct bytes v,
                   const struct sql_type *from) {
    put(em, "t_json_quote(");
    emit_cast(em, at, v, from, sql_type_of(ST_VARCHAR), false);
    put(em, ")");
}

static void member(struct emitter *em, const struct bound *at, struct bytes v,
                   const struct sql_type *t) {
    put(em, "coalesce(");
    emit_to_json(em, at, v, t);
    put(em, ", 'null')");
}

static void list_to_json(struct emitter *em, const struct bound *at, struct bytes v,
                         const struct sql_type *t) {
    struct bytes e = lambda_name(em);
    put(em, "CASE WHEN ");
    put_bytes(em, v);
    put(em, " IS NULL THEN NULL ELSE ('[' || coalesce(array_to_string(list_transform(");
    put_bytes(em, v);
    put(em, ", lambda ");
    put_bytes(em, e);
    put(em, ": ");
    member(em, at, e, t->children[0]);
    put(em, "), ','), '') || ']') END");
}

static void map_to_json(struct emitter *em, const struct bound *at, struct bytes v,
                        const struct sql_type *t) {
    struct bytes e = lambda_name(em);
    put(em, "CASE WHEN ");
    put_bytes(em, v);
    put(em, " IS NULL THEN NULL ELSE ('{' || "
            "coalesce(array_to_string(list_sort(list_transform(map_entries(");
    put_bytes(em, v);
    put(em, "), lambda ");
    put_bytes(em, e);
    put(em, ": ");
    quoted(em, at, arena_fmt(em->a, "%.*s.key", BYTES_ARG(e)), t->children[0]);
    put(em, " || ':' || ");
    member(em, at, arena_fmt(em->a, "%.*s.value", BYTES_ARG(e)), t->children[1]);
    put(em, ")), ','), '') || '}') END");
}

static struct bytes json_name(struct emitter *em, struct bytes name) {
    struct buf b = {0};
    buf_add_char(&b, '"');
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '"' || name.ptr[i] == '\\')
            buf_add_char(&b, '\\');
        buf_add_char(&b, name.ptr[i]);
    }
    buf_add_str(&b, "\":");
    struct bytes r = arena_copy(em->a, buf_bytes(&b));
    buf_clear(&b);
    return r;
}

static void row_to_json(struct emitter *em, const struct bound *at, struct bytes v,
                        const struct sql_type *t) {
    put(em, "CASE WHEN ");
    put_bytes(em, v);
    put(em, " IS NULL THEN NULL ELSE ('{'");
    for (size_t i = 0; i < t->child_count; i++) {
        struct bytes field = arena_fmt(em->a, "struct_extract(%.*s, %.*s)", BYTES_ARG(v),
                                       BYTES_ARG(bound_quote(em->a, sql_type_field(em->a, t, i))));
        put(em, i ? " || ',' || " : " || ");
        put_bytes(em, bound_quote(em->a, json_name(em, t->names[i])));
        put(em, " || ");
        member(em, at, field, t->children[i]);
    }
    put(em, " || '}') END");
}

void emit_to_json(struct emitter *em, const struct bound *at, struct bytes v,
                  const struct sql_type *from) {
    switch (from->kind) {
    case ST_JSON:
        put_bytes(em, v);
        return;
    case ST_ARRAY:
        list_to_json(em, at, v, from);
        return;
    case ST_MAP:
        map_to_json(em, at, v, from);
        return;
    case ST_ROW:
        row_to_json(em, at, v, from);
        return;
    case ST_DOUBLE:
    case ST_REAL:
        put(em, from->kind == ST_REAL ? "t_real_json(" : "t_double_json(");
        put_bytes(em, v);
        put(em, ")");
        return;
    case ST_UNKNOWN:
        put(em, "CAST(NULL AS VARCHAR)");
        return;
    case ST_BOOLEAN:
    case ST_TINYINT:
    case ST_SMALLINT:
    case ST_INTEGER:
    case ST_BIGINT:
    case ST_DECIMAL:
        emit_cast(em, at, v, from, sql_type_of(ST_VARCHAR), false);
        return;
    default:
        quoted(em, at, v, from);
    }
}

/* ---- from JSON ---- */
static void list_from(struct emitter *em, const struct bound *at, const char *fn, struct bytes v,
                      const struct sql_type *t, bool is_try) {
    struct bytes e = lambda_name(em);
    putf(em, "list_transform(%s(", fn);
    put_bytes(em, v);
    put(em, "), lambda ");
    put_bytes(em, e);
    put(em, ": ");
    emit_from_json(em, at, e, t, is_try);
    put(em, ")");
}

static void map_from(struct emitter *em, const struct bound *at, struct bytes v,
                     const struct sql_type *t, bool is_try) {
    struct bytes e = lambda_name(em);
    put(em, "CASE WHEN t_json_is_null(");
    put_bytes(em, v);
    put(em, ") THEN NULL ELSE ");
    put(em, is_try ? "t_try_cast_map(" : "t_cast_map(");
    put(em, "list_transform(t_json_keys(");
    put_bytes(em, v);
    put(em, "), lambda ");
    put_bytes(em, e);
    put(em, ": ");
    emit_cast(em, at, e, sql_type_of(ST_VARCHAR), t->children[0], is_try);
    put(em, "), ");
    list_from(em, at, "t_json_values", v, t->children[1], is_try);
    put(em, ") END");
}

static void row_from(struct emitter *em, const struct bound *at, struct bytes v,
                     const struct sql_type *t, bool is_try) {
    put(em, "CASE WHEN t_json_is_null(");
    put_bytes(em, v);
    put(em, ") THEN NULL ELSE struct_pack(");
    for (size_t i = 0; i < t->child_count; i++) {
        struct bytes field = arena_fmt(em->a, "t_json_member(%.*s, %.*s, %zu)", BYTES_ARG(v),
                                       BYTES_ARG(bound_quote(em->a, t->names[i])), i);
        put(em, i ? ", " : "");
        put_ident(em, sql_type_field(em->a, t, i));
        put(em, " := ");
        emit_from_json(em, at, field, t->children[i], is_try);
    }
    put(em, ") END");
}

void emit_from_json(struct emitter *em, const struct bound *at, struct bytes v,
                    const struct sql_type *to, bool is_try) {
    static const char *const names[] = {
        [ST_BOOLEAN] = "boolean", [ST_TINYINT] = "tinyint", [ST_SMALLINT] = "smallint",
        [ST_INTEGER] = "integer", [ST_BIGINT] = "bigint",   [ST_REAL] = "real",
        [ST_DOUBLE] = "double",   [ST_VARCHAR] = "varchar",
    };
    if (em->rc)
        return;
    switch (to->kind) {
    case ST_JSON:
        put_bytes(em, v);
        return;
    case ST_ARRAY:
        list_from(em, at, is_try ? "t_try_json_elements" : "t_json_elements", v, to->children[0],
                  is_try);
        return;
    case ST_MAP:
    case ST_ROW:
        if (is_try) {
            emit_refuse(em, at, "TRY_CAST of json to map or row is not supported");
            return;
        }
        if (to->kind == ST_MAP)
            map_from(em, at, v, to, is_try);
        else
            row_from(em, at, v, to, is_try);
        return;
    case ST_DECIMAL:
        putf(em, "CAST(t_%sjson_to_decimal(", is_try ? "try_" : "");
        put_bytes(em, v);
        putf(em, ", %d, %d) AS DECIMAL(%d,%d))", to->precision, to->scale, to->precision,
             to->scale);
        return;
    case ST_DATE:
    case ST_TIMESTAMP:
        emit_cast(em, at, arena_fmt(em->a, "t_json_to_varchar(%.*s)", BYTES_ARG(v)),
                  sql_type_of(ST_VARCHAR), to, is_try);
        return;
    default:
        break;
    }
    assert(to->kind < COUNT_OF(names) && names[to->kind]);
    putf(em, is_try ? "t_try_json_to_%s(" : "t_json_to_%s(", names[to->kind]);
    put_bytes(em, v);
    put(em, ")");
}

/* ---- SQL/JSON ---- */
void emit_json_item(struct emitter *em, const struct bound *x) {
    static const char letters[] = {
        [ST_UNKNOWN] = 's',  [ST_BOOLEAN] = 'b', [ST_TINYINT] = 't',
        [ST_SMALLINT] = 'y', [ST_INTEGER] = 'i', [ST_BIGINT] = 'l',
        [ST_DECIMAL] = 'n',  [ST_REAL] = 'r',    [ST_DOUBLE] = 'd',
    };
    char letter = x->type->kind < COUNT_OF(letters) ? letters[x->type->kind] : 's';
    bool number = letter == 'r' || letter == 'd';
    putf(em, "coalesce('%c' || ", letter);
    if (number)
        put(em, "CAST(");
    if (number)
        emit_expr(em, x);
    else
        emit_cast(em, x, emit_text(em, x), x->type, sql_type_of(ST_VARCHAR), false);
    put(em, number ? " AS VARCHAR), 'z')" : ", 'z')");
}
