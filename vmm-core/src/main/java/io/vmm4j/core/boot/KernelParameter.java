package io.vmm4j.core.boot;

/**
 * One parameter of a kernel command line, as the kernel's next_arg finds it in the line's bytes.
 *
 * @param name     up to the first equals sign but one at the very beginning, without a quote before it
 * @param hasValue whether there is such a sign
 * @param end      where the parameter ends in the line
 * @param isOpen   whether a quote in it is not closed, so that it reaches to the end of the line
 */
record KernelParameter(String name, boolean hasValue, int end, boolean isOpen) {

    private static final char QUOTE = '"';
    private static final String END_OF_PARAMETERS = "--";
    /** The kernel's ctype table calls it a blank. */
    private static final char NO_BREAK_SPACE = 0xA0;

    /** The parameter at {@code start}, which is no blank. */
    static KernelParameter at(String line, int start) {
        boolean startsQuoted = line.charAt(start) == QUOTE;
        int from = startsQuoted ? start + 1 : start;
        boolean inQuotes = startsQuoted;
        int equals = -1;
        int at = from;
        while (at < line.length() && (inQuotes || !isBlank(line.charAt(at)))) {
            if (equals < 0 && at > from && line.charAt(at) == '=') {
                equals = at;
            }
            if (line.charAt(at) == QUOTE) {
                inQuotes = !inQuotes;
            }
            at++;
        }
        String name = line.substring(from, equals < 0 ? at : equals);
        if (startsQuoted && equals < 0 && name.endsWith("\"")) {
            name = name.substring(0, name.length() - 1);
        }
        return new KernelParameter(name, equals >= 0, at, inQuotes);
    }

    /** Whether what follows is for init. */
    boolean isEndOfParameters() {
        return !hasValue && name.equals(END_OF_PARAMETERS);
    }

    /** Whether the kernel takes it for {@code other}: dashes and underscores are the same. */
    boolean isNamed(String other) {
        return name.replace('-', '_').equals(other.replace('-', '_'));
    }

    /** The first place from {@code start} on that is no blank. */
    static int skipBlanks(String line, int start) {
        int at = start;
        while (at < line.length() && isBlank(line.charAt(at))) {
            at++;
        }
        return at;
    }

    static String withoutTrailingBlanks(String line) {
        int end = line.length();
        while (end > 0 && isBlank(line.charAt(end - 1))) {
            end--;
        }
        return line.substring(0, end);
    }

    /** The kernel's isspace. */
    private static boolean isBlank(char octet) {
        return octet == ' ' || octet >= '\t' && octet <= '\r' || octet == NO_BREAK_SPACE;
    }
}
