package io.vmm4j.core.rootfs;

import java.util.List;

/** What has a container's program run in the guest of {@code vmm shell}: a script for the shell of its initramfs, which makes the {@link Launcher} there. */
public final class ContainerRun {

    private static final String LAUNCHER = "/vmm/launch";

    private static final String FIND = """
            set -f
            name=$1
            shift
            program=
            case $name in
            /*) { [ -e "/sysroot$name" ] || [ -L "/sysroot$name" ]; } && program=$name ;;
            */*) program=$name ;;
            *)
                IFS=:
                for directory in $path; do
                    file=${directory%/}/$name
                    [ -d "/sysroot$file" ] && continue
                    if [ -e "/sysroot$file" ] || [ -L "/sysroot$file" ]; then
                        program=$file
                        break
                    fi
                done
                unset IFS
                ;;
            esac
            if [ -z "$program" ]; then
                echo "$name: there is no such program in the image" >&2
                exit 127
            fi
            """;

    private ContainerRun() {
    }

    /** For {@code container}, running {@code words}, which are not none: it ends as the program, or with status 127 where there is none of that name. */
    public static String script(Container container, List<String> words) {
        StringBuilder script = new StringBuilder("printf '");
        for (byte octet : Launcher.of(container)) {
            script.append(String.format("\\%03o", octet & 0xFF));
        }
        script.append("' >").append(LAUNCHER).append("\nchmod 700 ").append(LAUNCHER).append("\nset --");
        words.forEach(word -> script.append(' ').append(quoted(word)));
        script.append("\npath=").append(quoted(container.path())).append('\n').append(FIND);
        script.append("exec /bin/busybox env -i ${TERM:+\"TERM=$TERM\"}");
        container.environment().forEach(variable -> script.append(' ').append(quoted(variable)));
        script.append(' ').append(LAUNCHER).append(" \"$program\" \"$@\"\n");
        return script.toString();
    }

    private static String quoted(String word) {
        return "'" + word.replace("'", "'\\''") + "'";
    }
}
