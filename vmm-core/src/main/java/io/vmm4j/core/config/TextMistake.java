package io.vmm4j.core.config;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What is wrong with a text that is no JSON, in plain words in place of the parser's own. */
final class TextMistake {

    /** How the parser tells of something, and what that is to be. */
    private record Wording(Pattern told, String words) {

        Wording(String told, String words) {
            this(Pattern.compile(told + ".*", Pattern.DOTALL), words);
        }
    }

    private static final List<Wording> WORDINGS = List.of(
            new Wording("Duplicate field '(.*)'", "the key \"$1\" is given twice"),
            new Wording("Unrecognized token '(.*)': was expecting", "$1 is not JSON: a text stands in quotation marks, the rest are numbers, true, false and null"),
            new Wording("Illegal unquoted character \\(\\(CTRL-CHAR, code (\\d+)\\)\\)", "a control character (code $1) stands in a text, where it has to be written \\\\u00XX"),
            new Wording("Illegal character \\(\\(CTRL-CHAR, code (\\d+)\\)\\)", "a control character (code $1) stands outside of texts"),
            new Wording("Unexpected character \\('(.*)' \\(code \\d+[^)]*\\)\\): (?:was expecting|expected)", "unexpected character \"$1\""),
            new Wording("Document nesting depth \\(\\d+\\) exceeds the maximum allowed \\((\\d+)", "lists and objects stand in each other more than $1 deep"),
            new Wording("(.*) \\((\\d+)\\) exceeds the maximum (?:allowed )?(?:length )?\\((\\d+)", "$1 of $2 is above the limit of $3"));

    private TextMistake() {
    }

    /** {@code told} by the parser, or as it is where there are no better words. */
    static String inWords(String told) {
        for (Wording wording : WORDINGS) {
            Matcher matcher = wording.told.matcher(told);
            if (matcher.matches()) {
                return matcher.replaceFirst(wording.words);
            }
        }
        return told;
    }
}
