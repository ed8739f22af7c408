/* source.c - events from lines of text and from the rows of a Parquet file. */
#include "cmd/source.h"

#include "base/mem.h"
#include "duck/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void source_free(struct source **s) {
    if (*s) {
        (*s)->ops->free(*s);
        *s = NULL;
    }
}

/* ---- lines ---- */
struct lines {
    struct source base;
    FILE *in;
    char *line; /* getline's, from the C library's heap */
    size_t cap;
};

static int lines_next(struct source *s, struct bytes *ret, struct err *e) {
    struct lines *l = CONTAINER_OF(s, struct lines, base);
    for (ssize_t n; (n = getline(&l->line, &l->cap, l->in)) >= 0;) {
        struct bytes line = bytes_of(l->line, (size_t)n);
        while (line.len && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r')) {
            line.len--;
        }
        if (bytes_trim(line).len) {
            *ret = line;
            return 1;
        }
    }
    return ferror(l->in) ? err_set_errno(e, ERR_IO, errno, "The input cannot be read") : 0;
}

static void lines_free(struct source *s) {
    struct lines *l = CONTAINER_OF(s, struct lines, base);
    if (l->in != stdin) {
        fclose(l->in);
    }
    free(l->line);
    mem_free(l);
}

static const struct source_ops lines_ops = {lines_next, lines_free};

int source_lines(const char *path, struct source **ret, struct err *e) {
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!in) {
        return err_set_errno(e, ERR_USAGE, errno, "'%s' cannot be opened", path);
    }
    struct lines *l = mem_calloc(1, sizeof *l);
    if (!l) {
        if (in != stdin) {
            fclose(in);
        }
        return err_set(e, ERR_NOMEM, NULL);
    }
    l->base.ops = &lines_ops;
    l->in = in;
    *ret = &l->base;
    return 0;
}

/* ---- Parquet ---- */
struct parquet {
    struct source base;
    struct duck *duck;
    struct duck_rows *rows;
};

static int parquet_next(struct source *s, struct bytes *ret, struct err *e) {
    return duck_rows_next(CONTAINER_OF(s, struct parquet, base)->rows, ret, e);
}

static void parquet_free(struct source *s) {
    struct parquet *p = CONTAINER_OF(s, struct parquet, base);
    duck_rows_free(&p->rows);
    duck_close(&p->duck);
    mem_free(p);
}

static const struct source_ops parquet_ops = {parquet_next, parquet_free};

int source_parquet(const char *path, struct source **ret, struct err *e) {
    struct parquet *p = mem_calloc(1, sizeof *p);
    if (!p) {
        return err_set(e, ERR_NOMEM, NULL);
    }
    p->base.ops = &parquet_ops;
    struct duck_options o = {.threads = 1, .memory_mb = 512};
    int rc = duck_open(&o, &p->duck, e);
    rc = rc ? rc : duck_rows_open(p->duck, path, &p->rows, e);
    if (rc) {
        parquet_free(&p->base);
        return rc;
    }
    *ret = &p->base;
    return 0;
}
