/**
 * Reads JSON into records in one go, by their {@linkplain io.vmm4j.core.json.Shape shapes}: request bodies, and configurations. What is wrong
 * with a body is said in the words and with the positions of serde_json, which Firecracker's clients know. Tokens come from Jackson's
 * streaming parser.
 */
package io.vmm4j.core.json;
