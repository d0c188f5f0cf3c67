package io.vmm4j.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vmm4j.core.control.MachineInfo;
import io.vmm4j.core.named.ListedMachine;
import io.vmm4j.core.named.RuntimeDirectory;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** {@code vmm ps}: the machines that have names. */
final class ListCommand {

    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final List<String> HEADINGS = List.of("NAME", "PID", "STATE", "VCPUS", "MEMORY", "UPTIME");
    private static final long SECOND = 1_000;

    private final PrintStream out;
    private final Consumer<String> errors;

    ListCommand(PrintStream out, Consumer<String> errors) {
        this.out = out;
        this.errors = errors;
    }

    ExitCode run(Arguments arguments) {
        try {
            List<ListedMachine> machines = ListedMachine.in(RuntimeDirectory.ofThisUser(), PATIENCE);
            if (arguments.isSet(CliOption.JSON)) {
                out.println(json(machines));
            } else {
                print(machines);
            }
            return ExitCode.OK;
        } catch (IOException e) {
            errors.accept(e.getMessage());
            return ExitCode.HOST_ERROR;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            errors.accept("interrupted");
            return ExitCode.HOST_ERROR;
        }
    }

    private static String json(List<ListedMachine> machines) throws IOException {
        JsonMapper mapper = new JsonMapper();
        ArrayNode list = mapper.createArrayNode();
        for (ListedMachine machine : machines) {
            if (machine.info() == null) {
                ObjectNode silent = list.addObject().put("name", machine.name());
                if (machine.pid() != 0) {
                    silent.put("pid", machine.pid());
                }
                silent.put("state", machine.state());
            } else {
                list.add(mapper.readTree(machine.info().json()));
            }
        }
        return list.toString();
    }

    private void print(List<ListedMachine> machines) {
        List<List<String>> rows = new ArrayList<>(List.of(HEADINGS));
        machines.forEach(machine -> rows.add(row(machine)));
        List<Integer> widths = IntStream.range(0, HEADINGS.size()).mapToObj(column -> rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0))
                .toList();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < row.size(); column++) {
                line.append(row.get(column)).append(" ".repeat(widths.get(column) - row.get(column).length() + 2));
            }
            out.println(line.toString().stripTrailing());
        }
    }

    private static List<String> row(ListedMachine machine) {
        MachineInfo info = machine.info();
        if (info == null) {
            return List.of(machine.name(), machine.pid() == 0 ? "-" : Long.toString(machine.pid()), machine.state(), "-", "-", "-");
        }
        return List.of(machine.name(), Long.toString(info.pid()), info.state(), Integer.toString(info.vcpuCount()), info.memSizeMib() + " MiB",
                uptime(info.uptimeMillis() / SECOND));
    }

    /** Such as {@code 5 s}, {@code 2 min}, {@code 3 h}, {@code 4 d}: the largest unit of which there are two. */
    static String uptime(long seconds) {
        if (seconds < 120) {
            return seconds + " s";
        }
        if (seconds < 7_200) {
            return seconds / 60 + " min";
        }
        return seconds < 172_800 ? seconds / 3_600 + " h" : seconds / 86_400 + " d";
    }
}
