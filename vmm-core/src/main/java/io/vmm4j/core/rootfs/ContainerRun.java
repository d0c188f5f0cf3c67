package io.vmm4j.core.rootfs;

import java.util.Arrays;
import java.util.List;

/** What has a container's program run in the guest of {@code vmm shell}: a script for the shell of its initramfs, which makes the {@link Launcher} there. */
public final class ContainerRun {

    private static final String LAUNCHER = "/vmm/launch";

    private static final int PLACES_MAX = 256;

    private ContainerRun() {
    }

    /**
     * For {@code container}, running {@code words}, which are not none: it ends as the program, or with a line and status 127 where there is none of that
     * name, 126 where it cannot be run.
     */
    public static String script(Container container, List<String> words) {
        StringBuilder script = new StringBuilder("printf '");
        for (byte octet : Launcher.of(container, words.get(0), files(container, words.get(0)))) {
            script.append(String.format("\\%03o", octet & 0xFF));
        }
        script.append("' >").append(LAUNCHER).append("\nchmod 700 ").append(LAUNCHER).append("\nset --");
        words.forEach(word -> script.append(' ').append(quoted(word)));
        // So that the user may open /dev/stdout and its like by name. Of the standard error, by another number: it goes elsewhere here.
        script.append("\n/bin/busybox chown ").append(container.uid()).append(" /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/9 9>&2 2>/dev/null\n");
        script.append("exec /bin/busybox env -i ${TERM:+\"TERM=$TERM\"}");
        container.environment().forEach(variable -> script.append(' ').append(quoted(variable)));
        script.append(' ').append(LAUNCHER).append(" \"$@\"\n");
        return script.toString();
    }

    /** What a program of that name may be: in the directories of PATH, of which an empty one is the working directory, unless the name has a slash. */
    private static List<String> files(Container container, String name) {
        if (name.contains("/") || name.isEmpty()) {
            return List.of(name);
        }
        return Arrays.stream(container.path().split(":", -1)).distinct().limit(PLACES_MAX).map(place -> (place.isEmpty() ? "." : place) + "/" + name).toList();
    }

    private static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }
}
