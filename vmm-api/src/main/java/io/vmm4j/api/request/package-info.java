/** What the API's requests ask for: the paths, the bodies, and what is wrong with a request before anybody has tried it. */
package io.vmm4j.api.request;
