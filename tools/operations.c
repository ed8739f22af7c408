/* operations.c - prints docs/operations.md from the operation tables themselves.
 *
 * JSON services and STS: one row for each entry of the table that also routes and checks requests.
 * S3: one row for each route. Then the names that AWS has and the tables have not. */
#include "api/athena/athena.h"
#include "api/firehose/firehose.h"
#include "api/glue/glue.h"
#include "api/kinesis/kinesis.h"
#include "api/known.h"
#include "api/s3/s3.h"
#include "api/sts/sts.h"
#include "api/tagging/tagging.h"

#include <stdio.h>

static const struct {
    const char *title, *name;
    const struct api_op *ops;
} services[] = {{"Kinesis Data Streams", "kinesis", kinesis_operations},
                {"Data Firehose", "firehose", firehose_operations},
                {"Glue Data Catalog", "glue", glue_operations},
                {"Athena", "athena", athena_operations},
                {"STS", "sts", sts_operations},
                {"Resource Groups Tagging", "tagging", tagging_operations}};

static void print_required(const struct api_param *p) {
    const char *separator = "";
    for (; p && p->name; p++)
        if (p->required) {
            printf("%s`%s`", separator, p->name);
            separator = ", ";
        }
}

static void print_operations(const struct api_op *ops) {
    printf("| operation | required members | IAM action | |\n|---|---|---|---|\n");
    for (; ops->name; ops++) {
        printf("| %s | ", ops->name);
        print_required(ops->params);
        printf(" | `%s` | %s |\n", ops->iam_action, ops->doc);
    }
}

static bool in_table(const struct api_op *ops, const char *name) {
    for (; ops->name; ops++)
        if (strcmp(ops->name, name) == 0)
            return true;
    return false;
}

static bool in_routes(enum s3_support support, const char *name) {
    struct s3_route_doc r;
    for (size_t i = 0; s3_route_at(i, &r); i++)
        if (r.support == support && strcmp(r.operation, name) == 0)
            return true;
    return false;
}

static void start_missing(size_t count) {
    printf("\nNot implemented (%zu): ", count);
}

static void print_missing(const char *service, const struct api_op *ops) {
    const char *const *known = api_known_names(service);
    size_t missing = 0, printed = 0;
    for (size_t i = 0; known[i]; i++)
        missing += !in_table(ops, known[i]);
    start_missing(missing);
    for (size_t i = 0; known[i]; i++)
        if (!in_table(ops, known[i]))
            printf("%s%s", printed++ ? ", " : "", known[i]);
    printf(".\n\n");
}

/* ---- S3 ---- */

static void print_route(const struct s3_route_doc *r) {
    printf("| %s | `%s %s%s%s`%s%s%s | %s |\n", r->operation, r->method, r->path,
           r->query_or_null ? "?" : "", r->query_or_null ? r->query_or_null : "",
           r->header_or_null ? " with `" : "", r->header_or_null ? r->header_or_null : "",
           r->header_or_null ? "`" : "",
           r->support == S3_IMPLEMENTED ? "yes" : "answers that nothing is configured");
}

static bool is_missing(const char *name) {
    return !in_routes(S3_IMPLEMENTED, name) && !in_routes(S3_ANSWERS_UNCONFIGURED, name);
}

static void print_s3(void) {
    struct s3_route_doc r;
    size_t missing = 0, printed = 0;
    printf("## S3 (`s3`)\n\n| operation | request | implemented |\n|---|---|---|\n");
    for (size_t i = 0; s3_route_at(i, &r); i++)
        if (r.support != S3_NOT_IMPLEMENTED)
            print_route(&r);
    for (size_t i = 0; api_known_s3[i]; i++)
        missing += is_missing(api_known_s3[i]);
    start_missing(missing);
    for (size_t i = 0; api_known_s3[i]; i++)
        if (is_missing(api_known_s3[i]))
            printf("%s%s", printed++ ? ", " : "", api_known_s3[i]);
    printf(".\n");
}

int main(void) {
    printf("# Operations\n\n"
           "Made by `make docs` from the tables that route and check requests "
           "(`src/api/*/`); do not edit.\n\n"
           "An operation that AWS has and Tarn has not answers `NotImplementedException` (S3: "
           "`NotImplemented`)\nwith status 501 and is logged by name; the lists below name them. "
           "The IAM action is what a policy\nwill name; policies are not evaluated yet.\n\n");
    for (size_t i = 0; i < COUNT_OF(services); i++) {
        printf("## %s (`%s`)\n\n", services[i].title, services[i].name);
        print_operations(services[i].ops);
        print_missing(services[i].name, services[i].ops);
    }
    print_s3();
    return 0;
}
