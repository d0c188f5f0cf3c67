package io.vmm4j.core.json;

import java.math.BigDecimal;
import java.math.MathContext;

/** Doubles in the fewest digits that give them back, written out from 1e-5 up to 1e16 and with an exponent beyond. */
final class RealText {

    private static final int SIGNIFICANT_DIGITS = 17;
    private static final int LEAST_POINT = -5;
    private static final int MOST_POINT = 16;

    private RealText() {
    }

    static String of(double value) {
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        BigDecimal shortest = shortest(Math.abs(value));
        String digits = shortest.unscaledValue().toString();
        int point = digits.length() - shortest.scale();
        return (value < 0 ? "-" : "") + place(digits, point);
    }

    private static BigDecimal shortest(double value) {
        BigDecimal exact = new BigDecimal(value);
        for (int digits = 1; digits < SIGNIFICANT_DIGITS; digits++) {
            BigDecimal rounded = exact.round(new MathContext(digits));
            if (rounded.doubleValue() == value) {
                return rounded.stripTrailingZeros();
            }
        }
        return exact.round(new MathContext(SIGNIFICANT_DIGITS)).stripTrailingZeros();
    }

    /** @param point where the decimal point is, counted from the first digit */
    private static String place(String digits, int point) {
        if (point > LEAST_POINT && point <= 0) {
            return "0." + "0".repeat(-point) + digits;
        }
        if (point > 0 && point <= MOST_POINT) {
            return digits.length() <= point ? digits + "0".repeat(point - digits.length()) + ".0"
                    : digits.substring(0, point) + "." + digits.substring(point);
        }
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        return mantissa + (point > 0 ? "e+" : "e-") + Math.abs(point - 1);
    }
}
