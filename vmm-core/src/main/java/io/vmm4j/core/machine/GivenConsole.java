package io.vmm4j.core.machine;

import io.vmm4j.core.console.SerialConsole;
import io.vmm4j.core.console.SerialPort;
import io.vmm4j.core.host.MachineThreads;
import io.vmm4j.core.host.SlowWait;
import io.vmm4j.core.host.Threads;
import io.vmm4j.core.vcpu.VcpuEvents;
import io.vmm4j.devices.serial.SerialSink;
import java.util.List;

/**
 * A console of the embedder's, guarded: what it throws ends its machine under the console's name and reaches neither a vCPU nor
 * the loop. Output that a console which has failed would get is dropped. It is closed on a thread of its own, so that one which
 * blocks there keeps nothing else from its end.
 */
final class GivenConsole implements SerialConsole {

    private final GivenPart part;
    private final SerialConsole console;
    private final MachineThreads own;
    private final SerialSink output;
    /** Guarded by this. */
    private Thread closing;

    private GivenConsole(GivenPart part, SerialConsole console, MachineThreads own, SerialSink output) {
        this.part = part;
        this.console = console;
        this.own = own;
        this.output = new GivenSink(output);
    }

    /**
     * @param name for messages: {@code serial console}
     * @param key  under which it is refused
     * @param own  counts the thread that closes it
     * @throws GivenPartException when it has no output
     */
    static GivenConsole of(String name, String key, SerialConsole console, VcpuEvents events, MachineThreads own) {
        GivenPart part = new GivenPart(name, key, events);
        SerialSink output;
        try {
            output = console.output();
        } catch (Throwable e) {
            throw part.refused("output()", e);
        }
        if (output == null) {
            throw part.refused("output() is null");
        }
        return new GivenConsole(part, console, own, output);
    }

    @Override
    public SerialSink output() {
        return output;
    }

    /** @throws GivenPartException when it refuses */
    @Override
    public void attach(SerialPort port) {
        try {
            console.attach(port);
        } catch (Throwable e) {
            throw part.refused("attach()", e);
        }
    }

    /** Has the console close, without waiting for it. A second call does nothing. */
    synchronized void beginClose() {
        if (closing != null) {
            return;
        }
        closing = new Thread(this::closeGiven, "console-close");
        closing.setDaemon(true);
        own.add(closing, MachineThreads.Role.CONSOLE);
        try {
            closing.start();
        } catch (OutOfMemoryError e) {
            closeGiven(); // better here than not at all
        }
    }

    private void closeGiven() {
        try {
            console.close();
        } catch (Throwable e) {
            part.failedToEnd("close()", e);
        }
    }

    /** Waits until the console is closed; says in the log when that takes long. */
    @Override
    public void close() {
        beginClose();
        Thread thread;
        synchronized (this) {
            thread = closing;
        }
        new SlowWait("the end of the " + part.name(), () -> List.of(thread)).await(millis -> Threads.joinUninterruptibly(thread, millis));
    }

    /** On vCPU threads, or the event loop. */
    private final class GivenSink implements SerialSink {

        private final SerialSink sink;

        GivenSink(SerialSink sink) {
            this.sink = sink;
        }

        @Override
        public boolean hasRoom() {
            if (part.hasFailed()) {
                return true;
            }
            try {
                return sink.hasRoom();
            } catch (Throwable e) {
                part.failed("output().hasRoom()", e);
                return true;
            }
        }

        @Override
        public void write(int octet) {
            if (part.hasFailed()) {
                return;
            }
            try {
                sink.write(octet);
            } catch (Throwable e) {
                part.failed("output().write()", e);
            }
        }
    }
}
