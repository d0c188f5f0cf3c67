package io.vmm4j.core.host;

/**
 * The old name of {@link io.vmm4j.core.console.SerialPort}, for consoles written before it moved.
 *
 * @deprecated use {@link io.vmm4j.core.console.SerialPort}
 */
@Deprecated(since = "0.1.0")
public interface SerialPort extends io.vmm4j.core.console.SerialPort {

    /** {@code port} under its old name. */
    static SerialPort of(io.vmm4j.core.console.SerialPort port) {
        return new SerialPort() {
            @Override
            public void send(byte[] data, int offset, int length) throws InterruptedException {
                port.send(data, offset, length);
            }

            @Override
            public void outputReady() {
                port.outputReady();
            }

            @Override
            public boolean hasWindow() {
                return port.hasWindow();
            }

            @Override
            public void resize(int columns, int rows) {
                port.resize(columns, rows);
            }

            @Override
            public void clientChanged(boolean connected) {
                port.clientChanged(connected);
            }

            @Override
            public void own(Thread thread) {
                port.own(thread);
            }

            @Override
            public void requireMayWait(String call) {
                port.requireMayWait(call);
            }

            @Override
            public String name() {
                return port.name();
            }

            @Override
            public void failed(String call, Throwable thrown) {
                port.failed(call, thrown);
            }

            @Override
            public void requestStop(String why) {
                port.requestStop(why);
            }
        };
    }
}
