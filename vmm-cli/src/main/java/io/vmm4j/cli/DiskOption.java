package io.vmm4j.cli;

import io.vmm4j.core.config.DriveConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * {@code --disk PATH[,WORD...]}: disks in short, {@code disk0}, {@code disk1} and so on where none is named otherwise. Words are set apart by
 * commas; two commas are one of a path.
 */
final class DiskOption {

    private static final String OVERLAY = "overlay";
    private static final String FORMAT = "format=";
    private static final String ID = "id=";

    private DiskOption() {
    }

    /** Reads the option's values; what is wrong with one goes to {@code problems}. */
    static List<DriveConfig> parse(List<String> disks, Consumer<String> problems) {
        List<DriveConfig> drives = new ArrayList<>();
        for (String disk : disks) {
            drives.add(parse(words(disk), "disk" + drives.size(), problems));
        }
        return drives;
    }

    private static List<String> words(String text) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        for (int at = 0; at < text.length(); at++) {
            boolean isComma = text.charAt(at) == ',';
            if (isComma && !text.startsWith(",,", at)) {
                words.add(word.toString());
                word.setLength(0);
                continue;
            }
            word.append(text.charAt(at));
            at += isComma ? 1 : 0;
        }
        words.add(word.toString());
        return words;
    }

    private static DriveConfig parse(List<String> words, String defaultId, Consumer<String> problems) {
        String id = defaultId;
        boolean isReadOnly = false;
        String overlay = null;
        DriveConfig.Format format = null;
        for (String word : words.subList(1, words.size())) {
            if (word.equals("ro")) {
                isReadOnly = true;
            } else if (word.equals(OVERLAY)) {
                overlay = DriveConfig.IN_MEMORY;
            } else if (word.startsWith(OVERLAY + "=")) {
                overlay = word.substring(OVERLAY.length() + 1);
            } else if (word.startsWith(ID)) {
                id = word.substring(ID.length());
            } else if (format(word) != null) {
                format = format(word);
            } else {
                problems.accept("\"" + word + "\" is not one of ro, overlay, overlay=FILE, format=raw, format=qcow2, id=ID; a comma in a path is "
                        + "written twice");
            }
        }
        return new DriveConfig(id, false, null, words.get(0), isReadOnly, null).withFormat(format).withOverlay(overlay);
    }

    private static DriveConfig.Format format(String word) {
        for (DriveConfig.Format format : DriveConfig.Format.values()) {
            if (word.equals(FORMAT + format)) {
                return format;
            }
        }
        return null;
    }
}
