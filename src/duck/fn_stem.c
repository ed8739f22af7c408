/* fn_stem.c - word_stem(): a word without its endings, by the Snowball algorithms of libstemmer. */
#include "base/mem.h"
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include <libstemmer.h>

/* The stemmer of the last row's language is kept. */
struct stemmer {
    char language[8];
    struct sb_stemmer *snowball;
};
static void stemmer_free(void *state) {
    struct stemmer *s = state;
    sb_stemmer_delete(s->snowball);
    mem_free(s);
}
static const char *algorithm_of(struct bytes language) {
    static const struct {
        const char *code, *algorithm;
    } known[] = {
        {"ca", "catalan"},    {"da", "danish"},   {"de", "german"},    {"en", "english"},
        {"es", "spanish"},    {"eu", "basque"},   {"fi", "finnish"},   {"fr", "french"},
        {"hu", "hungarian"},  {"hy", "armenian"}, {"ir", "irish"},     {"it", "italian"},
        {"lt", "lithuanian"}, {"nl", "dutch"},    {"no", "norwegian"}, {"pt", "portuguese"},
        {"ro", "romanian"},   {"ru", "russian"},  {"sv", "swedish"},   {"tr", "turkish"},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (bytes_eq_str(language, known[i].code))
            return known[i].algorithm;
    return NULL;
}
/* NULL after an error. */
static struct stemmer *prepare(struct fn_call *c, idx_t i, struct bytes language) {
    struct stemmer *s = c->state;
    const char *algorithm = algorithm_of(language);
    if (!algorithm) {
        (void)fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "Unknown stemmer language: %.*s",
                      (int)MIN_OF(language.len, (size_t)100), language.ptr);
        return NULL;
    }
    if (!s) {
        s = c->state = mem_calloc(1, sizeof(*s));
        c->state_free = stemmer_free;
    }
    if (s && (!s->snowball || !bytes_eq_str(language, s->language))) {
        sb_stemmer_delete(s->snowball);
        s->snowball = sb_stemmer_new(algorithm, "UTF_8");
        memcpy(s->language, language.ptr, language.len);
        s->language[language.len] = 0;
    }
    if (!s || !s->snowball)
        (void)fn_fail(c, i, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
    return s && s->snowball ? s : NULL;
}
FN(word_stem) {
    struct bytes v = fn_str(c, 0, i);
    struct stemmer *s = prepare(c, i, fn_str(c, 1, i));
    if (!s)
        return false;
    const sb_symbol *r = sb_stemmer_stem(s->snowball, (const sb_symbol *)(v.ptr ? v.ptr : ""),
                                         (int)MIN_OF(v.len, (size_t)INT32_MAX));
    if (!r)
        return fn_fail(c, i, "EXCEEDED_LOCAL_MEMORY_LIMIT", "Out of memory");
    return fn_out_str(c, i, bytes_of(r, (size_t)sb_stemmer_length(s->snowball)));
}

const struct duck_function fn_stem_table[] = {
    {"t_word_stem", "VARCHAR, VARCHAR", "VARCHAR", call_word_stem, 0, NULL},
};
const size_t fn_stem_count = COUNT_OF(fn_stem_table);
