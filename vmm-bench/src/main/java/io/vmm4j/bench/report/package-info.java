/** What the figures of side-by-side become: a table, a chart, and files for other programs. */
package io.vmm4j.bench.report;
