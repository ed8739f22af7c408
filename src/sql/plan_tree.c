/* plan_tree.c - the typed tree as a tree of operators.
 *
 * A SELECT is, from the leaves up: its FROM, a filter (WHERE), an aggregation, a filter (HAVING),
 * windows, a projection, DISTINCT; a query around it adds ORDER BY and limits. A subquery in an
 * expression is joined to the rows that it is asked for. A filter or projection directly above a
 * scan becomes part of it, as Trino shows it. WITH queries stand wherever they are read, hence the
 * limit on the number of operators. */
#include "sql/plan_tree.h"
#include "sql/bound.h"

#define MAX_NODES 10000

struct builder {
    struct arena *a;
    const struct sql_plan *plan;
    int made;
    bool failed;
};

typedef struct sql_plan_node node;

/* ---- nodes ---- */
static void *grown(struct builder *b, void *items, size_t count, size_t size) {
    if (count & (count + 1)) /* room for 1, 3, 7, .. */
        return items;
    void *more = arena_calloc(b->a, (2 * count + 1) * size);
    if (more && count)
        memcpy(more, items, count * size);
    b->failed |= !more;
    return more;
}
#define ADD(b, items, count, value)                                                                \
    (((items) = grown((b), (items), (count), sizeof *(items)))                                     \
         ? (void)((items)[(count)++] = (value))                                                    \
         : (void)0)

static node *new_node(struct builder *b, const char *name, node *child) {
    node *n = b->failed || b->made >= MAX_NODES ? NULL : ARENA_NEW(b->a, node);
    b->made++;
    if (!n) {
        b->failed = true;
        return NULL;
    }
    n->name = name;
    n->scan = PLAN_NO_SCAN;
    if (child) {
        ADD(b, n->children, n->child_count, child);
        n->outputs = child->outputs;
        n->output_count = child->output_count;
    }
    return n;
}

static void describe(struct builder *b, node *n, const char *key, struct bytes value) {
    if (n)
        ADD(b, n->descriptor, n->descriptor_count, ((struct sql_property){bytes_str(key), value}));
}

static struct bytes kept(struct builder *b, struct buf *text) {
    struct bytes r = buf_ok(text) ? arena_copy(b->a, buf_bytes(text)) : (struct bytes){0};
    b->failed |= !r.ptr;
    buf_clear(text);
    return r;
}

/* ---- expressions as text ---- */
static struct bytes column_name(struct builder *b, const struct bound_rel *r, size_t column) {
    struct bytes name = {0};
    if (r->kind == REL_SCAN)
        name = r->table->columns[column].name;
    else if (r->kind == REL_CTE && r->with->names)
        name = r->with->names[column];
    else if ((r->kind == REL_CTE || r->kind == REL_QUERY) && (r->query || r->with))
        name = (r->kind == REL_CTE ? r->with->query : r->query)->names[column];
    return name.len ? name : arena_fmt(b->a, "field_%zu", column);
}

static void print(struct builder *b, const struct bound *x, struct buf *out) {
    if (x->origin)
        sql_print_expr(x->origin, out);
    else if (x->kind == BX_CAST)
        print(b, x->args[0], out);
    else if (x->kind == BX_COLUMN)
        buf_add(out, column_name(b, x->rel, x->column));
    else if (x->kind == BX_LITERAL && x->value.ptr)
        buf_add(out, x->value);
    else
        buf_add_str(out, "expr");
}

static struct bytes expr_text(struct builder *b, const struct bound *x) {
    struct buf out = {0};
    print(b, x, &out);
    return kept(b, &out);
}

static struct bytes list_text(struct builder *b, struct bound *const *items, size_t count) {
    struct buf out = {0};
    buf_add_char(&out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_str(&out, ", ");
        print(b, items[i], &out);
    }
    buf_add_char(&out, ']');
    return kept(b, &out);
}

static struct bytes sort_text(struct builder *b, const struct bound_sorts *s) {
    struct buf out = {0};
    buf_add_char(&out, '[');
    for (size_t i = 0; i < s->count; i++) {
        const struct bound_sort *k = &s->items[i];
        if (i)
            buf_add_str(&out, ", ");
        print(b, k->x, &out);
        buf_add_str(&out, k->descending ? " DESC" : " ASC");
        buf_add_str(&out, k->nulls_first ? " NULLS FIRST" : " NULLS LAST");
    }
    buf_add_char(&out, ']');
    return kept(b, &out);
}

static void set_outputs(struct builder *b, node *n, const struct bound_query *q) {
    if (!n)
        return;
    n->outputs = NULL;
    n->output_count = 0;
    for (size_t i = 0; i < q->column_count; i++) {
        struct bytes name = q->names[i].len ? q->names[i] : arena_fmt(b->a, "_col%zu", i);
        ADD(b, n->outputs, n->output_count,
            ((struct sql_plan_symbol){name, sql_type_text(b->a, q->types[i])}));
    }
}

/* ---- what an expression holds ---- */
struct search {
    struct builder *b;
    node *n;      /* subqueries are joined to it */
    node *groups; /* aggregates are listed here */
    node *window;
    size_t aggregates, windows;
};

static node *query_node(struct builder *b, const struct bound_query *q);

static void join_subquery(struct search *s, const struct bound *x, const char *name) {
    node *joined = new_node(s->b, name, s->n), *query = query_node(s->b, x->query);
    if (!joined || !query)
        return;
    if (x->kind == BX_SCALAR) {
        node *single = new_node(s->b, "EnforceSingleRow", query);
        query = single ? single : query;
    }
    ADD(s->b, joined->children, joined->child_count, query);
    if (x->origin)
        describe(s->b, joined, "subquery", expr_text(s->b, x));
    s->n = joined;
}

static bool find_subqueries(void *ctx, struct bound *x) {
    struct search *s = ctx;
    if (s->b->failed)
        return false;
    if (x->kind == BX_SCALAR)
        join_subquery(s, x, "CrossJoin");
    else if (x->kind == BX_EXISTS || x->kind == BX_IN_QUERY || x->kind == BX_QUANTIFIED)
        join_subquery(s, x, "SemiJoin");
    return bound_each(x, find_subqueries, ctx);
}

static node *with_subqueries(struct builder *b, node *n, struct bound *const *items, size_t count) {
    struct search s = {.b = b, .n = n};
    for (size_t i = 0; i < count && items; i++)
        if (items[i])
            (void)find_subqueries(&s, items[i]);
    return s.n;
}

static bool find_aggregates(void *ctx, struct bound *x) {
    struct search *s = ctx;
    node *n = x->kind != BX_AGG ? NULL : x->over ? s->window : s->groups;
    if (x->kind == BX_AGG) {
        s->aggregates += !x->over;
        s->windows += x->over != NULL;
    }
    if (n)
        ADD(s->b, n->details, n->detail_count, expr_text(s->b, x));
    return !s->b->failed && bound_each(x, find_aggregates, ctx);
}

static void search_select(struct search *s, const struct bound_query *q) {
    for (size_t i = 0; i < q->select->item_count; i++)
        (void)find_aggregates(s, q->select->items[i]);
    if (q->select->having)
        (void)find_aggregates(s, q->select->having);
    for (size_t i = 0; i < q->order.count; i++)
        if (!q->order.items[i].ordinal)
            (void)find_aggregates(s, q->order.items[i].x);
}

/* ---- relations ---- */
static node *scan_node(struct builder *b, const struct bound_rel *r) {
    node *n = new_node(b, "TableScan", NULL);
    if (!n)
        return NULL;
    n->scan = r->scan;
    describe(b, n, "table",
             arena_fmt(b->a, "awsdatacatalog:%.*s:%.*s", BYTES_ARG(r->table->database),
                       BYTES_ARG(r->table->name)));
    for (size_t i = 0; i < r->column_count; i++)
        if (r->used[i])
            ADD(b, n->outputs, n->output_count,
                ((struct sql_plan_symbol){r->table->columns[i].name,
                                          sql_type_text(b->a, r->types[i])}));
    return n;
}

static node *rel_node(struct builder *b, const struct bound_rel *r);

static const char *join_name(enum sql_join_kind kind) {
    static const char *const names[] = {
        [SQL_JOIN_CROSS] = "CrossJoin", [SQL_JOIN_IMPLICIT] = "CrossJoin",
        [SQL_JOIN_INNER] = "InnerJoin", [SQL_JOIN_LEFT] = "LeftJoin",
        [SQL_JOIN_RIGHT] = "RightJoin", [SQL_JOIN_FULL] = "FullJoin"};
    return names[kind];
}

static node *unnest_node(struct builder *b, const struct bound_rel *r, node *child) {
    node *n = new_node(b, child ? "CrossJoinUnnest" : "Unnest", child);
    describe(b, n, "unnest", list_text(b, r->args, r->arg_count));
    for (size_t i = 0; n && i < r->column_count; i++)
        ADD(b, n->outputs, n->output_count,
            ((struct sql_plan_symbol){column_name(b, r, i), sql_type_text(b->a, r->types[i])}));
    return n;
}

static node *join_node(struct builder *b, const struct bound_rel *r) {
    node *left = rel_node(b, r->left);
    if (r->right->kind == REL_UNNEST && r->join <= SQL_JOIN_INNER && left) {
        struct sql_plan_symbol *own = left->outputs; /* the node adds to a copy */
        left->outputs = NULL;
        size_t count = left->output_count;
        left->output_count = 0;
        for (size_t i = 0; i < count; i++)
            ADD(b, left->outputs, left->output_count, own[i]);
        node *n = unnest_node(b, r->right, left);
        left->outputs = own;
        left->output_count = count;
        return n;
    }
    node *right = rel_node(b, r->right), *n = new_node(b, join_name(r->join), NULL);
    if (!left || !right || !n)
        return NULL;
    for (size_t i = 0; i < left->output_count; i++)
        ADD(b, n->outputs, n->output_count, left->outputs[i]);
    for (size_t i = 0; i < right->output_count; i++)
        ADD(b, n->outputs, n->output_count, right->outputs[i]);
    ADD(b, n->children, n->child_count, left);
    ADD(b, n->children, n->child_count, right);
    if (r->on)
        describe(b, n, "criteria", expr_text(b, r->on));
    return n;
}

static node *rel_node(struct builder *b, const struct bound_rel *r) {
    node *n = NULL;
    if (r->kind == REL_SCAN)
        n = scan_node(b, r);
    else if (r->kind == REL_JOIN)
        n = join_node(b, r);
    else if (r->kind == REL_UNNEST)
        n = unnest_node(b, r, NULL);
    else if (r->kind == REL_CTE && r->with->recursive)
        n = new_node(b, "RecursiveQuery", NULL);
    else
        n = query_node(b, r->kind == REL_CTE ? r->with->query : r->query);
    if (n && r->kind == REL_CTE && r->with->recursive)
        describe(b, n, "name", r->with->name);
    if (n && r->sample != SQL_SAMPLE_NONE) {
        n = new_node(b, "Sample", n);
        describe(b, n, "type",
                 r->sample == SQL_SAMPLE_BERNOULLI ? BYTES("BERNOULLI") : BYTES("SYSTEM"));
        if (r->sample_percent)
            describe(b, n, "percent", expr_text(b, r->sample_percent));
    }
    return n;
}

/* ---- SELECT ---- */
static bool is_scan(const node *n) {
    return n && n->scan != PLAN_NO_SCAN && n->child_count == 0;
}

static node *filter_node(struct builder *b, node *n, struct bound *predicate) {
    if (!predicate || !n)
        return n;
    n = with_subqueries(b, n, &predicate, 1);
    if (is_scan(n))
        n->name = "ScanFilter";
    else
        n = new_node(b, "Filter", n);
    describe(b, n, "filterPredicate", expr_text(b, predicate));
    return n;
}

static node *aggregate_node(struct builder *b, node *n, const struct bound_query *q) {
    const struct bound_select *s = q->select;
    struct search found = {.b = b};
    search_select(&found, q);
    if (!s->aggregated && !s->group_count && !found.aggregates)
        return n;
    if (s->set_count > 1)
        n = new_node(b, "GroupId", n);
    n = new_node(b, "Aggregate", n);
    if (!n)
        return NULL;
    if (s->group_count)
        describe(b, n, "keys", list_text(b, s->groups, s->group_count));
    n->outputs = NULL;
    n->output_count = 0;
    for (size_t i = 0; i < s->group_count; i++)
        ADD(b, n->outputs, n->output_count,
            ((struct sql_plan_symbol){expr_text(b, s->groups[i]),
                                      sql_type_text(b->a, s->groups[i]->type)}));
    found.groups = n;
    search_select(&found, q);
    return n;
}

static node *window_node(struct builder *b, node *n, const struct bound_query *q) {
    struct search found = {.b = b};
    search_select(&found, q);
    if (!found.windows)
        return n;
    found.window = n = new_node(b, "Window", n);
    if (n)
        search_select(&found, q);
    return n;
}

static bool computes(const struct bound_select *s) {
    for (size_t i = 0; i < s->item_count; i++)
        if (s->items[i]->kind != BX_COLUMN)
            return true;
    return false;
}

static node *project_node(struct builder *b, node *n, const struct bound_query *q) {
    const struct bound_select *s = q->select;
    if (!n)
        return NULL;
    n = with_subqueries(b, n, s->items, s->item_count);
    if (!n || !computes(s)) {
        set_outputs(b, n, q);
        return n;
    }
    if (is_scan(n))
        n->name = strcmp(n->name, "ScanFilter") == 0 ? "ScanFilterProject" : "ScanProject";
    else
        n = new_node(b, "Project", n);
    set_outputs(b, n, q);
    for (size_t i = 0; n && i < s->item_count && i < n->output_count; i++)
        if (s->items[i]->kind != BX_COLUMN)
            ADD(b, n->details, n->detail_count,
                arena_fmt(b->a, "%.*s := %.*s", BYTES_ARG(n->outputs[i].name),
                          BYTES_ARG(expr_text(b, s->items[i]))));
    return n;
}

static node *select_node(struct builder *b, const struct bound_query *q) {
    const struct bound_select *s = q->select;
    node *n = s->from ? rel_node(b, s->from) : new_node(b, "Values", NULL);
    if (!s->from)
        describe(b, n, "rows", BYTES("1"));
    n = filter_node(b, n, s->where);
    n = n ? aggregate_node(b, n, q) : NULL;
    n = filter_node(b, n, s->having);
    n = n ? window_node(b, n, q) : NULL;
    n = project_node(b, n, q);
    if (n && s->distinct) {
        n = new_node(b, "Aggregate", n);
        describe(b, n, "type", BYTES("DISTINCT"));
    }
    return n;
}

/* ---- queries ---- */
static node *values_node(struct builder *b, const struct bound_query *q) {
    node *n = new_node(b, "Values", NULL);
    describe(b, n, "rows", arena_fmt(b->a, "%zu", q->row_count));
    return n;
}

static node *set_node(struct builder *b, const struct bound_query *q) {
    static const char *const names[] = {"Union", "Intersect", "Except"};
    node *left = query_node(b, q->left), *right = query_node(b, q->right);
    node *n = new_node(b, names[q->set_op], NULL);
    if (!left || !right || !n)
        return NULL;
    /* a UNION of a UNION is one of three */
    if (strcmp(left->name, n->name) == 0 && q->set_all && !left->descriptor_count)
        n->children = left->children, n->child_count = left->child_count;
    else
        ADD(b, n->children, n->child_count, left);
    ADD(b, n->children, n->child_count, right);
    if (!q->set_all)
        describe(b, n, "type", BYTES("DISTINCT"));
    return n;
}

static node *limit_nodes(struct builder *b, node *n, const struct bound_query *q) {
    bool top = q->order.count && q->limit >= 0 && q->offset <= 0;
    if (q->order.count) {
        n = new_node(b, top ? "TopN" : "Sort", n);
        if (top)
            describe(b, n, "count", arena_fmt(b->a, "%lld", (long long)q->limit));
        describe(b, n, "orderBy", sort_text(b, &q->order));
    }
    if (n && q->offset > 0) {
        n = new_node(b, "Offset", n);
        describe(b, n, "count", arena_fmt(b->a, "%lld", (long long)q->offset));
    }
    if (n && q->limit >= 0 && !top) {
        n = new_node(b, "Limit", n);
        describe(b, n, "count", arena_fmt(b->a, "%lld", (long long)q->limit));
    }
    if (n && q->with_ties)
        describe(b, n, "withTies", BYTES("true"));
    return n;
}

static node *query_node(struct builder *b, const struct bound_query *q) {
    node *n = q->body == BQ_SELECT   ? select_node(b, q)
              : q->body == BQ_VALUES ? values_node(b, q)
                                     : set_node(b, q);
    if (q->body != BQ_SELECT)
        set_outputs(b, n, q);
    return n ? limit_nodes(b, n, q) : NULL;
}

static void number(node *n, int *next) {
    n->id = (*next)++;
    for (size_t i = 0; i < n->child_count; i++)
        number(n->children[i], next);
}

int sql_plan_tree(struct arena *a, const struct sql_plan *p, struct sql_plan_node **ret,
                  struct err *e) {
    struct builder b = {.a = a, .plan = p};
    struct buf names = {0};
    int next = 1;
    node *n = query_node(&b, p->query), *root = n ? new_node(&b, "Output", n) : NULL;
    set_outputs(&b, root, p->query);
    for (size_t i = 0; root && i < root->output_count; i++)
        buf_add_fmt(&names, "%s%.*s", i ? ", " : "[", BYTES_ARG(root->outputs[i].name));
    buf_add_char(&names, ']');
    describe(&b, root, "columnNames", kept(&b, &names));
    if (b.made >= MAX_NODES)
        return err_set_named(e, ERR_SQL, "NOT_SUPPORTED", 0,
                             "A plan of more than %d operators is not explained", MAX_NODES);
    if (b.failed || !root || a->failed)
        return err_set(e, ERR_NOMEM, NULL);
    number(root, &next);
    *ret = root;
    return 0;
}
