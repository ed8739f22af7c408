/* parse_window.c - OVER, window definitions, frames and ORDER BY items. */
#include "sql/parse_int.h"

bool parse_sort(struct parser *p, struct sql_sort *ret) {
    ret->pos = p->tokens[p->at - 2].pos;
    do {
        struct sql_sort_item item = {.pos = pos_here(p)};
        if (!(item.expr = parse_expression(p)))
            return false;
        item.descending = parser_accept(p, LEX_DESC);
        if (!item.descending)
            parser_accept(p, LEX_ASC);
        if (parser_accept(p, LEX_NULLS)) {
            item.nulls = parser_accept(p, LEX_FIRST) ? SQL_NULLS_FIRST : SQL_NULLS_LAST;
            if (item.nulls == SQL_NULLS_LAST && !parser_expect(p, LEX_LAST))
                return false;
        }
        if (!LIST_ADD(p, ret->items, ret->count, item))
            return false;
    } while (parser_accept(p, LEX_COMMA));
    return true;
}

static bool parse_bound(struct parser *p, struct sql_bound *b) {
    b->pos = pos_here(p);
    enum lex_kind k = tok(p)->kind, next = peek(p, 1);
    if (k == LEX_UNBOUNDED && (next == LEX_PRECEDING || next == LEX_FOLLOWING)) {
        b->kind =
            next == LEX_PRECEDING ? SQL_BOUND_UNBOUNDED_PRECEDING : SQL_BOUND_UNBOUNDED_FOLLOWING;
        parser_advance(p);
        parser_advance(p);
        return true;
    }
    if (k == LEX_CURRENT && next == LEX_ROW) {
        b->kind = SQL_BOUND_CURRENT_ROW;
        parser_advance(p);
        parser_advance(p);
        return true;
    }
    parser_want(p, LEX_UNBOUNDED);
    parser_want(p, LEX_CURRENT);
    if (!(b->value = parse_expression(p)))
        return false;
    b->kind = parser_accept(p, LEX_PRECEDING) ? SQL_BOUND_PRECEDING : SQL_BOUND_FOLLOWING;
    return b->kind == SQL_BOUND_PRECEDING || parser_expect(p, LEX_FOLLOWING);
}

static bool parse_frame(struct parser *p, struct sql_window *w, enum sql_frame_mode mode) {
    struct sql_frame *f = NODE(p, struct sql_frame);
    if (!f)
        return false;
    f->pos = pos_here(p);
    f->mode = mode;
    w->frame = f;
    parser_advance(p);
    f->has_end = parser_accept(p, LEX_BETWEEN);
    if (!parse_bound(p, &f->start))
        return false;
    return !f->has_end || (parser_expect(p, LEX_AND) && parse_bound(p, &f->end));
}

/* The words after which a window's parts go on; each could also be the name of a window. */
static bool at_window_part(const struct parser *p) {
    enum lex_kind k = tok(p)->kind, next = peek(p, 1);
    if (k == LEX_PARTITION)
        return next == LEX_BY;
    if (k != LEX_ROWS && k != LEX_RANGE && k != LEX_GROUPS && k != LEX_MEASURES)
        return false;
    return next != LEX_RPAREN && next != LEX_PARTITION && next != LEX_ORDER && next != LEX_ROWS &&
           next != LEX_RANGE && next != LEX_GROUPS;
}

/* MEASURES .. before the frame; AFTER MATCH, INITIAL, SEEK, PATTERN, SUBSET, DEFINE behind it. */
static bool at_row_pattern(const struct parser *p) {
    static const char *const words[] = {"MEASURES", "AFTER",  "INITIAL", "SEEK",
                                        "PATTERN",  "SUBSET", "DEFINE"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (bytes_eq_nocase(tok(p)->text, bytes_str(words[i])))
            return true;
    return false;
}

bool parse_window_spec(struct parser *p, struct sql_window *w) {
    w->pos = pos_here(p);
    if (lex_is_identifier(tok(p)->kind) && !at_window_part(p) && !parse_ident(p, &w->base))
        return false;
    if (parser_accept(p, LEX_PARTITION) &&
        (!parser_expect(p, LEX_BY) || !parse_expressions(p, &w->partition_by)))
        return false;
    if (parser_accept(p, LEX_ORDER) && (!parser_expect(p, LEX_BY) || !parse_sort(p, &w->order_by)))
        return false;
    if (at_row_pattern(p))
        return parser_unsupported(p, pos_here(p), "Row pattern recognition in a window");
    bool ok = true;
    if (parser_at_kind(p, LEX_ROWS))
        ok = parse_frame(p, w, SQL_FRAME_ROWS);
    else if (parser_at_kind(p, LEX_RANGE))
        ok = parse_frame(p, w, SQL_FRAME_RANGE);
    else if (parser_at_kind(p, LEX_GROUPS))
        ok = parse_frame(p, w, SQL_FRAME_GROUPS);
    if (ok && at_row_pattern(p))
        return parser_unsupported(p, pos_here(p), "Row pattern recognition in a window");
    return ok;
}

bool parse_over(struct parser *p, struct sql_call *call) {
    bool follows = peek(p, 1) == LEX_LPAREN || lex_is_identifier(peek(p, 1));
    if (tok(p)->kind != LEX_OVER || !follows)
        return true;
    struct sql_window *w = NODE(p, struct sql_window);
    if (!w)
        return false;
    parser_advance(p);
    w->pos = pos_here(p);
    call->over = w;
    if (!parser_accept(p, LEX_LPAREN)) {
        w->only_name = true;
        return parse_ident(p, &w->base);
    }
    return parser_enter(p) && parse_window_spec(p, w) && parser_expect(p, LEX_RPAREN) &&
           (parser_leave(p), true);
}
