package io.vmm4j.api.http;

/** The methods that the API knows; the names are those on the wire. */
public enum ApiMethod {
    GET("Get"), PUT("Put"), PATCH("Patch"), DELETE("Delete");

    private final String logName;

    ApiMethod(String logName) {
        this.logName = logName;
    }

    /** The name in Firecracker's log lines. */
    public String logName() {
        return logName;
    }

    /** The method of that name, or {@code null}. */
    static ApiMethod of(String name) {
        return switch (name) {
            case "GET" -> GET;
            case "PUT" -> PUT;
            case "PATCH" -> PATCH;
            case "DELETE" -> DELETE;
            default -> null;
        };
    }
}
