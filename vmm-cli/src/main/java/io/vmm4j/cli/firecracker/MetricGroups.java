package io.vmm4j.cli.firecracker;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The groups of Firecracker's metrics with their fields, in the order of its lines; {@code NAME_agg} has three fields of its own. */
final class MetricGroups {

    /** Drives together; before it the group {@code block_ID} of each. */
    static final String BLOCK = "block";
    /** Interfaces together; before it the group {@code net_ID} of each. */
    static final String NET = "net";
    static final String LATENCIES = "latencies_us";
    static final String SIGNALS = "signals";

    /** What a field with this end has: shortest and longest since the start, and the sum. */
    static final String AGGREGATE = "_agg";
    static final List<String> AGGREGATE_FIELDS = List.of("min_us", "max_us", "sum_us");

    private static final Set<String> STORES = Set.of("api_server", LATENCIES, "seccomp", "vmm", SIGNALS);
    private static final Map<String, List<String>> GROUPS = new LinkedHashMap<>();

    static {
        group("api_server", "process_startup_time_us process_startup_time_cpu_us");
        group("balloon", "activate_fails inflate_count stats_updates_count stats_update_fails deflate_count event_fails free_page_report_count "
                + "free_page_report_freed free_page_report_fails free_page_hint_count free_page_hint_freed free_page_hint_fails");
        group(BLOCK, "activate_fails cfg_fails no_avail_buffer event_fails execute_fails invalid_reqs_count flush_count queue_event_count "
                + "rate_limiter_event_count update_count update_fails read_bytes write_bytes read_count write_count read_agg write_agg "
                + "rate_limiter_throttled_events io_engine_throttled_events remaining_reqs_count");
        group("deprecated_api", "deprecated_http_api_calls");
        group("get_api_requests", "instance_info_count machine_cfg_count mmds_count vmm_version_count hotplug_memory_count");
        group("i8042", "error_count missed_read_count missed_write_count read_count reset_count write_count");
        group("uart", "error_count flush_count missed_read_count missed_write_count read_count write_count rate_limiter_dropped_bytes");
        group(LATENCIES, "full_create_snapshot diff_create_snapshot load_snapshot pause_vm resume_vm vmm_full_create_snapshot "
                + "vmm_diff_create_snapshot vmm_load_snapshot vmm_pause_vm vmm_resume_vm");
        group("logger", "missed_metrics_count metrics_fails missed_log_count rate_limited_log_count");
        group("mmds", "rx_accepted rx_accepted_err rx_accepted_unusual rx_bad_eth rx_invalid_token rx_no_token rx_count tx_bytes tx_count "
                + "tx_errors tx_frames connections_created connections_destroyed");
        group(NET, "activate_fails cfg_fails no_rx_avail_buffer no_tx_avail_buffer event_fails rx_queue_event_count rx_event_rate_limiter_count "
                + "rx_rate_limiter_throttled rx_tap_event_count rx_bytes_count rx_packets_count rx_fails rx_count tap_read_fails tap_write_fails "
                + "tap_write_agg tx_bytes_count tx_malformed_frames tx_fails tx_count tx_packets_count tx_queue_event_count "
                + "tx_rate_limiter_event_count tx_rate_limiter_throttled tx_spoofed_mac_count tx_remaining_reqs_count");
        group("patch_api_requests", requests("drive network machine_cfg mmds hotplug_memory pmem"));
        group("put_api_requests", requests("actions boot_source drive logger machine_cfg cpu_cfg metrics network mmds vsock pmem serial hotplug_memory"));
        group("seccomp", "num_faults");
        group("vcpu", "exit_io_in exit_io_out exit_mmio_read exit_mmio_write failures kvmclock_ctrl_fails exit_io_in_agg exit_io_out_agg "
                + "exit_mmio_read_agg exit_mmio_write_agg");
        group("vmm", "panic_count");
        group(SIGNALS, "sigbus sigsegv sigxfsz sigxcpu sigpipe sighup sigill");
        group("vsock", "activate_fails cfg_fails rx_queue_event_fails tx_queue_event_fails ev_queue_event_fails muxer_event_fails conn_event_fails "
                + "rx_queue_event_count tx_queue_event_count rx_bytes_count tx_bytes_count rx_packets_count tx_packets_count conns_added "
                + "conns_killed conns_removed killq_resync tx_flush_fails tx_write_fails rx_read_fails");
        group("entropy", "activate_fails entropy_event_fails entropy_event_count entropy_bytes host_rng_fails entropy_rate_limiter_throttled "
                + "rate_limiter_event_count");
        group("pmem", "activate_fails cfg_fails event_fails queue_event_count rate_limiter_throttled_events rate_limiter_event_count");
        group("interrupts", "triggers config_updates");
        group("memory_hotplug", "activate_fails queue_event_fails queue_event_count plug_agg plug_count plug_bytes plug_fails unplug_agg "
                + "unplug_count unplug_bytes unplug_fails unplug_discard_fails unplug_all_agg unplug_all_count unplug_all_fails state_agg "
                + "state_count state_fails");
    }

    private MetricGroups() {
    }

    private static void group(String name, String fields) {
        GROUPS.put(name, List.of(fields.split(" ")));
    }

    private static String requests(String names) {
        List<String> fields = new ArrayList<>();
        for (String name : names.split(" ")) {
            fields.add(name + "_count");
            fields.add(name + "_fails");
        }
        return String.join(" ", fields);
    }

    /** Fields by group. */
    static Map<String, List<String>> all() {
        return GROUPS;
    }

    static boolean has(String group, String field) {
        return GROUPS.getOrDefault(group, List.of()).contains(field);
    }

    /** Whether a field is told as it is, not as what has been added since it was told last. */
    static boolean isStore(String group, String field) {
        return STORES.contains(group) && !field.equals("sigpipe") || field.endsWith(".min_us") || field.endsWith(".max_us");
    }
}
