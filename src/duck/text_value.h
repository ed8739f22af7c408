/* text_value.h - text to values and back, strictly as Trino does it. Pure functions, without
 * DuckDB: the C functions of the engine and the planner's predicates share them. */
#ifndef TARN_DUCK_TEXT_VALUE_H
#define TARN_DUCK_TEXT_VALUE_H

#include "base/bytes.h"

bool text_to_integer(struct bytes v, int64_t min, int64_t max, int64_t *ret) WARN_UNUSED;
/* Java's Double.parseDouble, without its hexadecimal form. */
bool text_to_double(struct bytes v, double *ret) WARN_UNUSED;
bool text_to_real(struct bytes v, float *ret) WARN_UNUSED;
bool text_to_boolean(struct bytes v, bool *ret) WARN_UNUSED;
/* Appends "-12.50", rounded half up to `scale` places; false when the text is no number or has more
 * than precision - scale digits before the point. */
bool text_to_decimal(struct bytes v, int precision, int scale, struct buf *out) WARN_UNUSED;

/* "3.14", "1.0E7", "NaN", "Infinity" into 40 bytes, as Double.toString and Float.toString. */
void fn_java_double(double v, bool is_real, char out[40]);
/* "3.14E0", as CAST(double AS varchar) gives it; text_of_real for a real. */
void fn_scientific(double v, char out[40]);
void text_of_real(double v, char out[40]);

#endif
