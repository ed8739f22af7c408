/* service.c - the room's public face, and the threads that run crawls.
 *
 *     READY ──start──▶ RUNNING ──end──▶ READY
 *                         └──stop──▶ STOPPING ──end──▶ READY
 *
 * A crawler's document changes only under the lock, so reading, changing and storing it is safe.
 * Its state is durable before a call answers. */
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/schedule.h"
#include "crawl/crawl_int.h"

/* ---- errors ---- */
static int running(struct bytes name, struct err *e) {
    return err_set_named(e, ERR_INVALID_REQUEST, "CrawlerRunningException", 400,
                         "Crawler with name %.*s has already started", BYTES_ARG(name));
}

/* ---- jobs ---- */
static void job_free(struct crawl_job *j) {
    mem_free((char *)(uintptr_t)j->name.ptr);
    mem_free((char *)(uintptr_t)j->id.ptr);
    mem_free(j);
}
static struct crawl_job *job_new(struct crawl_service *s, struct bytes name) {
    char id[UUID_TEXT_LEN + 1];
    struct crawl_job *j = mem_calloc(1, sizeof *j);
    uuid_make(id);
    char *own_name = mem_strndup(name.ptr, name.len), *own_id = mem_strndup(id, UUID_TEXT_LEN);
    if (!j || !own_name || !own_id) {
        mem_free(own_name);
        mem_free(own_id);
        mem_free(j);
        return NULL;
    }
    j->service = s;
    j->name = bytes_of(own_name, name.len);
    j->id = bytes_of(own_id, UUID_TEXT_LEN);
    j->started_ms = clock_wall_ms(s->d.clock);
    return j;
}
static void unlink_job(struct crawl_job **list, const struct crawl_job *j) {
    for (; *list; list = &(*list)->next) {
        if (*list == j) {
            *list = j->next;
            return;
        }
    }
}
static void push_job(struct crawl_job **list, struct crawl_job *j) {
    while (*list)
        list = &(*list)->next;
    j->next = NULL;
    *list = j;
}

static void keep_runtime(struct crawler *cr, int64_t ms) {
    size_t room = COUNT_OF(cr->runtimes_ms);
    if (cr->runtime_count == room) {
        memmove(cr->runtimes_ms, cr->runtimes_ms + 1, (room - 1) * sizeof *cr->runtimes_ms);
        cr->runtime_count--;
    }
    cr->runtimes_ms[cr->runtime_count++] = ms;
}

/* The crawl is over: READY again, with its report. */
static void record_end(struct crawl_service *s, struct bytes name,
                       const struct crawl_report *report) {
    struct arena a;
    struct crawler cr;
    struct err e;
    arena_init(&a, 0);
    int rc = crawler_load(s->d.catalog, &a, name, &cr, &e);
    rc = rc ? rc : crawl_report_store(s->d.catalog, name, report, &e); /* READY is seen last */
    if (!rc) {
        cr.state = CRAWL_READY;
        cr.last = *report;
        if (bytes_eq_str(report->status, "COMPLETED"))
            keep_runtime(&cr, report->ended_ms - report->started_ms);
        rc = crawler_store(s->d.catalog, &cr, false, &e);
    }
    if (rc)
        log_write(LOG_ERROR, "crawl", "the end of crawler %.*s's crawl was not stored: %s",
                  BYTES_ARG(name), e.text);
    arena_clear(&a);
}

static void run_job(struct crawl_service *s, struct crawl_job *j) {
    struct err e = {0};
    struct crawl_report r = {.id = j->id, .started_ms = j->started_ms};
    int rc = atomic_load(&j->stop) ? err_set(&e, ERR_CANCELED, "The crawl was stopped.")
                                   : crawl_run(s, j, &r, &e);
    bool stopped = atomic_load(&j->stop);
    r.status = !rc ? BYTES("COMPLETED") : stopped ? BYTES("STOPPED") : BYTES("FAILED");
    r.error = rc && !stopped ? bytes_str(e.text) : BYTES("");
    r.ended_ms = clock_wall_ms(s->d.clock);
    pthread_mutex_lock(&s->lock);
    record_end(s, j->name, &r);
    unlink_job(&s->running, j);
    pthread_mutex_unlock(&s->lock);
    job_free(j);
}

static void *runner_main(void *service) {
    struct crawl_service *s = service;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (!s->waiting && !s->stopping)
            pthread_cond_wait(&s->work, &s->lock);
        struct crawl_job *j = s->waiting;
        if (!j)
            break;
        s->waiting = j->next;
        push_job(&s->running, j);
        pthread_mutex_unlock(&s->lock);
        run_job(s, j);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- open and close ---- */
/* Crawls that an earlier process began and did not end; timers. */
static int recover(struct crawl_service *s, struct err *e) {
    struct arena a;
    struct crawler *all;
    size_t n;
    arena_init(&a, 0);
    int rc = crawl_list(s, &a, BYTES(""), 1000000, &all, &n, e);
    for (size_t i = 0; i < n && !rc; i++) {
        if (all[i].state != CRAWL_READY) {
            struct crawl_report r = all[i].run;
            r.status = BYTES("FAILED");
            r.error = BYTES("The server ended while the crawl was running; start it again.");
            r.ended_ms = clock_wall_ms(s->d.clock);
            record_end(s, all[i].name, &r);
        }
        rc = crawl_timer_set(s, &all[i], e);
        if (rc == ERR_INVALID_INPUT)
            rc = 0; /* checked when it was stored */
    }
    arena_clear(&a);
    return rc;
}

static int start_threads(struct crawl_service *s, struct err *e) {
    for (; s->runner_count < CRAWL_RUNNERS; s->runner_count++)
        if (pthread_create(&s->runners[s->runner_count], NULL, runner_main, s))
            return err_set(e, ERR_NOMEM, "A thread for crawls cannot be started.");
    if (pthread_create(&s->scheduler, NULL, crawl_scheduler, s))
        return err_set(e, ERR_NOMEM, "The thread of crawl schedules cannot be started.");
    s->has_scheduler = true;
    return 0;
}

int crawl_open(const struct crawl_deps *deps, struct crawl_service **ret, struct err *e) {
    pthread_condattr_t attr;
    struct crawl_service *s = mem_calloc(1, sizeof *s);
    if (!s)
        return err_set(e, ERR_NOMEM, NULL);
    s->d = *deps;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->work, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->tick, &attr);
    pthread_condattr_destroy(&attr);
    int rc = recover(s, e);
    rc = rc ? rc : start_threads(s, e);
    if (rc) {
        crawl_close(&s);
        return rc;
    }
    *ret = s;
    return 0;
}

static void stop_job(struct crawl_service *s, struct crawl_job *j) {
    uint64_t task;
    atomic_store(&j->stop, true);
    if ((task = atomic_load(&j->task)))
        work_cancel(s->d.pool, task);
}

void crawl_close(struct crawl_service **ps) {
    struct crawl_service *s = *ps;
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    for (struct crawl_job *j = s->waiting; j; j = j->next)
        stop_job(s, j);
    for (struct crawl_job *j = s->running; j; j = j->next)
        stop_job(s, j);
    pthread_cond_broadcast(&s->work);
    pthread_cond_broadcast(&s->tick);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->runner_count; i++)
        pthread_join(s->runners[i], NULL);
    if (s->has_scheduler)
        pthread_join(s->scheduler, NULL);
    while (s->timer_count)
        crawl_timer_remove(s, s->timers[0].name);
    mem_free(s->timers);
    pthread_cond_destroy(&s->work);
    pthread_cond_destroy(&s->tick);
    pthread_mutex_destroy(&s->lock);
    mem_free(s);
    *ps = NULL;
}

/* ---- reading ---- */
int crawl_get(struct crawl_service *s, struct arena *a, struct bytes name, struct crawler *ret,
              struct err *e) {
    return crawler_load(s->d.catalog, a, name, ret, e);
}
int crawl_list(struct crawl_service *s, struct arena *a, struct bytes after, size_t max,
               struct crawler **ret, size_t *ret_count, struct err *e) {
    struct catalog_doc *docs;
    size_t n;
    int rc = catalog_doc_list(s->d.catalog, a, CRAWLER_KIND, false, 0, after, max, &docs, &n, e);
    struct crawler *v = rc ? NULL : ARENA_NEW_N(a, struct crawler, n + 1);
    if (!rc && !v)
        rc = err_set(e, ERR_NOMEM, NULL);
    for (size_t i = 0; !rc && i < n; i++)
        rc = crawler_read(a, &docs[i], &v[i], e);
    *ret = v;
    *ret_count = rc ? 0 : n;
    return rc;
}

/* ---- changes; each reads, changes and stores under the lock ---- */
struct change {
    struct crawl_service *s;
    struct arena arena;
    struct crawler cr;
    struct err *e;
};
static int change_begin(struct change *c, struct crawl_service *s, struct bytes name,
                        struct err *e) {
    c->s = s;
    c->e = e;
    arena_init(&c->arena, 0);
    pthread_mutex_lock(&s->lock);
    return crawler_load(s->d.catalog, &c->arena, name, &c->cr, e);
}
static int change_end(struct change *c, int rc) {
    if (!rc)
        rc = crawler_store(c->s->d.catalog, &c->cr, false, c->e);
    if (!rc)
        rc = crawl_timer_set(c->s, &c->cr, c->e);
    pthread_mutex_unlock(&c->s->lock);
    arena_clear(&c->arena);
    return rc;
}

static bool is_definition(struct bytes name) {
    static const char *const others[] = {"Schedule", "Tags"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (bytes_eq_str(name, others[i]))
            return false;
    return true;
}
/* Members of `changes` over those of `stored`, in the arena. */
static int merge(struct arena *a, const struct json *stored, const struct json *changes,
                 const struct json **ret, struct err *e) {
    struct buf out = {0};
    struct jsonw w = jsonw_to(&out);
    struct json *j = NULL;
    jsonw_object(&w);
    JSON_FOR_EACH(m, stored) {
        if (json_get(changes, arena_cstr(a, m->name)))
            continue;
        jsonw_name_bytes(&w, m->name);
        jsonw_tree(&w, m);
    }
    JSON_FOR_EACH(m, changes) {
        if (m->kind == JSON_NULL || !is_definition(m->name))
            continue;
        jsonw_name_bytes(&w, m->name);
        jsonw_tree(&w, m);
    }
    jsonw_end_object(&w);
    struct bytes text = buf_ok(&out) ? arena_copy(a, buf_bytes(&out)) : (struct bytes){0};
    buf_clear(&out);
    int rc = text.ptr ? json_parse(a, text, &j, e) : err_set(e, ERR_NOMEM, NULL);
    *ret = j;
    return rc;
}

static int check_schedule(struct bytes text, struct err *e) {
    struct schedule s;
    return text.len ? schedule_parse(text, &s, e) : 0;
}
static int check_definition(struct crawl_service *s, struct arena *a, const struct json *d,
                            struct err *e) {
    struct crawl_config config;
    int rc = crawl_config_read(a, d, &config, e);
    JSON_FOR_EACH(name, config.classifiers) {
        struct catalog_doc doc;
        rc = rc ? rc : crawl_classifier_get(s, a, name->text, &doc, e);
    }
    return rc;
}

int crawl_create(struct crawl_service *s, const struct json *definition, struct err *e) {
    struct arena a;
    struct bytes schedule = json_get_str(definition, "Schedule");
    struct crawler cr = {.name = json_get_str(definition, "Name"),
                         .schedule = schedule,
                         .scheduled = schedule.len > 0,
                         .version = 1,
                         .created_ms = clock_wall_ms(s->d.clock)};
    cr.updated_ms = cr.created_ms;
    arena_init(&a, 0);
    int rc = merge(&a, NULL, definition, &cr.definition, e);
    rc = rc ? rc : check_definition(s, &a, cr.definition, e);
    rc = rc ? rc : check_schedule(schedule, e);
    pthread_mutex_lock(&s->lock);
    rc = rc ? rc : crawler_store(s->d.catalog, &cr, true, e);
    rc = rc ? rc : crawl_timer_set(s, &cr, e);
    pthread_mutex_unlock(&s->lock);
    arena_clear(&a);
    return rc;
}

int crawl_update(struct crawl_service *s, const struct json *changes, struct err *e) {
    struct change c;
    struct bytes schedule = json_get_str(changes, "Schedule");
    int rc = change_begin(&c, s, json_get_str(changes, "Name"), e);
    if (!rc && c.cr.state != CRAWL_READY)
        rc = running(c.cr.name, e);
    rc = rc ? rc : merge(&c.arena, c.cr.definition, changes, &c.cr.definition, e);
    rc = rc ? rc : check_definition(s, &c.arena, c.cr.definition, e);
    rc = rc ? rc : check_schedule(schedule, e);
    if (schedule.ptr) {
        c.cr.schedule = schedule;
        c.cr.scheduled = schedule.len > 0;
    }
    c.cr.version++;
    c.cr.updated_ms = clock_wall_ms(s->d.clock);
    return change_end(&c, rc);
}

/* Forgets crawls and memory too. */
static int forget_history(struct crawl_service *s, struct arena *a, struct bytes name,
                          struct err *e) {
    struct catalog_doc *docs;
    size_t n = 1;
    const char *kind = crawl_history_kind(a, name);
    int rc = kind ? 0 : err_set(e, ERR_NOMEM, NULL);
    while (!rc && n) {
        rc = catalog_doc_list(s->d.catalog, a, kind, false, 0, BYTES(""), 500, &docs, &n, e);
        for (size_t i = 0; i < n && !rc; i++)
            rc = catalog_doc_delete(s->d.catalog, kind, docs[i].key, e);
    }
    return rc;
}
int crawl_delete(struct crawl_service *s, struct bytes name, struct err *e) {
    struct change c;
    int rc = change_begin(&c, s, name, e);
    if (!rc && c.cr.state != CRAWL_READY)
        rc = running(name, e);
    rc = rc ? rc : forget_history(s, &c.arena, name, e);
    if (!rc && catalog_doc_delete(s->d.catalog, CRAWLER_STATE_KIND, name, e) != 0 && e &&
        e->code != ERR_RESOURCE_NOT_FOUND)
        rc = e->code;
    rc = rc ? rc : catalog_doc_delete(s->d.catalog, CRAWLER_KIND, name, e);
    if (!rc)
        crawl_timer_remove(s, name);
    pthread_mutex_unlock(&s->lock);
    arena_clear(&c.arena);
    return rc;
}

/* ---- start and stop ---- */
int crawl_start_locked(struct crawl_service *s, struct bytes name, struct err *e) {
    struct arena a;
    struct crawler cr;
    struct crawl_job *j = NULL;
    arena_init(&a, 0);
    int rc = crawler_load(s->d.catalog, &a, name, &cr, e);
    if (!rc && cr.state != CRAWL_READY)
        rc = running(name, e);
    if (!rc && !(j = job_new(s, name)))
        rc = err_set(e, ERR_NOMEM, NULL);
    if (!rc) {
        cr.state = CRAWL_RUNNING;
        cr.run = (struct crawl_report){
            .id = j->id, .status = BYTES("RUNNING"), .started_ms = j->started_ms};
        rc = crawler_store(s->d.catalog, &cr, false, e);
    }
    rc = rc ? rc : crawl_report_store(s->d.catalog, name, &cr.run, e);
    if (!rc) {
        push_job(&s->waiting, j);
        pthread_cond_signal(&s->work);
    } else if (j) {
        job_free(j);
    }
    arena_clear(&a);
    return rc;
}
int crawl_start(struct crawl_service *s, struct bytes name, struct err *e) {
    pthread_mutex_lock(&s->lock);
    int rc = crawl_start_locked(s, name, e);
    pthread_mutex_unlock(&s->lock);
    if (rc == ERR_ENTITY_NOT_FOUND) /* AWS words it so here */
        rc = err_set(e, rc, "Crawler with name %.*s does not exist", BYTES_ARG(name));
    return rc;
}

static struct crawl_job *find_job(struct crawl_job *list, struct bytes name) {
    while (list && !bytes_eq(list->name, name))
        list = list->next;
    return list;
}
int crawl_stop(struct crawl_service *s, struct bytes name, struct err *e) {
    struct change c;
    int rc = change_begin(&c, s, name, e);
    struct crawl_job *j = find_job(s->waiting, name);
    j = j ? j : find_job(s->running, name);
    if (!rc && c.cr.state == CRAWL_STOPPING)
        rc = err_set_named(e, ERR_INVALID_REQUEST, "CrawlerStoppingException", 400,
                           "Crawler with name %.*s is already stopping", BYTES_ARG(name));
    else if (!rc && (c.cr.state == CRAWL_READY || !j))
        rc = err_set_named(e, ERR_INVALID_REQUEST, "CrawlerNotRunningException", 400,
                           "Crawler with name %.*s isn't running", BYTES_ARG(name));
    if (!rc) {
        c.cr.state = CRAWL_STOPPING;
        c.cr.run.status = BYTES("STOPPING");
        stop_job(s, j);
    }
    return change_end(&c, rc);
}

/* ---- schedules ---- */
int crawl_schedule_set(struct crawl_service *s, struct bytes name, struct bytes expression,
                       struct err *e) {
    struct change c;
    int rc = change_begin(&c, s, name, e);
    rc = rc ? rc : check_schedule(expression, e);
    c.cr.schedule = expression;
    c.cr.scheduled = expression.len > 0;
    return change_end(&c, rc);
}
static int schedule_switch(struct crawl_service *s, struct bytes name, bool on, struct err *e) {
    struct change c;
    int rc = change_begin(&c, s, name, e);
    if (!rc && !c.cr.schedule.len)
        rc = err_set_named(e, ERR_INVALID_REQUEST, "NoScheduleException", 400,
                           "Crawler with name %.*s has no schedule", BYTES_ARG(name));
    else if (!rc && c.cr.scheduled == on)
        rc = err_set_named(e, ERR_INVALID_REQUEST,
                           on ? "SchedulerRunningException" : "SchedulerNotRunningException", 400,
                           "The schedule of crawler %.*s is %s", BYTES_ARG(name),
                           on ? "already running" : "not running");
    c.cr.scheduled = on;
    return change_end(&c, rc);
}
int crawl_schedule_start(struct crawl_service *s, struct bytes name, struct err *e) {
    return schedule_switch(s, name, true, e);
}
int crawl_schedule_stop(struct crawl_service *s, struct bytes name, struct err *e) {
    return schedule_switch(s, name, false, e);
}
