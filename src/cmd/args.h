/* args.h - subcommands and their options as tables: parsing and --help come from the same rows. */
#ifndef TARN_CMD_ARGS_H
#define TARN_CMD_ARGS_H

#include "base/err.h"

enum arg_kind { ARG_FLAG, ARG_TEXT, ARG_INTEGER };
struct arg_option {
    const char *name;  /* "--port" */
    char letter;       /* 'p', 0 for none */
    const char *value; /* "N" in the help; NULL for flags */
    const char *help;
    enum arg_kind kind;
    void *target; /* bool *, const char **, int64_t * */
};

struct args {
    const char *usage;                /* "tarn put STREAM [options]" */
    const char *about;                /* one or two sentences */
    const struct arg_option *options; /* ended by name NULL */
    const char *examples;             /* may be NULL */
};

#define ARGS_HELP_SHOWN 1
/* Fills the targets and moves the positional arguments to the front of argv; *ret_count is how
 * many. Returns 0, ARGS_HELP_SHOWN after printing --help, or ERR_USAGE with a sentence. */
int args_parse(const struct args *spec, int argc, char **argv, int *ret_count,
               struct err *e) WARN_UNUSED;
void args_print_help(const struct args *spec);

/* Exit codes of the tarn command. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
/* Prints "tarn: text" (with file position when err has one and `file` is not NULL) to stderr and
 * returns the exit code: EXIT_USAGE for ERR_USAGE, else EXIT_FAILED. */
int args_fail(const struct err *e, const char *file);

#endif
