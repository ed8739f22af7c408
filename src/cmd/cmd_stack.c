/* cmd_stack.c - tarn up, plan, down, outputs: a warehouse file against a server. */
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "stack/plan.h"

#include <stdio.h>

struct session {
    struct arena arena;
    struct client *client;
    struct warehouse *warehouse;
    const char *file;
    bool delete_data; /* down's option */
};

/* Reads the file (default warehouse.yaml here) and connects. */
static int session_open(struct session *s, int count, char **argv, struct err *e) {
    s->file = count > 0 ? argv[0] : "warehouse.yaml";
    int rc = warehouse_read(&s->arena, s->file, &s->warehouse, e);
    return rc ? rc : client_new(NULL, &s->client, e);
}

static void print_outputs(const struct warehouse *w) {
    size_t width = 0;
    for (size_t i = 0; i < w->output_count; i++) {
        width = MAX_OF(width, w->outputs[i].name.len);
    }
    for (size_t i = 0; i < w->output_count; i++) {
        printf("%-*.*s = %.*s\n", (int)width, BYTES_ARG(w->outputs[i].name),
               BYTES_ARG(w->outputs[i].value));
    }
}

static void report_step(void *ctx, const struct stack_resource *r, const char *verb) {
    fprintf(stderr, "%s %s %.*s\n", verb, stack_kind_name(r), BYTES_ARG(r->name));
}

static void print_plan(const struct stack_plan *p) {
    for (size_t i = 0; i < p->count; i++) {
        const struct stack_resource *r = &p->resources[i];
        if (r->action == STACK_CREATE) {
            printf("+ create %s %.*s\n", stack_kind_name(r), BYTES_ARG(r->name));
        } else if (r->action == STACK_UPDATE) {
            printf("~ update %s %.*s (%.*s)\n", stack_kind_name(r), BYTES_ARG(r->name),
                   BYTES_ARG(r->reason));
        }
    }
    if (p->changes) {
        printf("%zu of %zu resources would change; `tarn up` does it.\n", p->changes, p->count);
    } else {
        printf("Nothing to change: all %zu resources are as the file says.\n", p->count);
    }
}

/* What the four commands share: options, the file, a connection, the exit code. */
static int on_warehouse(const struct args *spec, int argc, char **argv, const bool *delete_data,
                        int (*act)(struct session *s, struct err *e)) {
    struct session s = {.client = NULL};
    struct err e = {0};
    int count = 0, rc = args_parse(spec, argc, argv, &count, &e);
    if (rc == ARGS_HELP_SHOWN) {
        return EXIT_OK;
    }
    arena_init(&s.arena, 0);
    s.delete_data = delete_data && *delete_data;
    rc = rc ? rc : session_open(&s, count, argv, &e);
    rc = rc ? rc : act(&s, &e);
    int code = rc ? args_fail(&e, s.file) : EXIT_OK;
    client_free(&s.client);
    arena_clear(&s.arena);
    return code;
}

static const struct arg_option no_options[] = {{0}};

static int plan(struct session *s, struct err *e) {
    struct stack_plan p;
    int rc = stack_plan_make(&s->arena, s->client, s->warehouse, &p, e);
    if (!rc) {
        print_plan(&p);
    }
    return rc;
}

int cmd_plan(int argc, char **argv) {
    static const struct args spec = {
        "tarn plan [FILE]",
        "Shows what `tarn up` would change; changes nothing. FILE defaults to\n"
        "warehouse.yaml.",
        no_options, NULL};
    return on_warehouse(&spec, argc, argv, NULL, plan);
}

static int up(struct session *s, struct err *e) {
    struct stack_plan p;
    int rc = stack_plan_make(&s->arena, s->client, s->warehouse, &p, e);
    rc = rc ? rc : stack_apply(&p, report_step, NULL, e);
    if (!rc) {
        fprintf(stderr,
                p.changes ? "%zu of %zu resources changed.\n" : "Nothing to change (%zu of %zu).\n",
                p.changes, p.count);
        print_outputs(s->warehouse);
    }
    return rc;
}

int cmd_up(int argc, char **argv) {
    static const struct args spec = {
        "tarn up [FILE]",
        "Makes the server match the warehouse file, then prints the outputs.\n"
        "Running it again changes nothing. FILE defaults to warehouse.yaml.",
        no_options, "  tarn up examples/acme/warehouse.yaml\n"};
    return on_warehouse(&spec, argc, argv, NULL, up);
}

static int down(struct session *s, struct err *e) {
    struct stack_plan p;
    int rc = stack_plan_make(&s->arena, s->client, s->warehouse, &p, e);
    rc = rc ? rc : stack_destroy(&p, s->delete_data, report_step, NULL, e);
    if (rc || s->delete_data) {
        return rc;
    }
    for (size_t i = 0; i < s->warehouse->table_count; i++) {
        fprintf(stderr, "kept data %.*s\n", BYTES_ARG(s->warehouse->tables[i].location));
    }
    fprintf(stderr, "`tarn down --delete-data` removes the data too.\n");
    return 0;
}

int cmd_down(int argc, char **argv) {
    bool delete_data = false;
    const struct arg_option options[] = {
        {"--delete-data", 0, NULL, "remove the objects and buckets too", ARG_FLAG, &delete_data},
        {0}};
    const struct args spec = {
        "tarn down [FILE]",
        "Removes the streams, delivery streams and tables of the warehouse file.\n"
        "Events not delivered yet are delivered first. Data stays in its buckets\n"
        "unless --delete-data is given.",
        options, NULL};
    return on_warehouse(&spec, argc, argv, &delete_data, down);
}

static int outputs(struct session *s, struct err *e) {
    print_outputs(s->warehouse);
    return 0;
}

int cmd_outputs(int argc, char **argv) {
    static const struct args spec = {
        "tarn outputs [FILE]",
        "Prints the outputs of the warehouse file: the stream of each\n"
        "streaming table, the location of each static one, and the\n"
        "file's own.",
        no_options, NULL};
    return on_warehouse(&spec, argc, argv, NULL, outputs);
}
