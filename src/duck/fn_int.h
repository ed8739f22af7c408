/* fn_int.h - the function tables, for fn_register.c. */
#ifndef TARN_DUCK_FN_INT_H
#define TARN_DUCK_FN_INT_H

#include "duck/functions.h"

extern const struct duck_function fn_math_table[];
extern const size_t fn_math_count;

#endif
