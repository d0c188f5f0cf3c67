/**
 * Reads request bodies into records, and says what is wrong with one in the words and with the positions of serde_json, which
 * Firecracker's clients know. Tokens come from Jackson's streaming parser.
 */
package io.vmm4j.api.json;
