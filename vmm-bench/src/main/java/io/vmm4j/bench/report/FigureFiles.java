package io.vmm4j.bench.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Locale;
import java.util.Map;

/** The figures for other programs. */
final class FigureFiles {

    private FigureFiles() {
    }

    /** A line for each measure and side, with a head; empty fields where there is no reference. */
    static String csv(Results results) {
        StringBuilder text = new StringBuilder("place,measure,unit,side,name,runs,median,least,most,reference,ratio\n");
        for (Row row : results.rows()) {
            row.figures().forEach((side, figures) -> text.append(String.format(Locale.ROOT, "%s,%s,%s,%s,\"%s\",%d,%.3f,%.3f,%.3f,%s,%s%n",
                    row.place(), row.measure().id(), row.measure().unit(), side, results.sides().getOrDefault(side, side).replace("\"", "\"\""),
                    figures.count(), figures.median(), figures.least(), figures.most(), row.reference().orElse(""),
                    row.ratio(side).map(ratio -> String.format(Locale.ROOT, "%.3f", ratio)).orElse(""))));
        }
        return text.toString();
    }

    /** An object of: about, sides, notes, and measures, a list. */
    static String json(Results results) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.useDefaultPrettyPrinter().writeStartObject();
            writeMap(json, "about", results.about());
            writeMap(json, "sides", results.sides());
            json.writeArrayFieldStart("notes");
            for (String note : results.notes()) {
                json.writeString(note);
            }
            json.writeEndArray();
            json.writeArrayFieldStart("measures");
            for (Row row : results.rows()) {
                write(json, row);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        return text + "\n";
    }

    private static void writeMap(JsonGenerator json, String name, Map<String, String> map) throws IOException {
        json.writeObjectFieldStart(name);
        for (Map.Entry<String, String> entry : map.entrySet()) {
            json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, Row row) throws IOException {
        json.writeStartObject();
        json.writeStringField("place", row.place());
        json.writeStringField("measure", row.measure().id());
        json.writeStringField("title", row.measure().title());
        json.writeStringField("unit", row.measure().unit());
        json.writeStringField("better", row.measure().isRate() ? "more" : "less");
        json.writeStringField("reference", row.reference().orElse(null));
        json.writeObjectFieldStart("sides");
        for (Map.Entry<String, Statistics> entry : row.figures().entrySet()) {
            Statistics figures = entry.getValue();
            json.writeObjectFieldStart(entry.getKey());
            json.writeNumberField("runs", figures.count());
            json.writeNumberField("median", figures.median());
            json.writeNumberField("least", figures.least());
            json.writeNumberField("most", figures.most());
            if (row.ratio(entry.getKey()).isPresent()) {
                json.writeNumberField("ratio", row.ratio(entry.getKey()).get());
            }
            json.writeEndObject();
        }
        json.writeEndObject();
        json.writeEndObject();
    }
}
