/* main.c - the tarn command: finds the subcommand in a table and hands over. */
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "work/pool.h"

#include <stdio.h>
#include <string.h>

struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help; /* NULL: not listed */
};

static const struct subcommand subcommands[] = {
    {"serve", cmd_serve, "run the server on a data directory"},
    {"up", cmd_up, "make the server match a warehouse file, print its outputs"},
    {"plan", cmd_plan, "show what `up` would change"},
    {"down", cmd_down, "remove what a warehouse file made; data stays unless asked"},
    {"outputs", cmd_outputs, "print the outputs of a warehouse file"},
    {"put", cmd_put, "send events to a stream: from a file, standard input or a generator"},
    {"tail", cmd_tail, "follow the events of a stream"},
    {"sql", cmd_sql, "run SQL, or start an interactive session"},
    {"explain", cmd_explain, "say what a query would read and cost, without running it"},
    {"ls", cmd_ls, "list databases, tables, streams, or objects under s3://..."},
    {"flush", cmd_flush, "make files of what waits in the logs now"},
    {"status", cmd_status, "what the server is doing"},
    {"version", cmd_version, "print the version"},
    {"help", cmd_help, "this text, or the help of a subcommand"},
    {"worker", worker_main, NULL},
};

static const struct subcommand *find(const char *name) {
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
        if (strcmp(subcommands[i].name, name) == 0) {
            return &subcommands[i];
        }
    }
    return NULL;
}

int cmd_version(int argc, char **argv) {
    printf("tarn %s\n", TARN_VERSION);
    return EXIT_OK;
}

int cmd_help(int argc, char **argv) {
    const struct subcommand *s = argc > 0 ? find(argv[0]) : NULL;
    if (s && s->run != cmd_help && s->run != cmd_version) {
        char help[] = "--help", *args[] = {help, NULL};
        return s->run(1, args);
    }
    printf("usage: tarn COMMAND [arguments]\n\n"
           "Tarn is the AWS serverless analytics stack as one program: events in, Parquet and SQL\n"
           "out, over the APIs of Kinesis, Firehose, Glue, Athena and S3.\n\ncommands:\n");
    for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++) {
        if (subcommands[i].help) {
            printf("  %-9s %s\n", subcommands[i].name, subcommands[i].help);
        }
    }
    printf("\nCommands speak to the server at AWS_ENDPOINT_URL (default http://127.0.0.1:4566).\n"
           "`tarn COMMAND --help` says more.\n");
    return EXIT_OK;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        cmd_help(0, NULL);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        name = "help";
    } else if (strcmp(name, "--version") == 0) {
        name = "version";
    }
    const struct subcommand *s = find(name);
    if (!s) {
        fprintf(stderr, "tarn: there is no command '%s'; `tarn help` lists them.\n", name);
        return EXIT_USAGE;
    }
    return s->run(argc - 2, argv + 2);
}
