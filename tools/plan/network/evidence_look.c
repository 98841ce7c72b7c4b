/* See evidence.h: the look itself. Who is asked for is what the guest's settings name: gateways, name servers, the hosts of /etc/hosts, the
 * guest's own addresses (the old server may be running still), and the first and the last address of each network, where routers stand. Where the
 * job gives an interface another address, it is the network of that one that it has to be in here, and the old one is not looked for. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/address.h"
#include "../../base/bytes.h"
#include "../../base/cleanup.h"
#include "../../base/root.h"
#include "../../hardware/wire.h"
#include "evidence.h"
#include "nic_called.h"
#include "readdress.h"

#define FILE_MAX (1u << 20)
#define QUESTIONS_MAX 160 /* at ten a second, so that each is asked in the time that there is */
#define HOSTS_MAX 32      /* of /etc/hosts */

struct looking {
    const struct plan_input *input;
    struct readdressed after; /* the guest's interfaces as they will be */
    struct wire_questions questions;
};

static void ask(struct looking *looking, uint32_t address, unsigned vlan)
{
    struct wire_questions *questions = &looking->questions;
    for (size_t i = 0; i < questions->count; i++)
        if (questions->items[i].address == address && questions->items[i].vlan == vlan)
            return;
    if (questions->count == QUESTIONS_MAX)
        return;
    questions->items = checked_grow(questions->items, questions->count + 1, sizeof *questions->items);
    questions->items[questions->count++] = (struct wire_question){address, vlan};
}

struct subnet {
    uint32_t first, last, own; /* in host order; the first is the network's own number, the last its broadcast address */
    unsigned vlan;
};

/* False for IPv6, and for networks of one or two addresses. */
static bool subnet_of(const struct guest_network *network, struct subnet *subnet)
{
    struct address address;
    if (!address_parse(network->address, &address) || address.family != AF_INET || address.bits > 30)
        return false;
    uint32_t host = UINT32_MAX >> address.bits, own = get_be32(address.bytes);
    *subnet = (struct subnet){own & ~host, own | host, own, network->vlan};
    return true;
}

static void ask_text(struct looking *looking, const struct subnet *subnet, const char *text)
{
    struct address address;
    if (!text || !address_parse(text, &address) || address.family != AF_INET)
        return;
    uint32_t number = get_be32(address.bytes);
    if (number > subnet->first && number < subnet->last)
        ask(looking, htonl(number), subnet->vlan);
}

/* "nameserver 10.0.2.3" of resolv.conf, "10.0.2.9 db1 db1.example.com" of hosts. */
static void read_addresses(int root_fd, const char *file, const char *key, struct strings *addresses)
{
    cleanup_free char *text = root_read(root_fd, file, FILE_MAX, NULL);
    const char *cursor = text ? text : "", *start;
    for (size_t length; addresses->count < HOSTS_MAX && next_line(&cursor, &start, &length);) {
        cleanup_free char *copy = checked_copy_bytes(start, length);
        char *rest = string_trim(copy), *word = strsep(&rest, " \t");
        if (key)
            word = rest && string_is(word, key) ? string_trim(rest) : "";
        if (*word && *word != '#')
            strings_add_new(addresses, word);
    }
}

/* `old` is the network as the old server has it. */
static void ask_for_network(struct looking *looking, const struct guest_network *network, const struct guest_network *old, const struct strings *named, unsigned round)
{
    struct subnet subnet;
    if (!subnet_of(network, &subnet))
        return;
    if (round == 0) {
        ask_text(looking, &subnet, network->gateway);
        ask_text(looking, &subnet, old->address);
        ask(looking, htonl(subnet.own), subnet.vlan);
    }
    for (size_t i = 0; round == 1 && i < named->count; i++)
        ask_text(looking, &subnet, named->items[i]);
    if (round == 2) {
        ask(looking, htonl(subnet.first + 1), subnet.vlan);
        ask(looking, htonl(subnet.last - 1), subnet.vlan);
    }
}

/* Gateways first, guesses last. */
static void make_questions(struct looking *looking)
{
    const struct guest *guest = looking->input->guest;
    const struct readdressed *after = &looking->after;
    cleanup_strings struct strings named = {0};
    read_addresses(guest->root_fd, "/etc/resolv.conf", "nameserver", &named);
    read_addresses(guest->root_fd, "/etc/hosts", NULL, &named);
    for (unsigned round = 0; round < 3; round++)
        for (size_t i = 0; i < after->count; i++)
            for (size_t j = 0; j < after->nics[i].network_count; j++)
                ask_for_network(looking, &after->nics[i].networks[j], &guest->nics[i].networks[j], &named, round);
    for (size_t i = 0; i < after->count; i++)
        looking->questions.dhcp |= after->nics[i].leases.count > 0;
}

/* Can its card be told by a wire, and does no MAC tell it already? */
static bool can_be_found(const struct plan_input *input, const struct guest_nic *nic)
{
    return (nic->network_count || nic->leases.count) && !nic_by_mac(input->hardware, nic->mac);
}

/* Is it to be looked for until it is found? */
static bool is_of_interest(const struct looking *looking, const struct guest_nic *nic)
{
    const struct plan_input *input = looking->input;
    for (size_t i = 0; i < input->nic_choice_count; i++)
        if (nic_is_called(&input->guest->nics[nic - looking->after.nics], input->nic_choices[i].old))
            return false;
    return can_be_found(input, nic);
}

static bool is_found(const struct looking *looking, const struct guest_nic *nic)
{
    const struct hardware *hardware = looking->input->hardware;
    for (size_t i = 0; i < hardware->nic_count; i++)
        if (evidence_for(nic, &hardware->nics[i]))
            return true;
    return false;
}

static bool tells_something(const struct looking *looking, const struct hardware_nic *card)
{
    for (size_t i = 0; i < looking->after.count; i++)
        if (is_of_interest(looking, &looking->after.nics[i]) && evidence_for(&looking->after.nics[i], card))
            return true;
    return false;
}

/* Every interface is found, and as many cards tell something: those of a bond have to do so each. Where there are as many cards as interfaces,
 * the last one is known when the others are. */
static bool is_enough(void *context)
{
    const struct looking *looking = context;
    const struct hardware *hardware = looking->input->hardware;
    size_t wanted = 0, missing = 0, telling = 0, spare = looking->after.count == hardware->nic_count;
    for (size_t i = 0; i < looking->after.count; i++) {
        bool is_wanted = is_of_interest(looking, &looking->after.nics[i]);
        wanted += is_wanted;
        missing += is_wanted && !is_found(looking, &looking->after.nics[i]);
    }
    for (size_t i = 0; i < hardware->nic_count; i++)
        telling += tells_something(looking, &hardware->nics[i]);
    return missing <= spare && telling + spare >= wanted;
}

bool evidence_is_wanted(const struct plan_input *input)
{
    bool is_wanted = false;
    for (size_t i = 0; i < input->guest->nic_count; i++)
        is_wanted |= can_be_found(input, &input->guest->nics[i]);
    for (size_t i = 0; i < input->hardware->nic_count; i++)
        is_wanted &= !input->hardware->nics[i].listened;
    return is_wanted && input->hardware->nic_count > 1;
}

int evidence_look(const struct plan_input *input, struct hardware *hardware, struct error *err)
{
    struct looking looking = {.input = input, .questions = {.enough = is_enough, .context = &looking}};
    readdress_nics(input->guest, input->address_changes, &looking.after);
    make_questions(&looking);
    int result = wire_look(hardware, &looking.questions, err);
    free(looking.questions.items);
    readdressed_free(&looking.after);
    return result;
}
