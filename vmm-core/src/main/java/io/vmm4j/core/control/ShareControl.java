package io.vmm4j.core.control;

import io.vmm4j.core.share.ShareServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * A shared folder's device of a running machine: folders of the host's appear below it, and go again. The guest sees them at its next look, and
 * knows nothing of a change before. Thread-safe.
 */
public final class ShareControl {

    private final String tag;
    /** Empty where a back end serves the folder. */
    private final Optional<ShareServer> server;

    /**
     * @param tag    as in the configuration
     * @param server what the guest sees
     */
    @SuppressWarnings("exports") // made by machines only
    public ShareControl(String tag, ShareServer server) {
        this(tag, Optional.of(server));
    }

    private ShareControl(String tag, Optional<ShareServer> server) {
        this.tag = Objects.requireNonNull(tag, "tag");
        this.server = server;
    }

    /** Of a folder that a vhost-user back end serves, and nobody here can change. */
    public static ShareControl served(String tag) {
        return new ShareControl(tag, Optional.empty());
    }

    private ShareServer server() {
        return server.orElseThrow(() -> new IllegalArgumentException("share \"" + tag + "\" is served by a vhost-user back end, which has its folder"));
    }

    /** The share's tag in the configuration. */
    public String tag() {
        return tag;
    }

    /**
     * Has a folder of the host's appear to the guest.
     *
     * @param folder   a directory
     * @param place    where in the share, as {@code /data}, below directories that are made for it; {@code /} for all of the share
     * @param readOnly whether the guest may change nothing in it
     * @throws IOException              when it cannot be opened
     * @throws IllegalArgumentException when there is something at {@code place}, or that is no absolute path, or a vhost-user back end serves the share
     * @throws IllegalStateException    when the machine has ended
     */
    public void mount(Path folder, String place, boolean readOnly) throws IOException {
        server().mount(Objects.requireNonNull(folder, "folder"), Objects.requireNonNull(place, "place"), readOnly);
    }

    /**
     * Takes the folder at {@code place} from the guest, which finds what it has open there closed.
     *
     * @throws IllegalArgumentException when there is none
     */
    public void unmount(String place) {
        server().unmount(Objects.requireNonNull(place, "place"));
    }
}
