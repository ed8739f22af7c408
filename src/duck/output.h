/* output.h - finished files of a task: sealed (durable and in place) or dropped. */
#ifndef TARN_DUCK_OUTPUT_H
#define TARN_DUCK_OUTPUT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/vfs.h"

/* A file written piece by piece to a temporary path. Zero-initialise; output_clear frees. */
struct output {
    const char *tmp, *final; /* borrowed */
    int fd;                  /* valid when opened */
    bool opened;
    uint64_t size;
    struct buf pending;
};
/* Appends; the file is made with the first bytes that are written out. */
int output_write(struct output *o, struct bytes data, struct err *e) WARN_UNUSED;
/* Writes the rest, syncs, renames to the final path. A file without bytes is not made. */
int output_finish(struct output *o, struct err *e) WARN_UNUSED;
/* Closes and removes what is not finished; frees memory. */
void output_clear(struct output *o);

/* The same for a file that an engine wrote: sync, make the folder, rename, sync the folder. */
int output_seal(const char *tmp, const char *final, struct err *e) WARN_UNUSED;

#endif
