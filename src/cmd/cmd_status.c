/* cmd_status.c - tarn status: the server's own view, from /tarn/v1/status. */
#include "cmd/args.h"
#include "cmd/ask.h"
#include "cmd/cmd.h"

#include <stdio.h>

static void print_delivery(const struct json *d) {
    char bytes[32];
    struct bytes error = json_get_str(d, "last_error");
    ask_format_bytes((uint64_t)json_get_i64(d, "pending_bytes", 0), bytes);
    printf("  %-30.*s %lld records (%s) not yet in files%s%.*s\n",
           BYTES_ARG(json_get_str(d, "name")), (long long)json_get_i64(d, "pending_records", 0),
           bytes, error.len ? "; " : "", BYTES_ARG(error));
}

static void print_status(const char *endpoint, const struct json *s) {
    char rss[32];
    ask_format_bytes((uint64_t)json_get_i64(s, "rss_bytes", 0), rss);
    printf("server    %s, version %.*s, up %lld s, %s of memory\n", endpoint,
           BYTES_ARG(json_get_str(s, "version")), (long long)json_get_i64(s, "uptime_s", 0), rss);
    printf("data      %.*s\n", BYTES_ARG(json_get_str(s, "data_dir")));
    const struct json *w = json_get(s, "workers");
    printf(
        "workers   %lld for queries (%lld busy, %lld waiting), %lld for deliveries (%lld busy)\n",
        (long long)json_get_i64(w, "query", 0), (long long)json_get_i64(w, "query_busy", 0),
        (long long)json_get_i64(w, "query_queued", 0), (long long)json_get_i64(w, "convert", 0),
        (long long)json_get_i64(w, "convert_busy", 0));
    const struct json *deliveries = json_get(s, "deliveries");
    printf("delivery streams: %zu\n", deliveries ? deliveries->count : 0);
    JSON_FOR_EACH(d, deliveries) {
        print_delivery(d);
    }
}

static int run(bool as_json, struct err *e) {
    struct client *c = NULL;
    struct arena a;
    arena_init(&a, 0);
    struct client_request r = {.method = "GET", .path = "/tarn/v1/status"};
    struct client_response out;
    struct json *tree;
    int rc = client_new(NULL, &c, e);
    rc = rc ? rc : client_raw(c, &a, &r, &out, e);
    if (!rc && out.status != 200) {
        rc = err_set(e, ERR_UNAVAILABLE, "%s answered %d: is it a Tarn server?", client_endpoint(c),
                     out.status);
    }
    rc = rc ? rc : json_parse(&a, out.body, &tree, e);
    if (!rc && as_json) {
        printf("%.*s\n", BYTES_ARG(out.body));
    } else if (!rc) {
        print_status(client_endpoint(c), tree);
    }
    client_free(&c);
    arena_clear(&a);
    return rc;
}

int cmd_status(int argc, char **argv) {
    bool as_json = false;
    const struct arg_option options[] = {
        {"--json", 'j', NULL, "as the server gives it", ARG_FLAG, &as_json}, {0}};
    const struct args spec = {"tarn status [options]", "Shows what the server is doing.", options,
                              NULL};
    struct err e = {0};
    int count = 0, rc = args_parse(&spec, argc, argv, &count, &e);
    if (rc == ARGS_HELP_SHOWN) {
        return EXIT_OK;
    }
    rc = rc ? rc : run(as_json, &e);
    return rc ? args_fail(&e, NULL) : EXIT_OK;
}
