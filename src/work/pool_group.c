/* pool_group.c - groups of workers and their options. The first three are enum work_group's; the
 * others are found by name. */
#include "base/mem.h"
#include "work/pool_int.h"

#include <unistd.h>

static struct work_group_options with_defaults(const struct work_group_options *o, bool is_query) {
    struct work_group_options r = *o;
    int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    r.max_workers = MIN_OF(r.max_workers ? r.max_workers : 2, WORKERS_MAX - WORKERS_KEPT);
    r.threads = r.threads ? r.threads : is_query ? MAX_OF(cpus, 1) : 1;
    r.memory_mb = r.memory_mb ? r.memory_mb : 2048;
    r.spill_mb = r.spill_mb ? r.spill_mb : MAX_OF(4 * r.memory_mb, 4096);
    r.max_queue = r.max_queue ? r.max_queue : 1000;
    r.nice = MIN_OF(MAX_OF(r.nice, 0), 19);
    return r;
}

static int add_group(struct work_pool *p, struct bytes name, const struct work_group_options *o,
                     bool is_query, struct err *e) {
    struct group *g = mem_calloc(1, sizeof *g);
    char *copy = mem_strndup(name.len ? name.ptr : "", name.len);
    if (!g || !copy) {
        mem_free(g);
        mem_free(copy);
        return err_set(e, ERR_NOMEM, NULL);
    }
    g->name = copy;
    g->options = with_defaults(o, is_query);
    p->groups[p->group_count++] = g;
    return 0;
}

int groups_init(struct work_pool *p, struct err *e) {
    int rc = 0;
    for (int g = 0; !rc && g < WORK_GROUPS; g++) {
        rc = add_group(p, BYTES(""), &p->options.group[g], g == WORK_QUERY, e);
    }
    return rc;
}

void groups_clear(struct work_pool *p) {
    for (int g = 0; g < p->group_count; g++) {
        mem_free(p->groups[g]->name);
        mem_free(p->groups[g]);
    }
    p->group_count = 0;
}

/* Under lock. Workers with other options are sent away by the supervisor. */
static void change(struct group *g, const struct work_group_options *o, bool is_query) {
    struct work_group_options now = with_defaults(o, is_query), *was = &g->options;
    bool shape = now.threads != was->threads || now.memory_mb != was->memory_mb ||
                 now.spill_mb != was->spill_mb || now.nice != was->nice;
    g->version += shape;
    g->options = now;
}

int work_group_define(struct work_pool *p, struct bytes name, const struct work_group_options *o,
                      int *ret_group, struct err *e) {
    int rc = 0, found = -1;
    pthread_mutex_lock(&p->lock);
    for (int g = WORK_GROUPS; found < 0 && g < p->group_count; g++) {
        found = bytes_eq_str(name, p->groups[g]->name) ? g : -1;
    }
    if (found >= 0) {
        change(p->groups[found], o, true);
    } else if (p->group_count == GROUPS_MAX) {
        rc = err_set(e, ERR_LIMIT_EXCEEDED, "There are %d groups of workers already.", GROUPS_MAX);
    } else {
        rc = add_group(p, name, o, true, e);
        found = p->group_count - 1;
    }
    pthread_mutex_unlock(&p->lock);
    if (!rc) {
        *ret_group = found;
    }
    return rc;
}

void work_group_set(struct work_pool *p, enum work_group group,
                    const struct work_group_options *o) {
    pthread_mutex_lock(&p->lock);
    change(p->groups[group], o, group == WORK_QUERY);
    pthread_mutex_unlock(&p->lock);
}

void work_group_get(struct work_pool *p, int group, struct work_group_options *ret) {
    pthread_mutex_lock(&p->lock);
    *ret = p->groups[group]->options;
    pthread_mutex_unlock(&p->lock);
}
