/* cmd_sql.c - tarn sql: one statement, or a session with history and \d-like helpers. */
#include "cmd/args.h"
#include "cmd/cmd.h"
#include "cmd/render.h"

#include "base/mem.h"

#include <editline/readline.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static volatile int interrupted; /* set by SIGINT while a query runs; read by ask_run */

static void on_sigint(int sig) {
    interrupted = 1;
}

struct session {
    struct client *client;
    struct ask_options options;
    enum render_format format;
    bool quiet; /* no footer */
    char database[128];
};

static void print_footer(const struct ask_stats *s) {
    char bytes[32];
    ask_format_bytes(s->bytes_scanned, bytes);
    fprintf(stderr, "(%llu row%s, %.3f s, read %s)\n", (unsigned long long)s->rows,
            s->rows == 1 ? "" : "s", (double)s->total_ms / 1000, bytes);
}

static int run_statement(struct session *s, struct bytes sql) {
    struct err e = {0};
    struct ask_stats stats;
    struct render *r = render_new(s->format, stdout);
    if (!r) {
        err_set(&e, ERR_NOMEM, NULL);
        return args_fail(&e, NULL);
    }
    struct ask_sink sink = render_sink(r);
    interrupted = 0;
    int rc = ask_run(s->client, &s->options, sql, &sink, &stats, &e);
    if (!rc) {
        render_finish(r);
        if (!s->quiet) {
            print_footer(&stats);
        }
    }
    render_free(&r);
    return rc ? args_fail(&e, NULL) : EXIT_OK;
}

/* ---- backslash commands ---- */
static void show_help(void) {
    printf("  \\l              databases\n"
           "  \\dt             tables of the current database\n"
           "  \\d TABLE        columns of a table\n"
           "  \\dp TABLE       partitions of a table\n"
           "  \\c DATABASE     use another database\n"
           "  \\f FORMAT       table, csv or json\n"
           "  \\q              leave\n"
           "A statement ends with ';' and may span lines. Ctrl-C stops a running query.\n");
}

static void run_fmt(struct session *s, const char *fmt, struct bytes name) {
    struct buf sql = {0};
    buf_add_fmt(&sql, fmt, BYTES_ARG(name));
    if (buf_ok(&sql)) {
        run_statement(s, buf_bytes(&sql));
    }
    buf_clear(&sql);
}

static void set_database(struct session *s, struct bytes name) {
    if (name.len < sizeof s->database) {
        memcpy(s->database, name.ptr, name.len);
        s->database[name.len] = 0;
        s->options.database = bytes_str(s->database);
    }
}

static void set_format(struct session *s, struct bytes name) {
    char text[16] = {0};
    struct err e = {0};
    memcpy(text, name.ptr, MIN_OF(name.len, sizeof text - 1));
    if (render_format_parse(text, stdout, &s->format, &e)) {
        args_fail(&e, NULL);
    }
}

/* False: leave the session. */
static bool run_backslash(struct session *s, struct bytes line) {
    struct bytes word, rest = bytes_trim(bytes_cut(bytes_trim(line), ' ', &word));
    if (bytes_eq_str(word, "\\q")) {
        return false;
    }
    if (bytes_eq_str(word, "\\l")) {
        run_statement(s, BYTES("SHOW DATABASES"));
    } else if (bytes_eq_str(word, "\\dt") || (bytes_eq_str(word, "\\d") && !rest.len)) {
        run_statement(s, BYTES("SHOW TABLES"));
    } else if (bytes_eq_str(word, "\\d")) {
        run_fmt(s, "DESCRIBE %.*s", rest);
    } else if (bytes_eq_str(word, "\\dp") && rest.len) {
        run_fmt(s, "SHOW PARTITIONS %.*s", rest);
    } else if (bytes_eq_str(word, "\\c") && rest.len) {
        set_database(s, rest);
    } else if (bytes_eq_str(word, "\\f") && rest.len) {
        set_format(s, rest);
    } else {
        show_help();
    }
    return true;
}

/* ---- interactive ---- */
static void history_path(char *out, size_t cap) {
    const char *home = getenv("HOME");
    snprintf(out, cap, "%s/.tarn_history", home ? home : ".");
}

static int interactive(struct session *s) {
    char path[512];
    struct buf text = {0};
    bool go_on = true;
    history_path(path, sizeof path);
    using_history();
    read_history(path);
    printf("tarn %s at %s; \\? for help, \\q to leave\n", TARN_VERSION, client_endpoint(s->client));
    while (go_on) {
        char *line = readline(text.len ? "   -> " : "tarn> ");
        if (!line) {
            break;
        }
        struct bytes trimmed = bytes_trim(bytes_str(line));
        if (!text.len && trimmed.len && trimmed.ptr[0] == '\\') {
            add_history(line);
            go_on = run_backslash(s, trimmed);
        } else if (trimmed.len) {
            buf_add(&text, bytes_str(line));
            buf_add_char(&text, '\n');
            if (bytes_ends_with(trimmed, BYTES(";"))) {
                struct bytes sql = bytes_trim(buf_bytes(&text));
                sql.len--;
                char *one = mem_strndup(sql.ptr, sql.len);
                for (char *p = one; p && *p; p++) {
                    *p = *p == '\n' ? ' ' : *p;
                }
                if (one) {
                    add_history(one);
                }
                mem_free(one);
                run_statement(s, sql);
                buf_reset(&text);
            }
        }
        free(line);
    }
    write_history(path);
    buf_clear(&text);
    return EXIT_OK;
}

/* Standard input as one or more statements split at ';' outside quotes and comments. */
static size_t statement_end(struct bytes v) {
    char quote = 0;
    for (size_t i = 0; i < v.len; i++) {
        char c = v.ptr[i];
        if (quote) {
            quote = c == quote ? 0 : quote;
        } else if (c == '\'' || c == '"' || c == '`') {
            quote = c;
        } else if (c == '-' && i + 1 < v.len && v.ptr[i + 1] == '-') {
            while (i < v.len && v.ptr[i] != '\n') {
                i++;
            }
        } else if (c == ';') {
            return i;
        }
    }
    return v.len;
}

static int run_all(struct session *s, struct bytes text) {
    int code = EXIT_OK;
    while (text.len && code == EXIT_OK) {
        size_t end = statement_end(text);
        struct bytes sql = bytes_trim(bytes_slice(text, 0, end));
        text = bytes_slice(text, end + 1, text.len);
        if (sql.len) {
            code = run_statement(s, sql);
        }
    }
    return code;
}

static int run_stdin(struct session *s) {
    struct buf text = {0};
    char chunk[65536];
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, stdin)) > 0;) {
        buf_add(&text, bytes_of(chunk, n));
    }
    int code = run_all(s, buf_bytes(&text));
    buf_clear(&text);
    return code;
}

int cmd_sql(int argc, char **argv) {
    const char *database = "default", *format = NULL, *workgroup = "";
    bool quiet = false;
    const struct arg_option options[] = {
        {"--database", 'd', "NAME", "database of unqualified names (default: default)", ARG_TEXT,
         &database},
        {"--workgroup", 'w', "NAME", "workgroup (default: primary)", ARG_TEXT, &workgroup},
        {"--format", 'f', "FORMAT", "table, csv or json (default: table on a terminal, else csv)",
         ARG_TEXT, &format},
        {"--quiet", 'q', NULL, "no line with rows, time and bytes read", ARG_FLAG, &quiet},
        {0}};
    const struct args spec = {
        "tarn sql [SQL] [options]",
        "Runs Athena SQL. Without SQL it reads statements from standard input, or starts an\n"
        "interactive session on a terminal.",
        options,
        "  tarn sql 'select count(*) from impressions'\n"
        "  tarn sql -d flights 'select origin, count(*) from flights group by 1' --format json\n"};
    struct err e = {0};
    int count = 0, rc = args_parse(&spec, argc, argv, &count, &e);
    struct session s = {.quiet = quiet, .options = {.interrupted = &interrupted}};
    if (rc == ARGS_HELP_SHOWN) {
        return EXIT_OK;
    }
    rc = rc ? rc : render_format_parse(format, stdout, &s.format, &e);
    rc = rc ? rc : client_new(NULL, &s.client, &e);
    if (rc) {
        return args_fail(&e, NULL);
    }
    set_database(&s, bytes_str(database));
    s.options.workgroup = bytes_str(workgroup);
    struct sigaction action = {.sa_handler = on_sigint};
    sigaction(SIGINT, &action, NULL);
    int code = count > 0              ? run_all(&s, bytes_str(argv[0]))
               : isatty(STDIN_FILENO) ? interactive(&s)
                                      : run_stdin(&s);
    client_free(&s.client);
    return code;
}
