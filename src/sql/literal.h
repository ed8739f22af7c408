/* literal.h - intervals as text. Inside sql only. */
#ifndef TARN_SQL_LITERAL_H
#define TARN_SQL_LITERAL_H

#include "duck/time_text.h"
#include "sql/tree.h"

bool literal_parse_months(struct bytes text, enum sql_unit from, enum sql_unit to,
                          int64_t *ret) WARN_UNUSED;
bool literal_parse_millis(struct bytes text, enum sql_unit from, enum sql_unit to, int64_t unit_ms,
                          int64_t *ret) WARN_UNUSED;

#endif
