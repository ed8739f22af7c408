/* partitions.c - the partitions a scan reads: computed by the table's projection, or registered
 * ones that its constraints and predicates leave; and the files that deliveries committed there. */
#include "query/query_int.h"

static int project(struct plan *p, struct plan_scan *s, const struct plan_prune *prune,
                   struct err *e) {
    return projection_select(s->table->projection, &p->arena, &prune->filter, p->now_ms,
                             PROJECTION_LIMIT, &s->partitions, &s->partition_count, &s->considered,
                             e);
}

static int look_up(struct plan *p, struct plan_scan *s, const struct plan_prune *prune,
                   struct err *e) {
    uint64_t considered = 0;
    int rc = catalog_view_partitions(p->view, &p->arena, s->table->table.id, &prune->filter,
                                     &s->partitions, &s->partition_count, &considered, e);
    s->considered = (double)considered;
    return rc;
}

static int read_committed(struct plan *p, struct plan_scan *s, struct err *e) {
    static const struct catalog_partition none[1];
    const struct catalog_partition *of = s->partitions ? s->partitions : none;
    if (s->table->key_count && s->table->projection && s->table->feed_count == 0)
        return 0;
    return catalog_view_files(p->view, &p->arena, s->table->table.id,
                              s->table->key_count ? of : NULL, s->partition_count, &s->delivered,
                              &s->delivered_count, e);
}

int plan_choose_partitions(struct plan *p, struct plan_scan *s, struct err *e) {
    struct plan_prune prune;
    int rc = 0;
    if (s->table->key_count) {
        rc = plan_prune_begin(p, s, &prune, e);
        if (!rc)
            rc = s->table->projection ? project(p, s, &prune, e) : look_up(p, s, &prune, e);
        plan_prune_end(&prune);
    }
    return rc || s->table->fill ? rc : read_committed(p, s, e);
}
