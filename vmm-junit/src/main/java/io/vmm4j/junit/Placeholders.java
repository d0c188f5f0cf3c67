package io.vmm4j.junit;

import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/** Puts system properties and environment variables into the texts of an annotation. */
final class Placeholders {

    private static final Pattern NAME = Pattern.compile("\\$\\{(env\\.)?([^}]*)}");

    private Placeholders() {
    }

    /** {@code text} with all of them replaced. */
    static String resolve(String attribute, String text, UnaryOperator<String> property, UnaryOperator<String> variable) {
        Matcher matcher = NAME.matcher(text);
        StringBuilder resolved = new StringBuilder();
        while (matcher.find()) {
            boolean isVariable = matcher.group(1) != null;
            String value = (isVariable ? variable : property).apply(matcher.group(2));
            if (value == null) {
                throw new ExtensionConfigurationException("@MicroVm(" + attribute + " = \"" + text + "\"): the "
                        + (isVariable ? "environment variable " : "system property ") + matcher.group(2) + " is not set");
            }
            matcher.appendReplacement(resolved, Matcher.quoteReplacement(value));
        }
        return matcher.appendTail(resolved).toString();
    }
}
