/* fn_stats.c - distributions: normal, beta, Student's t, and Wilson's interval.
 *
 * The regularized incomplete beta function is its continued fraction, evaluated by Lentz's method,
 * on the side where it converges fast. Its inverse is Brent's root finder over [0, 1], with the
 * accuracy that Trino asks for (1e-9), so that both stop at the same place. The inverse of the
 * normal distribution starts from a rational approximation and is polished with Halley steps.
 * Sources: https://dlmf.nist.gov/8.17 and R. P. Brent, Algorithms for Minimization (1973). */
#include "duck/fn_call.h"
#include "duck/fn_int.h"
#include <math.h>

#define PI 3.14159265358979323846
#define BETA_STEPS 10000

static bool bad(struct fn_call *c, idx_t i, const char *text) {
    return fn_fail(c, i, "INVALID_FUNCTION_ARGUMENT", "%s", text);
}
static double log_gamma(double x) {
    int sign;
    return lgamma_r(x, &sign);
}

/* ---- beta ---- */
static double not_zero(double v) {
    return fabs(v) < 1e-300 ? 1e-300 : v;
}
static double beta_fraction(double x, double a, double b) {
    double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), h = d;
    for (int m = 1; m < BETA_STEPS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / not_zero(1 + even * d);
        c = not_zero(1 + even / c);
        h *= d * c;
        d = 1 / not_zero(1 + odd * d);
        c = not_zero(1 + odd / c);
        h *= d * c;
        if (fabs(d * c - 1) < 1e-16)
            break;
    }
    return h;
}
static double beta_cdf(double x, double a, double b) {
    if (x <= 0)
        return 0;
    if (x >= 1)
        return 1;
    double front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(x, a, b) / a
                                     : 1 - front * beta_fraction(1 - x, b, a) / b;
}

/* ---- the root of beta_cdf(x) = p ---- */
struct bracket {
    double a, fa, b, fb, c, fc; /* b is the best so far, the root is between b and c */
    double d, e;                /* the last two steps */
};
static void best_first(struct bracket *k) {
    if (fabs(k->fc) >= fabs(k->fb))
        return;
    k->a = k->b;
    k->b = k->c;
    k->c = k->a;
    k->fa = k->fb;
    k->fb = k->fc;
    k->fc = k->fa;
}
static void choose_step(struct bracket *k, double m, double tol) {
    double p, q, s = k->fb / k->fa, r;
    if (fabs(k->e) < tol || fabs(k->fa) <= fabs(k->fb)) {
        k->d = k->e = m;
        return;
    }
    if (k->a == k->c) {
        p = 2 * m * s;
        q = 1 - s;
    } else {
        q = k->fa / k->fc;
        r = k->fb / k->fc;
        p = s * (2 * m * q * (q - r) - (k->b - k->a) * (r - 1));
        q = (q - 1) * (r - 1) * (s - 1);
    }
    if (p > 0)
        q = -q;
    else
        p = -p;
    s = k->e;
    k->e = k->d;
    if (p >= 1.5 * m * q - fabs(tol * q) || p >= fabs(0.5 * s * q))
        k->d = k->e = m;
    else
        k->d = p / q;
}
static double brent(struct bracket k, double p, double alpha, double beta) {
    for (int round = 0; round < 1000; round++) {
        best_first(&k);
        double tol = 2e-14 * fabs(k.b) + 1e-9, m = 0.5 * (k.c - k.b);
        if (fabs(m) <= tol || fabs(k.fb) < 1e-300)
            break;
        choose_step(&k, m, tol);
        k.a = k.b;
        k.fa = k.fb;
        k.b += fabs(k.d) > tol ? k.d : m > 0 ? tol : -tol;
        k.fb = beta_cdf(k.b, alpha, beta) - p;
        if ((k.fb > 0) == (k.fc > 0)) {
            k.c = k.a;
            k.fc = k.fa;
            k.d = k.e = k.b - k.a;
        }
    }
    return k.b;
}
static double inverse_beta(double p, double a, double b) {
    if (p <= 0 || p >= 1)
        return p <= 0 ? 0 : 1;
    double middle = beta_cdf(0.5, a, b) - p;
    if (fabs(middle) <= 1e-15)
        return 0.5;
    struct bracket k = {.a = 0, .fa = -p, .b = 0.5, .fb = middle, .c = 0, .fc = -p};
    if (middle < 0)
        k = (struct bracket){.a = 0.5, .fa = middle, .b = 1, .fb = 1 - p, .c = 0.5, .fc = middle};
    k.d = k.e = k.b - k.a;
    return brent(k, p, a, b);
}

FN(beta_cdf) {
    double a = fn_f64(c, 0, i), b = fn_f64(c, 1, i), v = fn_f64(c, 2, i);
    if (!(v >= 0 && v <= 1))
        return bad(c, i, "value must be 0 >= v >= 1");
    if (!(a > 0 && b > 0))
        return bad(c, i, "a, b must be > 0");
    return fn_out_f64(c, i, beta_cdf(v, a, b));
}
FN(inverse_beta_cdf) {
    double a = fn_f64(c, 0, i), b = fn_f64(c, 1, i), p = fn_f64(c, 2, i);
    if (!(p >= 0 && p <= 1))
        return bad(c, i, "p must be 0 >= p >= 1");
    if (!(a > 0 && b > 0))
        return bad(c, i, "a, b must be > 0");
    return fn_out_f64(c, i, inverse_beta(p, a, b));
}

/* ---- normal ---- */
FN(normal_cdf) {
    double mean = fn_f64(c, 0, i), sd = fn_f64(c, 1, i), v = fn_f64(c, 2, i);
    if (!(sd > 0))
        return bad(c, i, "standardDeviation must be > 0");
    return fn_out_f64(c, i, 0.5 * (1 + erf((v - mean) / (sd * sqrt(2)))));
}
static double polynomial(const double *k, size_t n, double x) {
    double r = 0;
    for (size_t j = 0; j < n; j++)
        r = r * x + k[j];
    return r;
}
/* Good to nine digits: P. J. Acklam's rational functions of the middle and of the tails. */
static double normal_guess(double p) {
    static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,
                               -2.759285104469687e+02, 1.383577518672690e+02,
                               -3.066479806614716e+01, 2.506628277459239e+00};
    static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,
                               -1.556989798598866e+02, 6.680131188771972e+01,
                               -1.328068155288572e+01, 1};
    static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01,
                               -2.400758277161838e+00, -2.549732539343734e+00,
                               4.374664141464968e+00,  2.938163982698783e+00};
    static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                               3.754408661907416e+00, 1};
    bool low = p<0.02425, high = p> 1 - 0.02425;
    if (low || high) {
        double q = sqrt(-2 * log(low ? p : 1 - p));
        return (low ? 1 : -1) * polynomial(c, 6, q) / polynomial(d, 5, q);
    }
    double q = p - 0.5, r = q * q;
    return polynomial(a, 6, r) * q / polynomial(b, 6, r);
}
static double inverse_normal(double p) {
    double x = normal_guess(p);
    for (int k = 0; k < 2; k++) {
        double e = 0.5 * erfc(-x / sqrt(2)) - p, u = e * sqrt(2 * PI) * exp(x * x / 2);
        x -= u / (1 + x * u / 2);
    }
    return x;
}
FN(inverse_normal_cdf) {
    double mean = fn_f64(c, 0, i), sd = fn_f64(c, 1, i), p = fn_f64(c, 2, i);
    if (!(p > 0 && p < 1))
        return bad(c, i, "p must be 0 > p > 1");
    if (!(sd > 0))
        return bad(c, i, "standardDeviation must be > 0");
    return fn_out_f64(c, i, mean + sd * inverse_normal(p));
}

/* ---- Student's t ---- */
static bool freedom(struct fn_call *c, idx_t i, double *ret_n, bool *ret_ok) {
    *ret_n = (double)fn_i64(c, 1, i);
    *ret_ok = *ret_n >= 1 || bad(c, i, "degrees of freedom must be greater than or equal to 1");
    return *ret_n >= 1;
}
FN(t_cdf) {
    double x = fn_f64(c, 0, i), n;
    bool ok;
    if (!freedom(c, i, &n, &ok))
        return ok;
    if (x == 0)
        return fn_out_f64(c, i, 0.5);
    double t = isinf(x) ? 0 : beta_cdf(n / (n + x * x), 0.5 * n, 0.5);
    return fn_out_f64(c, i, isnan(x) ? NAN : x < 0 ? 0.5 * t : 1 - 0.5 * t);
}
FN(t_pdf) {
    double x = fn_f64(c, 0, i), n;
    bool ok;
    if (!freedom(c, i, &n, &ok))
        return ok;
    double half = (n + 1) / 2;
    return fn_out_f64(c, i,
                      exp(log_gamma(half) - 0.5 * (log(PI) + log(n)) - log_gamma(n / 2) -
                          half * log1p(x * x / n)));
}

/* ---- Wilson's interval of a proportion ---- */
static bool wilson(struct fn_call *c, idx_t i, int side) {
    int64_t hits = fn_i64(c, 0, i), trials = fn_i64(c, 1, i);
    double z = fn_f64(c, 2, i), n = (double)trials;
    if (hits < 0)
        return bad(c, i, "number of successes must not be negative");
    if (trials <= 0)
        return bad(c, i, "number of trials must be positive");
    if (hits > trials)
        return bad(c, i, "number of successes must not be larger than number of trials");
    if (!(z >= 0))
        return bad(c, i, "z-score must not be negative");
    double p = (double)hits / n;
    double r = (p + z * z / (2 * n) + side * z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) /
               (1 + z * z / n);
    return fn_out_f64(c, i, r);
}
FN(wilson_lower) {
    return wilson(c, i, -1);
}
FN(wilson_upper) {
    return wilson(c, i, 1);
}

#define D3 "DOUBLE, DOUBLE, DOUBLE"
const struct duck_function fn_stats_table[] = {
    {"t_beta_cdf", D3, "DOUBLE", call_beta_cdf, 0, NULL},
    {"t_inverse_beta_cdf", D3, "DOUBLE", call_inverse_beta_cdf, 0, NULL},
    {"t_normal_cdf", D3, "DOUBLE", call_normal_cdf, 0, NULL},
    {"t_inverse_normal_cdf", D3, "DOUBLE", call_inverse_normal_cdf, 0, NULL},
    {"t_t_cdf", "DOUBLE, BIGINT", "DOUBLE", call_t_cdf, 0, NULL},
    {"t_t_pdf", "DOUBLE, BIGINT", "DOUBLE", call_t_pdf, 0, NULL},
    {"t_wilson_lower", "BIGINT, BIGINT, DOUBLE", "DOUBLE", call_wilson_lower, 0, NULL},
    {"t_wilson_upper", "BIGINT, BIGINT, DOUBLE", "DOUBLE", call_wilson_upper, 0, NULL},
};
const size_t fn_stats_count = COUNT_OF(fn_stats_table);
