/* fn_int.h - the function tables, for fn_register.c. */
#ifndef TARN_DUCK_FN_INT_H
#define TARN_DUCK_FN_INT_H

#include "duck/functions.h"

#define FN_TABLES(X)                                                                               \
    X(math)                                                                                        \
    X(value)                                                                                       \
    X(sketch)                                                                                      \
    X(special)                                                                                     \
    X(index)                                                                                       \
    X(number)                                                                                      \
    X(text)                                                                                        \
    X(cast)                                                                                        \
    X(stem)                                                                                        \
    X(string)                                                                                      \
    X(regexp)                                                                                      \
    X(url)                                                                                         \
    X(binary)                                                                                      \
    X(cast_number)                                                                                 \
    X(hash)                                                                                        \
    X(encode)                                                                                      \
    X(stats)                                                                                       \
    X(measure)                                                                                     \
    X(time)                                                                                        \
    X(zone)                                                                                        \
    X(timestamp)                                                                                   \
    X(unit)                                                                                        \
    X(json_path)                                                                                   \
    X(json)                                                                                        \
    X(format)                                                                                      \
    X(query)

#define X(name)                                                                                    \
    extern const struct duck_function fn_##name##_table[];                                         \
    extern const size_t fn_##name##_count;
FN_TABLES(X)
#undef X

/* XXH64 with seed 0 (fn_binary.c). */
uint64_t duck_xx64(struct bytes v);

#endif
