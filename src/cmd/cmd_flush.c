/* cmd_flush.c - tarn flush: what waits in the log becomes files now. */
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "http/client.h"

static int run(const char *delivery, struct err *e) {
    struct client *c = NULL;
    struct arena a;
    arena_init(&a, 0);
    struct bytes path =
        delivery ? arena_fmt(&a, "/tarn/v1/flush?delivery=%s", delivery) : BYTES("/tarn/v1/flush");
    struct client_request r = {.method = "POST", .path = path.ptr};
    struct client_response out;
    int rc = path.ptr ? client_new(NULL, &c, e) : err_set(e, ERR_NOMEM, NULL);
    rc = rc ? rc : client_raw(c, &a, &r, &out, e);
    if (!rc && out.status != 200) {
        rc = err_set(e, ERR_UNAVAILABLE, "The server answered %d: %.*s", out.status,
                     BYTES_ARG(out.body));
    }
    client_free(&c);
    arena_clear(&a);
    return rc;
}

int cmd_flush(int argc, char **argv) {
    static const struct arg_option options[] = {{0}};
    static const struct args spec = {
        "tarn flush [DELIVERY]",
        "Delivers what waits in the logs now, without waiting for a buffer's size or time; "
        "returns\n"
        "when the files are committed. Queries see the same rows before and after.",
        options, NULL};
    struct err e = {0};
    int count = 0, rc = args_parse(&spec, argc, argv, &count, &e);
    if (rc == ARGS_HELP_SHOWN) {
        return EXIT_OK;
    }
    rc = rc ? rc : run(count ? argv[0] : NULL, &e);
    return rc ? args_fail(&e, NULL) : EXIT_OK;
}
