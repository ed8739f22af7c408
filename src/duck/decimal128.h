/* decimal128.h - whole numbers of up to 38 digits, as decimals without their point. Pure functions.
 *
 * All return false when the result needs more than 38 digits. */
#ifndef TARN_DUCK_DECIMAL128_H
#define TARN_DUCK_DECIMAL128_H

#include "base/bytes.h"

typedef __int128 dec128;
typedef unsigned __int128 udec128;

/* 10^38 - 1 */
udec128 dec128_max(void);
bool dec128_fits(dec128 v);
/* v * 10^digits; digits >= 0. */
bool dec128_scale_up(dec128 v, int digits, dec128 *ret) WARN_UNUSED;
bool dec128_multiply(dec128 a, dec128 b, dec128 *ret) WARN_UNUSED;
/* round(a * 10^shift / b), half away from zero; b != 0. */
bool dec128_divide(dec128 a, dec128 b, int shift, dec128 *ret) WARN_UNUSED;
/* "-12.50" of 1250 at scale 2, into 45 bytes. */
void dec128_text(dec128 v, int scale, char out[45]);
int dec128_digits(dec128 v);

#endif
