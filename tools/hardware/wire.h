/* What network is behind each card of this machine: found out by listening, and by asking questions that claim no address. Only of the
 * machine that this runs on. */
#ifndef REHOST_HARDWARE_WIRE_H
#define REHOST_HARDWARE_WIRE_H

#include "hardware.h"

#define WIRE_SECONDS 20 /* the longest look: a switch with spanning tree lets nothing through before */

struct wire_questions {
    struct wire_question {
        uint32_t address; /* IPv4, in network order */
        unsigned vlan;    /* 0: without a tag */
    } *items;             /* each is asked on every card, again and again */
    size_t count;
    bool dhcp;            /* DHCP servers are asked what they would offer */
    /* Whether what was seen so far says enough. Asked after some seconds, when every question was asked. */
    bool (*enough)(void *context);
    void *context;
};

/* Brings every card up without an address, looks, sets those down again that were down, and adds what was seen to the cards of `hardware`, with
 * their links. A card that cannot be looked at is not `listened`. -1: nothing can be looked at, as without the right to. */
int wire_look(struct hardware *hardware, const struct wire_questions *questions, struct error *err);
/* Adds what was seen unless it is known already; false when there is no room. */
bool wire_add_sight(struct hardware_nic *nic, const struct wire_sight *sight);
/* "10.0.2.2 answers", "the VLAN 7 is there"; the caller's. */
char *wire_sight_words(const struct wire_sight *sight);
/* Adds the member "wire" to the object of a card. */
void wire_to_json(cJSON *object, const struct hardware_nic *nic);
/* "answered", for documents. */
const char *wire_kind_name(enum wire_kind kind);

#endif
