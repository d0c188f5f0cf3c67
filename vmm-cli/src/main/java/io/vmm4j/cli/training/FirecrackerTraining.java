package io.vmm4j.cli.training;

import io.vmm4j.cli.Main;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Boots a guest by Firecracker's configuration file, then one by its API, as its clients do. One run; not thread-safe. */
final class FirecrackerTraining {

    private static final long CONNECT_MILLIS = 20_000;
    private static final long END_MILLIS = 20_000;
    private static final int ANSWER_MAX = 8192;

    private final Path directory;

    FirecrackerTraining(Path directory) {
        this.directory = directory;
    }

    /** Whether the guests have run to their ends. */
    boolean boot(Path kernel, Path disk) throws IOException, InterruptedException {
        String config = "{\"boot-source\": {\"kernel_image_path\": \"" + kernel + "\", \"boot_args\": \"console=ttyS0\"}, "
                + "\"drives\": [{\"drive_id\": \"rootfs\", \"path_on_host\": \"" + disk + "\", \"is_root_device\": true, \"is_read_only\": false}], "
                + "\"machine-config\": {\"vcpu_count\": 1, \"mem_size_mib\": 128}, \"entropy\": {}, \"balloon\": {\"amount_mib\": 0, "
                + "\"deflate_on_oom\": false}, \"vsock\": {\"guest_cid\": 3, \"uds_path\": \"" + directory.resolve("vsock") + "\"}}";
        Path file = Files.writeString(directory.resolve("config.json"), config);
        Main.rehearseFirecracker("--no-api", "--config-file", file.toString(), "--log-path", directory.resolve("file-log").toString());
        return bootByApi(kernel, disk);
    }

    private boolean bootByApi(Path kernel, Path disk) throws IOException, InterruptedException {
        Path socket = directory.resolve("api.sock");
        Thread door = new Thread(() -> Main.rehearseFirecracker("--api-sock", socket.toString(), "--id", "training",
                "--log-path", directory.resolve("log").toString(), "--metrics-path", directory.resolve("metrics").toString()), "main");
        door.setDaemon(true);
        door.start();
        try (SocketChannel client = connect(socket, door)) {
            request(client, "GET", "/version", "");
            request(client, "GET", "/", "");
            request(client, "PUT", "/logger", "{}");
            request(client, "PUT", "/machine-config", "{\"vcpu_count\": 1, \"mem_size_mib\": 128}");
            request(client, "PUT", "/boot-source", "{\"kernel_image_path\": \"" + kernel + "\", \"boot_args\": \"console=ttyS0\"}");
            request(client, "PUT", "/drives/rootfs", "{\"drive_id\": \"rootfs\", \"path_on_host\": \"" + disk
                    + "\", \"is_root_device\": true, \"is_read_only\": false}");
            request(client, "GET", "/vm/config", "");
            request(client, "PUT", "/network-interfaces/eth0", "{\"iface_id\": \"eth0\"}");
            if (!request(client, "PUT", "/actions", "{\"action_type\": \"InstanceStart\"}").startsWith("HTTP/1.1 204")) {
                return false;
            }
        }
        door.join(END_MILLIS);
        return !door.isAlive();
    }

    private static SocketChannel connect(Path socket, Thread door) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CONNECT_MILLIS);
        while (true) {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
                return channel;
            } catch (IOException e) {
                channel.close();
                if (!door.isAlive() || System.nanoTime() - end > 0) {
                    throw e;
                }
                Thread.sleep(1);
            }
        }
    }

    private static String request(SocketChannel client, String method, String path, String body) throws IOException {
        String length = body.isEmpty() ? "" : "Content-Type: application/json\r\nContent-Length: " + body.length() + "\r\n";
        String text = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n" + length + "\r\n" + body;
        client.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        ByteBuffer answer = ByteBuffer.allocate(ANSWER_MAX);
        client.read(answer);
        return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
    }
}
