/* Ethernet frames, as bytes: what they tell of the network that they are in, and the two questions that can be asked without having an
 * address. Pure; wire.c sends and receives. */
#ifndef REHOST_HARDWARE_WIRE_FRAME_H
#define REHOST_HARDWARE_WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hardware.h"

#define WIRE_MAC_BYTES 6
#define WIRE_FRAME_MAX 400 /* bytes of the longest question */

/* What a received frame tells; false when it tells nothing. `vlan` is the tag that the kernel has taken off already, 0: none. `mac` is our
 * own: what is addressed to it answers us. */
bool wire_frame_read(const uint8_t *frame, size_t length, unsigned vlan, const uint8_t mac[WIRE_MAC_BYTES], struct wire_sight *sight);
/* "Who has this address?", asked by nobody: an ARP probe (RFC 5227, 2.1.1), which no one takes for a claim. `address` in network order.
 * Its length. */
size_t wire_frame_probe(uint8_t frame[WIRE_FRAME_MAX], const uint8_t mac[WIRE_MAC_BYTES], unsigned vlan, uint32_t address);
/* "Which address would you give me?": DHCPDISCOVER (RFC 2131). What is offered is never asked for. Its length. */
size_t wire_frame_discover(uint8_t frame[WIRE_FRAME_MAX], const uint8_t mac[WIRE_MAC_BYTES], uint32_t transaction);

#endif
