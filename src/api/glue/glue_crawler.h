/* glue_crawler.h - the crawler operations' handlers and rows, for glue.c's table. */
#ifndef TARN_API_GLUE_CRAWLER_H
#define TARN_API_GLUE_CRAWLER_H

#include "api/glue/glue_int.h"

extern const struct api_param glue_p_create_crawler[], glue_p_update_crawler[], glue_p_crawler[],
    glue_p_crawler_name[], glue_p_crawler_schedule[], glue_p_crawlers[], glue_p_batch_crawlers[],
    glue_p_metrics[], glue_p_crawls[], glue_p_classifier[];

/* Where a crawl's log would be: LogGroup, LogStream, MessagePrefix. */
void glue_write_crawl_log(struct jsonw *w, struct bytes crawler, struct bytes id);

int glue_create_crawler(struct api_call *call);
int glue_update_crawler(struct api_call *call);
int glue_delete_crawler(struct api_call *call);
int glue_get_crawler(struct api_call *call);
int glue_get_crawlers(struct api_call *call);
int glue_batch_get_crawlers(struct api_call *call);
int glue_list_crawlers(struct api_call *call);
int glue_start_crawler(struct api_call *call);
int glue_stop_crawler(struct api_call *call);
int glue_update_crawler_schedule(struct api_call *call);
int glue_start_crawler_schedule(struct api_call *call);
int glue_stop_crawler_schedule(struct api_call *call);
int glue_get_crawler_metrics(struct api_call *call);
int glue_list_crawls(struct api_call *call);
int glue_create_classifier(struct api_call *call);
int glue_update_classifier(struct api_call *call);
int glue_delete_classifier(struct api_call *call);
int glue_get_classifier(struct api_call *call);
int glue_get_classifiers(struct api_call *call);

/* Handlers that change the catalogue. */
/* clang-format off */
#define GLUE_CRAWLER_CHANGES(X)                                                                    \
    X(glue_create_crawler) X(glue_update_crawler) X(glue_delete_crawler) X(glue_start_crawler)     \
    X(glue_stop_crawler) X(glue_update_crawler_schedule) X(glue_start_crawler_schedule)            \
    X(glue_stop_crawler_schedule) X(glue_create_classifier) X(glue_update_classifier)              \
    X(glue_delete_classifier)
/* clang-format on */

/* Rows of the operation table; OP and CHANGE are glue.c's. */
#define GLUE_CRAWLER_OPS(OP, CHANGE)                                                               \
    CHANGE(CreateCrawler, glue_create_crawler, glue_p_create_crawler, "Creates a crawler."),       \
        CHANGE(UpdateCrawler, glue_update_crawler, glue_p_update_crawler,                          \
               "Changes a crawler that is not running."),                                          \
        CHANGE(DeleteCrawler, glue_delete_crawler, glue_p_crawler,                                 \
               "Deletes a crawler and its history; its tables stay."),                             \
        OP(GetCrawler, glue_get_crawler, glue_p_crawler,                                           \
           "Describes a crawler, its state and its last crawl."),                                  \
        OP(GetCrawlers, glue_get_crawlers, glue_p_crawlers, "Lists crawlers in name order."),      \
        OP(BatchGetCrawlers, glue_batch_get_crawlers, glue_p_batch_crawlers,                       \
           "Describes crawlers by name."),                                                         \
        OP(ListCrawlers, glue_list_crawlers, glue_p_crawlers, "Lists the names of crawlers."),     \
        CHANGE(StartCrawler, glue_start_crawler, glue_p_crawler, "Starts a crawl."),               \
        CHANGE(StopCrawler, glue_stop_crawler, glue_p_crawler, "Stops a running crawl."),          \
        CHANGE(UpdateCrawlerSchedule, glue_update_crawler_schedule, glue_p_crawler_schedule,       \
               "Sets a crawler's cron expression."),                                               \
        CHANGE(StartCrawlerSchedule, glue_start_crawler_schedule, glue_p_crawler_name,             \
               "Switches a crawler's schedule on."),                                               \
        CHANGE(StopCrawlerSchedule, glue_stop_crawler_schedule, glue_p_crawler_name,               \
               "Switches a crawler's schedule off."),                                              \
        OP(GetCrawlerMetrics, glue_get_crawler_metrics, glue_p_metrics,                            \
           "Gives run times and table counts of crawlers."),                                       \
        OP(ListCrawls, glue_list_crawls, glue_p_crawls,                                            \
           "Lists a crawler's crawls, newest first."),                                             \
        CHANGE(CreateClassifier, glue_create_classifier, glue_p_classifier,                        \
               "Creates a classifier; crawls use CSV ones and the JSON path $[*]."),               \
        CHANGE(UpdateClassifier, glue_update_classifier, glue_p_classifier,                        \
               "Changes a classifier."),                                                           \
        CHANGE(DeleteClassifier, glue_delete_classifier, glue_p_crawler, "Deletes a classifier."), \
        OP(GetClassifier, glue_get_classifier, glue_p_crawler, "Describes a classifier."),         \
        OP(GetClassifiers, glue_get_classifiers, glue_p_crawlers, "Lists classifiers.")

#endif
