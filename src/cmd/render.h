/* render.h - results on a terminal (aligned), in a pipe (CSV) or for programs (JSON lines). */
#ifndef TARN_CMD_RENDER_H
#define TARN_CMD_RENDER_H

#include "cmd/ask.h"

#include <stdio.h>

enum render_format { RENDER_TABLE, RENDER_CSV, RENDER_JSON };
/* "table", "csv", "json"; NULL: table on a terminal, else CSV. ERR_USAGE otherwise. */
int render_format_parse(const char *name, FILE *out, enum render_format *ret,
                        struct err *e) WARN_UNUSED;

struct render;
/* A sink that prints to `out`. Tables are aligned by the first 1000 rows. */
struct render *render_new(enum render_format format, FILE *out) WARN_UNUSED;
struct ask_sink render_sink(struct render *r);
/* Prints what is still held back; call after the last row. */
void render_finish(struct render *r);
void render_free(struct render **r);

#endif
