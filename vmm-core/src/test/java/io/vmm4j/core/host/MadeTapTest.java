package io.vmm4j.core.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The addresses of a tap that is made, on hosts with these routes. */
class MadeTapTest {

    private static final String HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";

    private static HostNetworks routes(String... destinationsAndMasks) {
        List<String> lines = new ArrayList<>(List.of(HEAD));
        for (String route : destinationsAndMasks) {
            String[] words = route.split("/");
            lines.add("eth0\t" + words[0] + "\t0102A8C0\t0003\t0\t0\t0\t" + words[1] + "\t0\t0\t0");
        }
        return HostNetworks.of(lines);
    }

    @Test
    void theDefaultRouteAndNetworksElsewhereAreNotInTheWay() throws Exception {
        assertEquals(0x0AD5_0008, MadeTap.free(routes("00000000/00000000", "0000A8C0/0000FFFF"), 8));
    }

    @Test
    void aRouteToOneOfItsAddressesOrToAllOfThemHasItTakeOthers() throws Exception {
        for (String route : List.of("0A00D50A/FFFFFFFF", "0000000A/000000FF", "0800D50A/FCFFFFFF")) {
            assertEquals(0xAC1D_0008, MadeTap.free(routes(route), 8), route);
        }
        assertEquals(0x0AD5_000C, MadeTap.free(routes("0A00D50A/FFFFFFFF"), 12), "the next tap's are free");
    }

    @Test
    void aRouteToHalfOfAllThereIsIsNotInTheWay() throws Exception {
        assertEquals(0x0AD5_0008, MadeTap.free(routes("00000000/00000080", "00000080/00000080", "00000008/000000F8"), 8));
    }

    @Test
    void aHostThatUsesAllIsToldWhich() {
        String said = assertThrows(IOException.class, () -> MadeTap.free(routes("0000000A/000000FF", "000010AC/0000F0FF"), 4)).getMessage();
        assertTrue(said.contains("10.213.0.4/30 and 172.29.0.4/30"), said);
    }

    @Test
    void theHostsOwnAddressesAreKnown() throws Exception {
        assertTrue(HostNetworks.read().has(0x7F00_0000, 30), "the loopback's");
    }
}
