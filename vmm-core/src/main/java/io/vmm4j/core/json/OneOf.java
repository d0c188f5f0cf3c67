package io.vmm4j.core.json;

/** How serde lists what would have been right. */
final class OneOf {

    private OneOf() {
    }

    static String list(String[] names) {
        return switch (names.length) {
            case 1 -> "`" + names[0] + "`";
            case 2 -> "`" + names[0] + "` or `" + names[1] + "`";
            default -> "one of `" + String.join("`, `", names) + "`";
        };
    }
}
