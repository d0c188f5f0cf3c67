package io.vmm4j.core.json;

import java.math.BigDecimal;

/**
 * A number as serde_json has it: an unsigned or a negative integer of 64 bits, or a double.
 *
 * @param kind    which of them
 * @param integer the bits of an integer
 * @param real    the double
 */
record JsonNumber(Kind kind, long integer, double real) {

    enum Kind { UNSIGNED, NEGATIVE, REAL }

    private static final double STEP = 1e308;
    private static final int STEP_DIGITS = 308;

    /** The number that {@code text}, which is one, writes; {@code null} when it is beyond a double. */
    static JsonNumber of(String text) {
        boolean isNegative = text.charAt(0) == '-';
        int at = isNegative ? 1 : 0;
        long significand = 0;
        int exponent = 0;
        boolean isFull = false;
        for (; at < text.length() && isDigit(text.charAt(at)); at++) {
            int digit = text.charAt(at) - '0';
            isFull |= overflows(significand, digit);
            if (isFull) {
                exponent++;
            } else {
                significand = significand * 10 + digit;
            }
        }
        if (at == text.length() && !isFull) {
            long negated = -significand;
            boolean fits = !isNegative || negated < 0;
            if (fits) {
                return new JsonNumber(isNegative ? Kind.NEGATIVE : Kind.UNSIGNED, isNegative ? negated : significand, 0);
            }
        }
        if (at < text.length() && text.charAt(at) == '.') {
            boolean ignored = false;
            for (at++; at < text.length() && isDigit(text.charAt(at)); at++) {
                int digit = text.charAt(at) - '0';
                ignored |= overflows(significand, digit);
                if (!ignored) {
                    significand = significand * 10 + digit;
                    exponent--;
                }
            }
        }
        return real(isNegative, significand, exponent, at < text.length() ? text.substring(at + 1) : "0");
    }

    /** How much of {@code text} was read when it turned out to be beyond a double: to where the exponent leaves 31 bits. */
    static int lengthInRange(String text) {
        int at = Math.max(text.indexOf('e'), text.indexOf('E')) + 1;
        if (at == 0) {
            return text.length();
        }
        long exponent = 0;
        for (at += isDigit(text.charAt(at)) ? 0 : 1; at < text.length() && exponent <= Integer.MAX_VALUE; at++) {
            exponent = exponent * 10 + text.charAt(at) - '0';
        }
        return at;
    }

    private static JsonNumber real(boolean isNegative, long significand, int exponent, String exponentText) {
        String digits = exponentText.startsWith("+") || exponentText.startsWith("-") ? exponentText.substring(1) : exponentText;
        BigDecimal written = new BigDecimal(digits.length() > 400 ? digits.substring(0, 400) : digits);
        boolean isHuge = written.compareTo(BigDecimal.valueOf(Integer.MAX_VALUE)) > 0;
        boolean isNegativeExponent = exponentText.startsWith("-");
        if (isHuge) {
            return significand != 0 && !isNegativeExponent ? null : new JsonNumber(Kind.REAL, 0, isNegative ? -0.0 : 0.0);
        }
        long sum = (long) exponent + (isNegativeExponent ? -written.longValue() : written.longValue());
        return scaled(isNegative, toDouble(significand), (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, sum)));
    }

    private static JsonNumber scaled(boolean isNegative, double significand, int exponent) {
        double value = significand;
        int left = exponent;
        while (Math.abs((long) left) > STEP_DIGITS) {
            if (value == 0) {
                break;
            }
            if (left >= 0) {
                return null;
            }
            value /= STEP;
            left += STEP_DIGITS;
        }
        if (Math.abs((long) left) <= STEP_DIGITS) {
            double power = Double.parseDouble("1e" + Math.abs(left));
            value = left >= 0 ? value * power : value / power;
        }
        return Double.isInfinite(value) ? null : new JsonNumber(Kind.REAL, 0, isNegative ? -value : value);
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean overflows(long significand, int digit) {
        long limit = Long.divideUnsigned(-1, 10);
        int order = Long.compareUnsigned(significand, limit);
        return order > 0 || order == 0 && digit > Long.remainderUnsigned(-1, 10);
    }

    private static double toDouble(long unsigned) {
        return unsigned >= 0 ? unsigned : new BigDecimal(Long.toUnsignedString(unsigned)).doubleValue();
    }

    /** How it is named where another type was expected. */
    String described() {
        return switch (kind) {
            case UNSIGNED -> "integer `" + Long.toUnsignedString(integer) + "`";
            case NEGATIVE -> "integer `" + integer + "`";
            case REAL -> "floating point `" + RealText.of(real) + "`";
        };
    }
}
