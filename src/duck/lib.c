/* lib.c - binds libduckdb at run time.
 *
 * The library is 70 MB; linking it would make every `tarn` process map and relocate it, the small
 * front included. So each listed function exists here under its own name as one jump through a
 * pointer:
 *
 *     caller ── call duckdb_open ──▶ duckdb_open: jmp *duck_at_duckdb_open ──▶ libduckdb.so
 *
 * Arguments and results stay where the calling convention put them, so one shape of stub serves
 * every signature. dlopen is RTLD_LOCAL: the library's other symbols stay out of the way. The
 * pointers are written once, under pthread_once, and never again. */
#include "duck/lib.h"
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define POINTER(name)                                                                              \
    extern void *duck_at_##name __attribute__((visibility("hidden")));                             \
    void *duck_at_##name;
DUCK_FUNCTIONS(POINTER)

#if defined(__x86_64__)
#define STUB_BODY(name) "endbr64\n\tjmp *duck_at_" #name "(%rip)\n"
#elif defined(__aarch64__)
#define STUB_BODY(name)                                                                            \
    "hint #34\n\tadrp x16, duck_at_" #name "\n\tldr x16, [x16, :lo12:duck_at_" #name "]\n\tbr "    \
    "x16\n"
#else
#error "no stub for this machine; x86-64 and arm64 are supported"
#endif
#define STUB(name)                                                                                 \
    __asm__(".pushsection .text\n\t.p2align 4\n\t.globl " #name "\n\t.hidden " #name               \
            "\n\t.type " #name ", %function\n" #name                                               \
            ":\n\t" STUB_BODY(name) "\t.size " #name ", .-" #name "\n\t.popsection\n");
DUCK_FUNCTIONS(STUB)

static const struct slot {
    const char *name;
    void **at;
} slots[] = {
#define SLOT(name) {#name, &duck_at_##name},
    DUCK_FUNCTIONS(SLOT)};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int load_rc;
static struct err load_err;

/* $TARN_DUCKDB alone when set, else beside the program, then one folder up. */
static void *open_library(char *tried, size_t tried_cap) {
    const char *set = getenv("TARN_DUCKDB");
    if (set && *set) {
        snprintf(tried, tried_cap, "%s", set);
        return dlopen(set, RTLD_NOW | RTLD_LOCAL);
    }
    char folder[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
    folder[MAX_OF(len, 0)] = 0;
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(folder, '/');
        if (!slash)
            return NULL;
        *slash = 0;
        snprintf(tried, tried_cap, "%.400s/libduckdb.so", folder);
        if (access(tried, R_OK) == 0)
            return dlopen(tried, RTLD_NOW | RTLD_LOCAL);
    }
    return NULL;
}

static int bind_all(struct err *e) {
    char tried[512] = "";
    void *lib = open_library(tried, sizeof(tried));
    if (!lib) {
        const char *why = dlerror();
        return err_set(e, ERR_INTERNAL,
                       "libduckdb.so could not be loaded (tried %s: %s); put it beside the program "
                       "or set TARN_DUCKDB to its path.",
                       tried, why ? why : "no such file");
    }
    for (size_t i = 0; i < COUNT_OF(slots); i++) {
        *slots[i].at = dlsym(lib, slots[i].name);
        if (!*slots[i].at)
            return err_set(e, ERR_INTERNAL, "%s has no function %s; use libduckdb 1.5.5.", tried,
                           slots[i].name);
    }
    return 0;
}
static void load_once(void) {
    load_rc = bind_all(&load_err);
}
int duck_lib_load(struct err *e) {
    pthread_once(&once, load_once);
    if (load_rc && e)
        *e = load_err;
    return load_rc;
}
