package io.vmm4j.core.memory;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What a handler of page faults is told of a machine's RAM, as Firecracker tells it: JSON, in one message with the userfaultfd.
 *
 * <pre>
 *   [{"base_host_virt_addr":140187732541440,"size":134217728,"offset":0,"page_size":4096,"page_size_kib":4096}]
 * </pre>
 *
 * <p>{@code page_size_kib} is in bytes, as at Firecracker, which has it for handlers of before it had {@code page_size}.
 */
final class HandlerMessage {

    private HandlerMessage() {
    }

    /**
     * The message.
     *
     * @param address  of byte 0 of the RAM in this process
     * @param regions  of the RAM; they are behind each other in this process and in the memory file
     * @param pageSize bytes that are brought in at once
     */
    static ByteBuffer of(long address, List<RamHistory.Slot> regions, int pageSize) {
        StringBuilder json = new StringBuilder("[");
        for (RamHistory.Slot region : regions) {
            json.append(json.length() == 1 ? "" : ",").append("{\"base_host_virt_addr\":").append(address + region.offset())
                    .append(",\"size\":").append(region.length()).append(",\"offset\":").append(region.offset())
                    .append(",\"page_size\":").append(pageSize).append(",\"page_size_kib\":").append(pageSize).append('}');
        }
        byte[] bytes = json.append(']').toString().getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }
}
