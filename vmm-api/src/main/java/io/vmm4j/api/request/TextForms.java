package io.vmm4j.api.request;

import io.vmm4j.core.json.Converted;
import io.vmm4j.core.json.SerdeException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The fields that are text of some form, and what Firecracker says when they are not. */
final class TextForms {

    static final Converted<String> MAC = new Mac();
    static final Converted<String> LOG_LEVEL = new LogLevel();
    static final Converted<String> REGISTER = new Register();
    static final Converted<String> BITMAP_32 = new Bitmap(32);
    static final Converted<String> BITMAP_64 = new Bitmap(64);
    static final Converted<Long> NUMBER_32 = new PrefixedNumber();
    static final Converted<String> CAPABILITY = new Capability();

    private static final long MAX_U32 = 0xFFFF_FFFFL;

    private TextForms() {
    }

    private static final class Mac extends Converted<String> {
        @Override
        protected String convert(String text) throws SerdeException {
            String[] fields = text.split(":", -1);
            boolean isMac = fields.length == 6;
            StringBuilder written = new StringBuilder();
            for (String field : fields) {
                boolean isSigned = field.startsWith("+") && field.length() == 2;
                isMac = isMac && (isSigned ? isHex(field.charAt(1)) : field.length() == 2 && isHex(field.charAt(0)) && isHex(field.charAt(1)));
                written.append(written.length() == 0 ? "" : ":").append(isSigned ? "0" + field.charAt(1) : field);
            }
            if (!isMac) {
                throw SerdeException.custom("The provided MAC address is invalid.");
            }
            return written.toString().toLowerCase(Locale.ROOT);
        }
    }

    private static boolean isHex(char c) {
        return c < 0x80 && Character.digit(c, 16) >= 0;
    }

    private static final class LogLevel extends Converted<String> {
        @Override
        protected String convert(String text) throws SerdeException {
            return switch (text.toLowerCase(Locale.ROOT)) {
                case "off" -> "Off";
                case "trace" -> "Trace";
                case "debug" -> "Debug";
                case "info" -> "Info";
                case "warn", "warning" -> "Warn";
                case "error" -> "Error";
                default -> throw SerdeException.custom("Invalid LevelFilter");
            };
        }
    }

    private static final class Register extends Converted<String> {
        @Override
        protected String convert(String text) throws SerdeException {
            return switch (text) {
                case "eax", "ebx", "ecx", "edx" -> text;
                default -> throw SerdeException.custom("Invalid CPUID register. Must be one of [eax, ebx, ecx, edx]");
            };
        }
    }

    private static final class Bitmap extends Converted<String> {
        private final int bits;

        Bitmap(int bits) {
            this.bits = bits;
        }

        @Override
        protected String convert(String text) throws SerdeException {
            byte[] digits = (text.startsWith("0b") ? text.substring(2) : text).getBytes(StandardCharsets.UTF_8);
            int count = 0;
            for (int i = digits.length - 1; i >= 0; i--) {
                if (count == bits) {
                    throw SerdeException.custom("Failed to parse string [" + text + "] as a bitmap - string is too long");
                }
                switch (digits[i]) {
                    case '_' -> { }
                    case '0', '1', 'x' -> count++;
                    default -> throw SerdeException.custom("Failed to parse string [" + text + "] as a bitmap - unknown character: "
                            + Byte.toUnsignedInt(digits[i]));
                }
            }
            return text;
        }
    }

    private static final class PrefixedNumber extends Converted<Long> {
        @Override
        protected Long convert(String text) throws SerdeException {
            int radix = text.startsWith("0b") ? 2 : text.startsWith("0x") ? 16 : 0;
            if (radix == 0) {
                throw SerdeException.custom("No supported number system prefix found in value [" + text
                        + "]. Make sure to prefix the number with '0x' for hexadecimal numbers or '0b' for binary numbers.");
            }
            RustNumber number = RustNumber.parse(text.substring(2), radix);
            if (number.fault() != null) {
                throw SerdeException.custom("Failed to parse string [" + text
                        + "] as a number for CPU template - ParseIntError { kind: " + number.fault().kind() + " }");
            }
            return number.value();
        }
    }

    private static final class Capability extends Converted<String> {
        @Override
        protected String convert(String text) throws SerdeException {
            String digits = text.startsWith("!") ? text.substring(1) : text;
            RustNumber number = RustNumber.parse(digits, 10);
            if (number.fault() != null) {
                throw SerdeException.custom("Failed to parse string [" + text
                        + "] as a kvm capability - can not convert to numeric: " + number.fault().text());
            }
            return (text.startsWith("!") ? "!" : "") + number.value();
        }
    }

    /** An unsigned number of 32 bits as Rust reads it, or why it is none. */
    private record RustNumber(long value, Fault fault) {

        enum Fault {
            EMPTY("Empty", "cannot parse integer from empty string"),
            INVALID_DIGIT("InvalidDigit", "invalid digit found in string"),
            OVERFLOW("PosOverflow", "number too large to fit in target type");

            private final String kind;
            private final String text;

            Fault(String kind, String text) {
                this.kind = kind;
                this.text = text;
            }

            String kind() {
                return kind;
            }

            String text() {
                return text;
            }
        }

        static RustNumber parse(String text, int radix) {
            if (text.isEmpty()) {
                return new RustNumber(0, Fault.EMPTY);
            }
            String digits = text.startsWith("+") ? text.substring(1) : text;
            long value = 0;
            for (int i = 0; i < digits.length(); i++) {
                char c = digits.charAt(i);
                int digit = c < 0x80 ? Character.digit(c, radix) : -1;
                if (digit < 0) {
                    return new RustNumber(0, Fault.INVALID_DIGIT);
                }
                value = value * radix + digit;
                if (value > MAX_U32) {
                    return new RustNumber(0, Fault.OVERFLOW);
                }
            }
            return digits.isEmpty() ? new RustNumber(0, Fault.INVALID_DIGIT) : new RustNumber(value, null);
        }
    }
}
