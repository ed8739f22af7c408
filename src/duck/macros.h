/* macros.h - the t_* macros; inside duck only. */
#ifndef TARN_DUCK_MACROS_H
#define TARN_DUCK_MACROS_H

#include "duck/functions.h"

/* After the C functions: macros call them. They live in the database, for all its connections. */
int duck_register_macros(duckdb_connection con, struct err *e) WARN_UNUSED;

#endif
