/* refresh.c - the facts of all files of a table, read anew.
 *
 * The files are those that a scan without conditions would read. */
#include "query/refresh.h"
#include "base/mem.h"
#include "query/query_int.h"

static int choose(struct plan *p, struct bytes database, struct bytes table, struct plan_scan *s,
                  struct err *e) {
    struct sql_scan *scan = ARENA_NEW(&p->arena, struct sql_scan);
    if (!scan)
        return err_set(e, ERR_NOMEM, NULL);
    int rc = catalog_view_open(p->service->d.catalog, &p->view, e);
    if (!rc)
        rc = plan_table_load(p, &p->arena, database, table, &s->table, e);
    if (!rc) {
        scan->table = &s->table->info;
        s->scan = scan;
        rc = plan_choose_partitions(p, s, e);
    }
    catalog_view_close(&p->view);
    return rc;
}

static void count(const struct plan_scan *s, struct query_refreshed *ret) {
    *ret = (struct query_refreshed){.files = s->file_count};
    for (size_t i = 0; i < s->file_count; i++) {
        ret->bytes += s->files[i].size_bytes;
        ret->read += s->files[i].facts != NULL;
        ret->rows += s->files[i].facts ? s->files[i].rows : 0;
    }
}

int query_refresh_facts(struct query_service *q, struct bytes database, struct bytes table,
                        struct query_refreshed *ret, struct err *e) {
    struct plan_scan s = {0};
    struct plan *p = mem_calloc(1, sizeof *p);
    if (!p)
        return err_set(e, ERR_NOMEM, NULL);
    arena_init(&p->arena, 0);
    p->service = q;
    p->now_ms = clock_wall_ms(q->d.clock);
    int rc = choose(p, database, table, &s, e);
    bool parquet = !rc && s.table->format == FORMAT_PARQUET;
    if (parquet)
        rc = plan_list_files(p, &s, e);
    if (!rc && parquet)
        rc = plan_read_facts(p, &s, e);
    if (!rc)
        count(&s, ret);
    plan_free(&p);
    return rc;
}
