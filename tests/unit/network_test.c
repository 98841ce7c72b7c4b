/* The guest's network settings, from each kind of file that may hold them. */
#include "fixture.h"

#include "guest/network.h"

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
    network_parse_interfaces(&network, "f", many.data, &sources);
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
        cmocka_unit_test(rubbish_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
