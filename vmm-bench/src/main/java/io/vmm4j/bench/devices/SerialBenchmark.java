package io.vmm4j.bench.devices;

import io.vmm4j.devices.serial.Serial16550;
import io.vmm4j.devices.serial.SerialSink;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a driver that writes with interrupts off does for each byte: LSR, then THR. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SerialBenchmark {

    private static final int THR = 0;
    private static final int LSR = 5;

    private long written;
    private final Serial16550 uart = new Serial16550(() -> { }, new SerialSink() {
        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void write(int octet) {
            written += octet;
        }
    });

    /** One byte out. */
    @Benchmark
    public long byteOut() {
        long status = uart.read(LSR, 1);
        uart.write(THR, 1, 'x');
        return status + written;
    }
}
