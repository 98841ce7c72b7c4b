/* The guest's network settings, from each kind of file that may hold them. */
#include "fixture.h"

#include "guest/network/network.h"

static const struct guest_nic *nic_named(const struct network *network, const char *name)
{
    for (size_t i = 0; i < network->count; i++)
        if (string_is(network->nics[i].nic.name, name))
            return &network->nics[i].nic;
    fail_msg("there is no interface %s", name);
    return NULL;
}

static const struct network_nic *entry_named(const struct network *network, const char *name)
{
    for (size_t i = 0; i < network->count; i++)
        if (string_is(network->nics[i].nic.name, name))
            return &network->nics[i];
    fail_msg("there is no interface %s", name);
    return NULL;
}

static void assert_addresses(const struct guest_nic *nic, const char *expected)
{
    cleanup_free char *addresses = strings_join(&nic->addresses, " ");
    assert_string_equal(addresses, expected);
}

static void macs_are_read_in_every_form(void **state)
{
    (void)state;
    static const char *const forms[] = {"52:54:00:AA:00:01", "52-54-00-aa-00-01", "5254.00aa.0001"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        cleanup_free char *mac = network_mac(forms[i]);
        assert_string_equal(mac, "52:54:00:aa:00:01");
    }
    assert_null(network_mac("52:54:00:aa:00"));
    assert_null(network_mac("52:54:00:aa:00:01:02"));
    assert_null(network_mac("random"));
    assert_null(network_mac("?*"));
}

static void netmasks_are_counted(void **state)
{
    (void)state;
    assert_int_equal(network_prefix_length("255.255.255.0"), 24);
    assert_int_equal(network_prefix_length("255.255.240.0"), 20);
    assert_int_equal(network_prefix_length("0.0.0.0"), 0);
    assert_int_equal(network_prefix_length("64"), 64);
    assert_int_equal(network_prefix_length("255.0.255.0"), -1);
    assert_int_equal(network_prefix_length(""), -1);
}

static void a_udev_rule_binds_a_name_to_a_mac(void **state)
{
    (void)state;
    struct network network = {0};
    network_parse_udev_rules(&network, "70",
                             "# PCI device NAME=\"no\" ATTR{address}==\"52:54:00:aa:00:09\"\n"
                             "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", ATTR{address}==\"52:54:00:AA:00:01\", ATTR{dev_id}==\"0x0\", KERNEL==\"eth*\", NAME=\"lan0\"\n"
                             "SUBSYSTEM==\"net\",SYSFS{address}==\"52:54:00:aa:00:02\",NAME:=\"wan0\"\n"
                             "SUBSYSTEM==\"block\", ATTR{address}==\"52:54:00:aa:00:03\", NAME=\"disk\"\n"
                             "SUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:aa:00:04\", NAME=\"eth%n\"\n"
                             "SUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:aa:00:05, NAME=\n"
                             "\"\"\"\"\" , == = NAME\n");
    assert_int_equal(network.count, 2);
    assert_string_equal(nic_named(&network, "lan0")->mac, "52:54:00:aa:00:01");
    assert_string_equal(nic_named(&network, "wan0")->mac, "52:54:00:aa:00:02");
    assert_false(entry_named(&network, "lan0")->has_settings);
    network_free(&network);
}

static void a_link_file_binds_a_name_to_a_mac(void **state)
{
    (void)state;
    struct network network = {0};
    network_parse_link(&network, "a.link", "[Match]\nPermanentMACAddress=52:54:00:aa:00:01 52:54:00:aa:00:02\n\n[Link]\nName=lan0\n");
    network_parse_link(&network, "b.link", "[Match]\nPath=pci-0000:00:03.0\n[Link]\nName=wan0\n");
    network_parse_link(&network, "c.link", "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep kernel\n");
    assert_int_equal(network.count, 2);
    assert_string_equal(nic_named(&network, "lan0")->mac, "52:54:00:aa:00:01");
    assert_null(nic_named(&network, "wan0")->mac);
    network_free(&network);
}

static void interfaces_are_read_as_ifupdown_does(void **state)
{
    (void)state;
    struct network network = {0};
    cleanup_strings struct strings sources = {0};
    network_parse_interfaces(&network, "/etc/network/interfaces",
                             "source /etc/network/interfaces.d/*\nauto lo eth0\niface lo inet loopback\n# iface x inet dhcp\n"
                             "iface eth0 inet static\n\taddress 10.0.2.77\n\tnetmask 255.255.255.0\n\tgateway \\\n 10.0.2.2\n"
                             "iface eth0 inet6 static\n address 2001:db8::7\n netmask 64\n"
                             "iface eth0:1 inet static\n address 10.0.2.78/24\n"
                             "allow-hotplug eth1\niface eth1 inet dhcp\n hwaddress ether 52:54:00:AA:00:07\n"
                             "iface br0 inet static\n address 10.9.0.1/16\n bridge_ports eth2 eth3.7\n"
                             "iface eth0.100 inet manual\n",
                             &sources);
    assert_addresses(nic_named(&network, "eth0"), "10.0.2.77/24 2001:db8::7/64 10.0.2.78/24");
    assert_string_equal(nic_named(&network, "eth0")->gateway, "10.0.2.2");
    assert_addresses(nic_named(&network, "eth1"), "dhcp");
    assert_string_equal(nic_named(&network, "eth1")->mac, "52:54:00:aa:00:07");
    assert_true(nic_named(&network, "eth1")->sets_mac);
    assert_true(entry_named(&network, "br0")->is_virtual);
    assert_true(entry_named(&network, "eth0.100")->is_virtual);
    assert_true(entry_named(&network, "eth2")->has_settings);
    assert_int_equal(sources.count, 1);
    assert_string_equal(sources.items[0], "/etc/network/interfaces.d/*");
    network_free(&network);
}

static void networkd_settings_join_the_link_that_names_the_card(void **state)
{
    (void)state;
    struct network network = {0};
    network_parse_link(&network, "10.link", "[Match]\nMACAddress=52:54:00:aa:00:01\n[Link]\nName=lan0\n");
    network_parse_networkd(&network, "20.network", "[Match]\nMACAddress=52:54:00:aa:00:01\n\n[Network]\nAddress=10.0.2.77/24\nGateway=10.0.2.2\n");
    network_parse_networkd(&network, "30.network", "[Match]\nName=wan0\n[Network]\nDHCP=yes\n[Address]\nAddress=10.1.0.1/24\n[Route]\nGateway=10.1.0.254\n");
    network_parse_networkd(&network, "40.network", "[Match]\nName=wan0\n[Network]\nAddress=1.2.3.4/8\n");
    network_parse_networkd(&network, "50.network", "[Match]\nType=ether\n[Network]\nDHCP=ipv4\n");
    network_parse_networkd(&network, "60.network", "[Match]\nKind=bridge\nName=br0\n[Network]\nAddress=1.2.3.4/8\n");
    assert_int_equal(network.count, 3);
    assert_addresses(nic_named(&network, "lan0"), "10.0.2.77/24");
    assert_string_equal(nic_named(&network, "lan0")->gateway, "10.0.2.2");
    assert_addresses(nic_named(&network, "wan0"), "dhcp dhcp6 10.1.0.1/24");
    assert_string_equal(nic_named(&network, "wan0")->gateway, "10.1.0.254");
    assert_addresses(nic_named(&network, "*"), "dhcp");
    network_free(&network);
}

static void what_a_netdev_file_makes_is_no_card(void **state)
{
    (void)state;
    struct network network = {0};
    network_parse_netdev(&network, "br0.netdev", "[NetDev]\nName=br0\nKind=bridge\n");
    network_parse_networkd(&network, "br0.network", "[Match]\nName=br0\n[Network]\nDHCP=yes\n");
    assert_true(entry_named(&network, "br0")->is_virtual);
    network_free(&network);
}

static void names_given_in_two_steps_are_bound_to_the_card(void **state)
{
    (void)state;
    struct network network = {0};
    network_parse_udev_rules(&network, "79", "SUBSYSTEM==\"net\", ATTR{address}==\"52:54:00:aa:00:01\", NAME=\"rehost0\"\n");
    network_parse_names(&network, "names", "link set dev rehost0 name eth3\nlink set dev rehost9 name eth4\nlink set dev a/b name eth5\nlink set dev rehost0 name\n");
    assert_string_equal(nic_named(&network, "eth3")->mac, "52:54:00:aa:00:01");
    for (size_t i = 0; i < network.count; i++)
        assert_false(string_is(network.nics[i].nic.name, "eth4") || string_is(network.nics[i].nic.name, "eth5"));
    network_free(&network);
}

static void what_stands_on_a_card_tells_its_addresses(void **state)
{
    (void)state;
    struct network network = {0};
    cleanup_strings struct strings sources = {0};
    network_parse_interfaces(&network, "f", "iface bond0 inet manual\n bond-slaves eth0 eth1\niface bond0.7 inet manual\niface br0 inet static\n address 10.9.0.1/16\n bridge_ports bond0.7\n",
                             &sources);
    network_parse_interfaces(&network, "f", "iface a inet static\n address 10.1.0.1/16\n bridge_ports b\niface b inet static\n address 10.2.0.1/16\n bridge_ports a eth2\n", &sources);
    network_settle_uppers(&network);
    const char *const cards[] = {"eth0", "eth1"};
    for (size_t i = 0; i < 2; i++) {
        const struct guest_nic *nic = nic_named(&network, cards[i]);
        assert_int_equal(nic->carries.count, 1);
        assert_string_equal(nic->carries.items[0], "10.9.0.1/16 on br0");
        assert_true(nic->in_bridge);
    }
    assert_int_equal(nic_named(&network, "eth2")->carries.count, 2); /* in a circle, and told once each */
    assert_true(entry_named(&network, "bond0")->is_virtual && entry_named(&network, "bond0.7")->is_virtual && entry_named(&network, "br0")->is_virtual);
    network_free(&network);
}

static void ifcfg_files_are_read_as_a_shell_would(void **state)
{
    (void)state;
    struct network network = {0};
    network_parse_ifcfg(&network, "/etc/sysconfig/network-scripts/ifcfg-office",
                        "DEVICE=\"eth0\"\nexport HWADDR='00:50:56:AA:00:01' # the LAN\nIPADDR=10.0.0.1\nIPADDR=10.0.0.2 # this one\nNETMASK=255.255.255.0\nIPADDR2=10.0.0.3\nPREFIX2=25\nGATEWAY=\nTYPE=ethernet\n");
    network_parse_ifcfg(&network, "/etc/sysconfig/network-scripts/ifcfg-unused", "DEVICE=eth1\nONBOOT=no\nHWADDR=00:50:56:AA:00:02\n");
    network_parse_ifcfg(&network, "/etc/sysconfig/network-scripts/ifcfg-gre", "DEVICE=gre1\nTYPE=GRE\n");
    network_parse_ifcfg(&network, "/etc/sysconfig/network-scripts/ifcfg-Profile", "HWADDR=00:50:56:AA:00:03\nBOOTPROTO=dhcp\n");
    network_parse_ifcfg(&network, "/etc/sysconfig/network/ifcfg-vlan9", "ETHERDEVICE='eth5'\nIPADDR='10.19.0.1'\nPREFIXLEN='16'\nVLAN_ID='9'\n");
    network_settle_uppers(&network);
    const struct guest_nic *eth0 = nic_named(&network, "eth0");
    assert_string_equal(eth0->mac, "00:50:56:aa:00:01");
    assert_addresses(eth0, "10.0.0.1/24 10.0.0.2/24 10.0.0.3/25");
    assert_null(eth0->gateway);
    assert_false(entry_named(&network, "eth1")->has_settings);
    assert_true(entry_named(&network, "gre1")->is_virtual);
    assert_string_equal(nic_named(&network, "eth5")->carries.items[0], "10.19.0.1/16 on vlan9");
    for (size_t i = 0; i < network.count; i++)
        if (string_is(network.nics[i].nic.mac, "00:50:56:aa:00:03"))
            assert_null(network.nics[i].nic.name);
    network_free(&network);
}

static void a_name_that_is_none_is_not_taken_over(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "..", "eth0/../../x", "a\"b", "a b", "name-longer-than-fifteen", "a$b", "a\nb", "a=b", "eth0:1"};
    static const char *const good[] = {"eth0", "enp0s31f6", "eth0.100", "en*", "enx525400aa0001", "br-lan", "lan_0", "!veth*"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(network_is_name(bad[i]));
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(network_is_name(good[i]));
}

static void dhcp_clients_tell_the_last_address(void **state)
{
    (void)state;
    struct fixture fixture;
    struct guest_nic nics[4] = {{.name = "eth0"}, {.name = "eth1"}, {.name = "eth2"}, {.name = NULL}};
    char packet[300] = {2, 1, 6, 0, [16] = 10, 3, 2, 1};
    fixture_empty(&fixture);
    fixture_put(&fixture, "var/lib/dhcp/dhclient.leases", "lease {\n interface \"eth0\";\n fixed-address 10.1.0.1;\n}\nlease {\n  interface \"eth0\";\n  fixed-address 10.1.0.2;\n}\n");
    fixture_put(&fixture, "var/lib/NetworkManager/internal-2f1b2c3d-0000-4000-8000-000000000001-eth1.lease", "# private\nADDRESS=10.2.0.1\n");
    fixture_put(&fixture, "var/lib/NetworkManager/internal-short.lease", "ADDRESS=10.2.0.9\n");
    fixture_put(&fixture, "var/lib/wicked/lease-eth1-dhcp-ipv4.xml", "<local>no address</local>");
    fixture_put_bytes(&fixture, "var/lib/dhcpcd/eth2.lease", packet, sizeof packet, 0644);
    fixture_put_bytes(&fixture, "var/lib/dhcpcd/eth0.lease", packet, 20, 0644); /* cut off */
    int root_fd = open(fixture.root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    network_read_leases(root_fd, nics, 4);
    close(root_fd);
    static const char *const expected[] = {"10.1.0.2", "10.2.0.1", "10.3.2.1"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(nics[i].leases.count, 1);
        assert_string_equal(nics[i].leases.items[0], expected[i]);
        strings_free(&nics[i].leases);
    }
    assert_int_equal(nics[3].leases.count, 0);
    fixture_end(&fixture);
}

static void yaml_that_is_none_or_nothing_like_netplan_is_left(void **state)
{
    (void)state;
    static const char *const texts[] = {"network: [", "network: {ethernets: [a, b]}", "- network", "", "network: {ethernets: {eth0: null, ? [a] : b, c: {match: x, addresses: {a: b}}}}",
                                        "a: &a [*a]\nnetwork: {ethernets: {x/y: {dhcp4: yes}}}", "\xef\xbb\xbfnetwork: {ethernets: {eth1: {}}}", "network: {ethernets: {\"eth\\0\": {}}}"};
    struct network network = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        network_parse_netplan(&network, "f", texts[i]);
    assert_int_equal(network.count, 1);
    assert_string_equal(network.nics[0].nic.id, "c");
    network_free(&network);
}

static void rubbish_does_no_harm(void **state)
{
    (void)state;
    struct network network = {0};
    cleanup_strings struct strings sources = {0};
    cleanup_text struct text rubbish = {0}, many = {0};
    for (unsigned i = 0; i < 300000; i++)
        text_append_bytes(&rubbish, (const char[]){"\"=[]\n \tMatchNAME{address}iface\\:#,"[i * 7919u / 11u % 34u]}, 1);
    for (unsigned i = 0; i < 20000; i++)
        text_printf(&many, "iface eth%u inet dhcp\n", i);
    network_parse_udev_rules(&network, "f", rubbish.data);
    network_parse_link(&network, "f", rubbish.data);
    network_parse_interfaces(&network, "f", rubbish.data, &sources);
    network_parse_networkd(&network, "f", rubbish.data);
    network_parse_netdev(&network, "f", rubbish.data);
    network_parse_ifcfg(&network, "/etc/sysconfig/network/ifcfg-x", rubbish.data);
    network_parse_keyfile(&network, "f", rubbish.data);
    network_parse_netplan(&network, "f", rubbish.data);
    network_parse_interfaces(&network, "f", many.data, &sources);
    for (unsigned i = 0; i < 1000; i++) {
        cleanup_free char *stacked = checked_printf("iface br%u inet manual\n address 10.0.0.%u\n bridge_ports br%u br%u br%u eth%u\n", i, i, i * 7 % 999, i * 11 % 999, i * 13 % 999, i);
        network_parse_interfaces(&network, "f", stacked, &sources);
    }
    network_settle_uppers(&network);
    assert_true(network.count <= 1024);
    network_free(&network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(macs_are_read_in_every_form),
        cmocka_unit_test(netmasks_are_counted),
        cmocka_unit_test(a_udev_rule_binds_a_name_to_a_mac),
        cmocka_unit_test(a_link_file_binds_a_name_to_a_mac),
        cmocka_unit_test(interfaces_are_read_as_ifupdown_does),
        cmocka_unit_test(networkd_settings_join_the_link_that_names_the_card),
        cmocka_unit_test(what_a_netdev_file_makes_is_no_card),
        cmocka_unit_test(names_given_in_two_steps_are_bound_to_the_card),
        cmocka_unit_test(what_stands_on_a_card_tells_its_addresses),
        cmocka_unit_test(ifcfg_files_are_read_as_a_shell_would),
        cmocka_unit_test(a_name_that_is_none_is_not_taken_over),
        cmocka_unit_test(dhcp_clients_tell_the_last_address),
        cmocka_unit_test(yaml_that_is_none_or_nothing_like_netplan_is_left),
        cmocka_unit_test(rubbish_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
