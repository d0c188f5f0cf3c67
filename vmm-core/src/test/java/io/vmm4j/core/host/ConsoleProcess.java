package io.vmm4j.core.host;

import java.util.concurrent.CountDownLatch;

/** A process with a console on its standard input and output and a guest that waits for the key q. */
final class ConsoleProcess {
    private static final int FLOOD = 1 << 20;

    private ConsoleProcess() {
    }

    /** @param args {@code wait}; {@code throw}: ends by an exception at q; {@code flood}: prints a lot first */
    public static void main(String[] args) throws Exception {
        CountDownLatch quit = new CountDownLatch(1);
        RecordingPort port = new RecordingPort() {
            @Override
            public void send(byte[] data, int offset, int length) {
                for (int i = offset; i < offset + length; i++) {
                    if (data[i] == 'q') {
                        quit.countDown();
                    }
                }
            }
        };
        StdioConsole console = new StdioConsole();
        console.attach(port);
        print(console, port, "ready");
        if (args[0].equals("flood")) {
            print(console, port, "x".repeat(FLOOD));
        }
        quit.await();
        if (args[0].equals("throw")) {
            throw new IllegalStateException("the exception of the test");
        }
        console.close();
    }

    private static void print(StdioConsole console, RecordingPort port, String text) throws InterruptedException {
        for (int i = 0; i < text.length(); i++) {
            while (!console.output().hasRoom()) {
                port.awaitReady();
            }
            console.output().write(text.charAt(i));
        }
    }
}
