/* An exact sum of doubles: a fixed-point number of 320 bits in units of 2^-200.
 *
 * Every double whose lowest bit is 2^-200 or more is a whole number of units, so that adding and
 * taking away are exact and their order has no effect. Lower bits are rounded once, on entry, the
 * same way when a value is taken away.
 */
#ifndef DOLPHIN_FIXED_SUM_H
#define DOLPHIN_FIXED_SUM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FIXED_LIMBS = 5, FIXED_UNIT_BITS = 200, FIXED_LARGEST_EXPONENT = 96 };

/* Two's complement, least significant limb first. */
struct fixed_sum {
    uint64_t limb[FIXED_LIMBS];
};

/* Whether a value can be added: finite and of a magnitude below 2^96, so that 2^22 of the
 * largest fit. */
static inline bool fixed_fits(double value)
{
    return fabs(value) < 0x1p96;
}

static inline void fixed_add_signed(struct fixed_sum *sum, double value, bool take_away)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    int exponent = (int)(bits >> 52 & 0x7ff);
    uint64_t mantissa = bits & ((UINT64_C(1) << 52) - 1);
    if (!(exponent | mantissa))
        return;
    if (exponent)
        mantissa |= UINT64_C(1) << 52;
    else
        exponent = 1;
    int shift = exponent - 1075 + FIXED_UNIT_BITS;
    if (shift < 0) {
        if (shift < -54)
            return;
        uint64_t half = UINT64_C(1) << (-shift - 1);
        uint64_t rest = mantissa & (2 * half - 1);
        mantissa >>= -shift;
        mantissa += rest > half || (rest == half && (mantissa & 1));
        shift = 0;
    }
    int place = shift / 64, by = shift % 64;
    unsigned __int128 term = (unsigned __int128)mantissa << by;
    bool is_negative = (bits >> 63) != take_away;
    uint64_t words[2] = {(uint64_t)term, (uint64_t)(term >> 64)};
    /* Words above the second change by a carry only, which seldom goes far. */
    bool carry = false;
    for (int i = place; i < FIXED_LIMBS && (carry || i - place < 2); i++) {
        uint64_t word = i - place < 2 ? words[i - place] : 0;
        uint64_t *limb = &sum->limb[i];
        bool first, second;
        if (is_negative) {
            first = __builtin_sub_overflow(*limb, word, limb);
            second = __builtin_sub_overflow(*limb, (uint64_t)carry, limb);
        } else {
            first = __builtin_add_overflow(*limb, word, limb);
            second = __builtin_add_overflow(*limb, (uint64_t)carry, limb);
        }
        carry = first || second;
    }
}

static inline void fixed_add(struct fixed_sum *sum, double value)
{
    fixed_add_signed(sum, value, false);
}

static inline void fixed_take_away(struct fixed_sum *sum, double value)
{
    fixed_add_signed(sum, value, true);
}

/* A number in two's complement as its magnitude; returns whether it is negative. */
static inline bool fixed_magnitude(const uint64_t *words, int count, uint64_t *magnitude)
{
    bool is_negative = words[count - 1] >> 63;
    uint64_t carry = is_negative;
    for (int i = 0; i < count; i++) {
        uint64_t word = is_negative ? ~words[i] : words[i];
        magnitude[i] = word + carry;
        carry = carry && magnitude[i] == 0;
    }
    return is_negative;
}

/* The nearest double to a number of up to 10 words in units of 2^-unit_bits; ties to even. */
static inline double fixed_nearest(const uint64_t *words, int count, int unit_bits)
{
    uint64_t magnitude_words[2 * FIXED_LIMBS];
    const uint64_t *limb = words;
    bool is_negative = words[count - 1] >> 63;
    if (is_negative) {
        fixed_magnitude(words, count, magnitude_words);
        limb = magnitude_words;
    }
    int top = count - 1;
    while (top >= 0 && !limb[top])
        top--;
    if (top < 0)
        return 0.0;
    int free = __builtin_clzll(limb[top]);
    uint64_t head = limb[top] << free;
    uint64_t below = top ? limb[top - 1] : 0;
    if (free)
        head |= below >> (64 - free);
    bool is_inexact = (below << free) != 0;
    for (int i = 0; i < top - 1; i++)
        is_inexact |= limb[i] != 0;
    /* Bit 0 of 64 is far below the last of 53: as a sticky bit it decides ties only. The power of
     * two and the product are normal numbers, so that the product is exact. */
    uint64_t power = (uint64_t)(1023 + 64 * top - free - unit_bits) << 52;
    double scale;
    memcpy(&scale, &power, sizeof scale);
    double magnitude = (double)(head | is_inexact) * scale;
    return is_negative ? -magnitude : magnitude;
}

static inline double fixed_round(const struct fixed_sum *sum)
{
    return fixed_nearest(sum->limb, FIXED_LIMBS, FIXED_UNIT_BITS);
}

/* out += a * b, or -=; both are magnitudes, out has 10 words. */
static inline void fixed_multiply_add(uint64_t *out, const uint64_t *a, int a_words,
                                      const uint64_t *b, int b_words, bool is_negative)
{
    uint64_t product[2 * FIXED_LIMBS] = {0};
    for (int i = 0; i < a_words; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < b_words; j++) {
            unsigned __int128 wide =
                (unsigned __int128)a[i] * b[j] + product[i + j] + carry;
            product[i + j] = (uint64_t)wide;
            carry = (uint64_t)(wide >> 64);
        }
        if (i + b_words < 2 * FIXED_LIMBS)
            product[i + b_words] = carry;
    }
    uint64_t carry = is_negative;
    for (int i = 0; i < 2 * FIXED_LIMBS; i++) {
        uint64_t word = is_negative ? ~product[i] : product[i];
        unsigned __int128 wide = (unsigned __int128)out[i] + word + carry;
        out[i] = (uint64_t)wide;
        carry = (uint64_t)(wide >> 64);
    }
}

/* n * ab - a * b as the nearest double. */
static inline double fixed_covariation(const struct fixed_sum *ab, const struct fixed_sum *a,
                                       const struct fixed_sum *b, uint64_t n)
{
    /* n in units of 2^-200, so that both terms are in units of 2^-400. */
    uint64_t scaled[FIXED_LIMBS] = {0};
    scaled[FIXED_UNIT_BITS / 64] = n << (FIXED_UNIT_BITS % 64);
    scaled[FIXED_UNIT_BITS / 64 + 1] = n >> (64 - FIXED_UNIT_BITS % 64);
    uint64_t left[FIXED_LIMBS], right[FIXED_LIMBS], out[2 * FIXED_LIMBS] = {0};
    bool is_negative = fixed_magnitude(ab->limb, FIXED_LIMBS, left);
    fixed_multiply_add(out, left, FIXED_LIMBS, scaled, FIXED_LIMBS, is_negative);
    is_negative = fixed_magnitude(a->limb, FIXED_LIMBS, left) !=
                  fixed_magnitude(b->limb, FIXED_LIMBS, right);
    fixed_multiply_add(out, left, FIXED_LIMBS, right, FIXED_LIMBS, !is_negative);
    return fixed_nearest(out, 2 * FIXED_LIMBS, 2 * FIXED_UNIT_BITS);
}

#endif
