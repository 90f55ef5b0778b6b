/* An exact sum of doubles: a fixed-point number of 256 bits in units of 2^-140.
 *
 * Every double whose lowest bit is 2^-140 or more is a whole number of units, so that adding and
 * taking away are exact and their order has no effect. Lower bits are rounded once, on entry, the
 * same way when a value is taken away.
 */
#ifndef DOLPHIN_FIXED_SUM_H
#define DOLPHIN_FIXED_SUM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FIXED_LIMBS = 4, FIXED_UNIT_BITS = 140, FIXED_LARGEST_EXPONENT = 96 };

/* Two's complement, least significant limb first. */
struct fixed_sum {
    uint64_t limb[FIXED_LIMBS];
};

/* Whether a value can be added: finite and of a magnitude below 2^96, so that 2^18 of the
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
    uint64_t carry = 0;
    for (int i = place; i < FIXED_LIMBS; i++) {
        uint64_t word = i - place < 2 ? words[i - place] : 0;
        unsigned __int128 wide;
        if (is_negative) {
            wide = (unsigned __int128)sum->limb[i] - word - carry;
            carry = (uint64_t)(wide >> 64) & 1;
        } else {
            wide = (unsigned __int128)sum->limb[i] + word + carry;
            carry = (uint64_t)(wide >> 64);
        }
        sum->limb[i] = (uint64_t)wide;
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

/* The sum as the nearest double; ties to even. */
static inline double fixed_round(const struct fixed_sum *sum)
{
    uint64_t limb[FIXED_LIMBS];
    bool is_negative = sum->limb[FIXED_LIMBS - 1] >> 63;
    uint64_t carry = is_negative;
    for (int i = 0; i < FIXED_LIMBS; i++) {
        uint64_t word = is_negative ? ~sum->limb[i] : sum->limb[i];
        limb[i] = word + carry;
        carry = carry && limb[i] == 0;
    }
    int top = FIXED_LIMBS - 1;
    while (top >= 0 && !limb[top])
        top--;
    if (top < 0)
        return 0.0;
    int free = __builtin_clzll(limb[top]);
    uint64_t head = limb[top] << free;
    uint64_t below = top ? limb[top - 1] : 0;
    if (free)
        head |= below >> (64 - free);
    bool is_inexact = free ? (below << free) != 0 : below != 0;
    for (int i = 0; i < top - 1; i++)
        is_inexact |= limb[i] != 0;
    /* Bit 0 of 64 is far below the last of 53: as a sticky bit it decides ties only. */
    double magnitude = ldexp((double)(head | is_inexact), 64 * top - free - FIXED_UNIT_BITS);
    return is_negative ? -magnitude : magnitude;
}

#endif
