package io.vmm4j.core.config;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Memory sizes as people write them: {@code 512} is MiB; {@code 512M}, {@code 2G} and {@code 1T} say their unit. */
public final class MemorySize {

    private static final Pattern FORM = Pattern.compile("0*(\\d+)(?:([MGT])(?:I?B)?)?");

    /** What fits, with a unit too. */
    private static final int DIGITS_MAX = 12;

    private MemorySize() {
    }

    /**
     * Parses a size.
     *
     * @return the size in MiB, which may be more than any host has
     * @throws IllegalArgumentException when the text is not a size; the message says what is
     */
    public static long parseMib(String text) {
        Matcher form = FORM.matcher(text.strip().toUpperCase(Locale.ROOT));
        if (!form.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is not a size: give MiB, or a number with M, G or T");
        }
        if (form.group(1).length() > DIGITS_MAX) {
            throw new IllegalArgumentException("\"" + text + "\" is above the limit of " + MachineConfig.MAX_MEM_SIZE_MIB + " MiB");
        }
        long number = Long.parseLong(form.group(1));
        String unit = form.group(2);
        return switch (unit == null ? "M" : unit) {
            case "G" -> number << 10;
            case "T" -> number << 20;
            default -> number;
        };
    }
}
