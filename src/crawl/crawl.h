/* crawl.h - Glue's crawlers: files in the store become tables and partitions of the catalogue.
 *
 * A crawler is a catalogue document: its definition as Glue's CreateCrawler took it, its state, its
 * schedule and the report of its last crawl. A crawl runs on a thread of its own: it lists the
 * targets, asks workers for the schema of files that it has not seen as they are, groups folders
 * into tables, and writes those. All functions are thread-safe; results live in the caller's arena.
 * Errors are Glue's: EntityNotFoundException, CrawlerRunningException, ...
 * Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-crawler-crawling.html */
#ifndef TARN_CRAWL_CRAWL_H
#define TARN_CRAWL_CRAWL_H

#include "base/clock.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "store/store.h"
#include "work/pool.h"

#define CRAWLER_KIND "glue.crawler" /* documents of crawlers, by name */

struct crawl_service;
struct crawl_deps {
    struct clock *clock;
    struct catalog *catalog;
    struct store *store;
    struct work_pool *pool;
};
/* Crawls that were running when the process ended are recorded as failed. Starts the threads. */
int crawl_open(const struct crawl_deps *deps, struct crawl_service **ret,
               struct err *e) WARN_UNUSED;
/* Stops running crawls (they are recorded as stopped) and joins the threads. Before the pool. */
void crawl_close(struct crawl_service **s);

enum crawl_state { CRAWL_READY, CRAWL_RUNNING, CRAWL_STOPPING };
const char *crawl_state_name(enum crawl_state s);

/* What a crawl did. */
struct crawl_report {
    struct bytes id;
    struct bytes status; /* RUNNING, STOPPING, COMPLETED, FAILED, STOPPED */
    struct bytes error;
    int64_t started_ms, ended_ms; /* 0: not yet */
    int64_t tables_created, tables_updated, tables_deleted;
    int64_t partitions_created, partitions_updated, partitions_deleted;
    int64_t files_asked; /* files whose schema a worker was asked for */
};
struct crawler {
    struct bytes name;
    const struct json *definition; /* CreateCrawler's members but Schedule and Tags */
    struct bytes schedule;         /* "" none */
    bool scheduled;                /* false: NOT_SCHEDULED */
    enum crawl_state state;
    int64_t created_ms, updated_ms, version;
    struct crawl_report run;  /* state is not READY */
    struct crawl_report last; /* status "" before the first crawl */
    int64_t runtimes_ms[10];  /* of the latest completed crawls */
    size_t runtime_count;
    int64_t doc_version;
};

/* ---- crawlers ---- `definition` holds CreateCrawler's members; it is checked whole.
 * AlreadyExistsException, InvalidInputException. */
int crawl_create(struct crawl_service *s, const struct json *definition, struct err *e) WARN_UNUSED;
/* Members present replace those stored. CrawlerRunningException. */
int crawl_update(struct crawl_service *s, const struct json *changes, struct err *e) WARN_UNUSED;
int crawl_delete(struct crawl_service *s, struct bytes name, struct err *e) WARN_UNUSED;
int crawl_get(struct crawl_service *s, struct arena *a, struct bytes name, struct crawler *ret,
              struct err *e) WARN_UNUSED;
/* Name order, names > after, at most max. */
int crawl_list(struct crawl_service *s, struct arena *a, struct bytes after, size_t max,
               struct crawler **ret, size_t *ret_count, struct err *e) WARN_UNUSED;
/* CrawlerRunningException when it runs. */
int crawl_start(struct crawl_service *s, struct bytes name, struct err *e) WARN_UNUSED;
/* CrawlerNotRunningException, CrawlerStoppingException. */
int crawl_stop(struct crawl_service *s, struct bytes name, struct err *e) WARN_UNUSED;
/* Newest first, strictly after (after_ms, after_id); INT64_MAX and "" to start. */
int crawl_history(struct crawl_service *s, struct arena *a, struct bytes name, int64_t after_ms,
                  struct bytes after_id, size_t max, struct crawl_report **ret, size_t *ret_count,
                  struct err *e) WARN_UNUSED;

/* ---- schedules ---- */
int crawl_schedule_set(struct crawl_service *s, struct bytes name, struct bytes expression,
                       struct err *e) WARN_UNUSED;
/* SchedulerRunningException, SchedulerNotRunningException, NoScheduleException. */
int crawl_schedule_start(struct crawl_service *s, struct bytes name, struct err *e) WARN_UNUSED;
int crawl_schedule_stop(struct crawl_service *s, struct bytes name, struct err *e) WARN_UNUSED;

/* ---- classifiers ---- one object with one member: CsvClassifier, JsonClassifier, XMLClassifier
 * or GrokClassifier, as Glue's GetClassifier answers. */
int crawl_classifier_create(struct crawl_service *s, const struct json *in,
                            struct err *e) WARN_UNUSED;
int crawl_classifier_update(struct crawl_service *s, const struct json *in,
                            struct err *e) WARN_UNUSED;
int crawl_classifier_delete(struct crawl_service *s, struct bytes name, struct err *e) WARN_UNUSED;
int crawl_classifier_get(struct crawl_service *s, struct arena *a, struct bytes name,
                         struct catalog_doc *ret, struct err *e) WARN_UNUSED;
int crawl_classifier_list(struct crawl_service *s, struct arena *a, struct bytes after, size_t max,
                          struct catalog_doc **ret, size_t *ret_count, struct err *e) WARN_UNUSED;

#endif
