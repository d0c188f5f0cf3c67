package io.vmm4j.core.config;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The user asked for a machine that cannot be: every problem found is named with its value and its bound. Raised
 * before anything of the machine exists, so nothing has to be undone.
 */
public final class ConfigException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient List<ConfigProblem> problems;

    /** @param problems at least one */
    public ConfigException(List<ConfigProblem> problems) {
        super(problems.stream().map(ConfigProblem::toString).collect(Collectors.joining("; ")));
        this.problems = List.copyOf(problems);
    }

    /** A configuration with one problem. */
    public ConfigException(String key, String message) {
        this(List.of(new ConfigProblem(key, message)));
    }

    /** The problems, in the order of the configuration; never empty. */
    public List<ConfigProblem> problems() {
        return problems;
    }
}
