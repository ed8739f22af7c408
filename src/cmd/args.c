/* args.c - long options (--name value, --name=value), one-letter options, and -- to end them. */
#include "cmd/args.h"

#include "base/bytes.h"

#include <stdio.h>

static const struct arg_option *find_option(const struct args *spec, const char *arg, size_t len) {
    for (const struct arg_option *o = spec->options; o && o->name; o++) {
        bool named = strlen(o->name) == len && strncmp(o->name, arg, len) == 0;
        if (named || (o->letter && len == 2 && arg[1] == o->letter)) {
            return o;
        }
    }
    return NULL;
}

static int set_value(const struct arg_option *o, const char *value, struct err *e) {
    if (o->kind == ARG_TEXT) {
        *(const char **)o->target = value;
        return 0;
    }
    if (!bytes_to_i64(bytes_str(value), o->target)) {
        return err_set(e, ERR_USAGE, "%s needs a whole number, not '%s'.", o->name, value);
    }
    return 0;
}

/* Takes one option at argv[*i]; moves *i over its value. */
static int take_option(const struct args *spec, int argc, char **argv, int *i, struct err *e) {
    char *arg = argv[*i], *equals = strchr(arg, '=');
    size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
    const struct arg_option *o = find_option(spec, arg, len);
    if (!o) {
        return err_set(e, ERR_USAGE, "There is no option %.*s here; see --help.", (int)len, arg);
    }
    if (o->kind == ARG_FLAG) {
        *(bool *)o->target = true;
        return equals ? err_set(e, ERR_USAGE, "%s takes no value.", o->name) : 0;
    }
    if (!equals && *i + 1 >= argc) {
        return err_set(e, ERR_USAGE, "%s needs a value: %s %s.", o->name, o->name, o->value);
    }
    return set_value(o, equals ? equals + 1 : argv[++*i], e);
}

int args_parse(const struct args *spec, int argc, char **argv, int *ret_count, struct err *e) {
    int count = 0;
    bool only_positional = false;
    for (int i = 0; i < argc; i++) {
        if (only_positional || argv[i][0] != '-' || argv[i][1] == 0) {
            argv[count++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            only_positional = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            args_print_help(spec);
            return ARGS_HELP_SHOWN;
        } else {
            int rc = take_option(spec, argc, argv, &i, e);
            if (rc) {
                return rc;
            }
        }
    }
    *ret_count = count;
    return 0;
}

void args_print_help(const struct args *spec) {
    printf("usage: %s\n\n%s\n", spec->usage, spec->about);
    if (spec->options && spec->options->name) {
        printf("\noptions:\n");
    }
    for (const struct arg_option *o = spec->options; o && o->name; o++) {
        char left[40];
        snprintf(left, sizeof left, "%s%s%s", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        if (o->letter) {
            printf("  -%c, %-20s %s\n", o->letter, left, o->help);
        } else {
            printf("      %-20s %s\n", left, o->help);
        }
    }
    printf("      %-20s %s\n", "--help", "this text");
    if (spec->examples) {
        printf("\nexamples:\n%s", spec->examples);
    }
}

int args_fail(const struct err *e, const char *file) {
    if (file && e->line > 0) {
        fprintf(stderr, "tarn: %s:%d:%d: %s\n", file, e->line, e->column, e->text);
    } else if (e->code == ERR_USAGE || e->code == ERR_UNAVAILABLE) {
        fprintf(stderr, "tarn: %s\n", e->text);
    } else {
        fprintf(stderr, "tarn: %s: %s\n", e->name, e->text);
    }
    return e->code == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}
