package io.vmm4j.core.host;

/**
 * The old name of {@link io.vmm4j.core.console.CapturedConsole}.
 *
 * @deprecated use {@link io.vmm4j.core.console.CapturedConsole#create()}
 */
@Deprecated(since = "0.1.0")
public final class CapturedConsole extends io.vmm4j.core.console.CapturedConsole {

    CapturedConsole() {
        super(DEFAULT_LIMIT);
    }
}
