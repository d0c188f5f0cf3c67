package io.vmm4j.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A configuration is read by its shape; what that takes, the reader that has the messages takes as the same. */
class ShapedReadingTest {

    private static final long SEED = 12;
    private static final int MUTATIONS = 4000;
    private static final Pattern TOKEN = Pattern.compile("\"(?:[^\"\\\\]|\\\\.)*\"|-?\\d+|true|false|null|[\\[\\]{},:]");
    private static final String[] TOKENS = {"null", "true", "false", "0", "-1", "-0", "7", "1.0", "1e2", "01", "2147483648", "9223372036854775808", "18446744073709551616",
        "\"\"", "\"x\"", "\"\\u0041\"", "\"\\ud800\"", "\"\t\"", "[]", "{}", "[1]", "{\"a\": 1}", ",", ":", "}", "]", "", "nul", "'x'", "/* */", "NaN",
        "\"Sync\"", "{\"Sync\": null}", "[\"a\", true]", "\"raw\"", "\"RAW\""};

    /** A record with a value for every component but those that are maps. */
    private static Object filled(Class<?> type) throws ReflectiveOperationException {
        List<Class<?>> types = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            types.add(component.getType());
            values.add(component.getType() == List.class
                    ? List.of(value((Class<?>) ((ParameterizedType) component.getGenericType()).getActualTypeArguments()[0]))
                    : value(component.getType()));
        }
        Constructor<?> constructor = type.getDeclaredConstructor(types.toArray(Class[]::new));
        constructor.setAccessible(true);
        return constructor.newInstance(values.toArray());
    }

    private static Object value(Class<?> type) throws ReflectiveOperationException {
        if (type == String.class) {
            return "tëxt \"\\ \n";
        } else if (type == Boolean.class) {
            return true;
        } else if (type == Integer.class) {
            return Integer.MAX_VALUE;
        } else if (type == Long.class) {
            return Long.MAX_VALUE;
        } else if (type.isEnum()) {
            Object[] constants = type.getEnumConstants();
            return constants[constants.length - 1];
        }
        return type.isRecord() ? filled(type) : null;
    }

    @Test
    void everyKeyIsReadByTheShape() throws ReflectiveOperationException {
        VmConfig config = (VmConfig) filled(VmConfig.class);

        assertEquals(config, StrictJson.readByShape(MappedJson.write(config), VmConfig.class));
    }

    @Test
    void whatTheShapeTakesTheOtherReaderTakesAsTheSame() throws ReflectiveOperationException {
        String text = MappedJson.write(filled(VmConfig.class));
        Random random = new Random(SEED);
        int taken = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            String mutated = mutate(text, random);
            VmConfig shaped = StrictJson.readByShape(mutated, VmConfig.class);
            if (shaped != null) {
                taken++;
                assertEquals(mapped(mutated), shaped, "seed " + SEED + ", text " + i + ": " + mutated);
            }
        }
        assertTrue(taken > MUTATIONS / 40, taken + " of " + MUTATIONS + " texts are good ones: too few to say much");
    }

    private static Object mapped(String text) {
        try {
            return MappedJson.read(text, VmConfig.class, "text");
        } catch (ConfigException e) {
            return e.problems();
        }
    }

    /** Puts another token in the place of one, gives a part of the text twice, leaves one out, or spoils a character. */
    private static String mutate(String text, Random random) {
        List<int[]> places = new ArrayList<>();
        Matcher tokens = TOKEN.matcher(text);
        while (tokens.find()) {
            places.add(new int[] {tokens.start(), tokens.end()});
        }
        int[] place = places.get(random.nextInt(places.size()));
        int[] behind = places.get(Math.min(places.size() - 1, places.indexOf(place) + random.nextInt(5)));
        String head = text.substring(0, place[0]);
        return switch (random.nextInt(5)) {
            case 0, 1 -> head + TOKENS[random.nextInt(TOKENS.length)] + text.substring(place[1]);
            case 2 -> head + text.substring(behind[1]);
            case 3 -> text.substring(0, behind[1]) + text.substring(place[0]);
            default -> {
                int at = random.nextInt(text.length());
                yield text.substring(0, at) + (char) random.nextInt(0x100) + text.substring(at + 1);
            }
        };
    }

    @ValueSource(strings = {"[]", "null", "{\"boot_source\": {}}", "{\"drives\": [null]}", "{\"machine-config\": {\"vcpu_count\": -1}}",
        "{\"machine-config\": {\"vcpu_count\": 2147483648}}", "{\"machine-config\": {\"mem_size_mib\": 9223372036854775808}}",
        "{\"cpu-config\": \"/a/file\"}", "{\"metrics\": {\"properties\": {\"a\": \"b\"}}}", "{\"boot-source\": [\"kernel\"]}", "{} {}",
        "{\"drives\": [{\"io_engine\": {\"Sync\": null}}]}", "{\"entropy\": {}, \"entropy\": {}}"})
    @ParameterizedTest
    void whatIsNotPlainIsForTheOtherReader(String text) {
        assertNull(StrictJson.readByShape(text, VmConfig.class));
    }

    @Test
    void absentAndNullAreTheSame() {
        VmConfig absent = StrictJson.readByShape("{}", VmConfig.class);

        assertNotNull(absent);
        assertEquals(absent, StrictJson.readByShape("{\"drives\": null, \"balloon\": null, \"machine-config\": {\"smt\": null}}", VmConfig.class));
    }
}
