/* What drivers match that distributions build into their kernels. Up to 6.17 a kernel tells no aliases of what is built
 * in (modules.builtin.modinfo has all but those), so a kernel with CONFIG_VIRTIO_PCI=y, as Debian 13 has it, would seem to
 * know no virtio. Each row counts only where modules.builtin names the driver. The patterns are the drivers' own. */
#ifndef REHOST_GUEST_KERNEL_BUILTIN_ALIASES_H
#define REHOST_GUEST_KERNEL_BUILTIN_ALIASES_H

static const struct builtin_alias {
    const char *driver, *pattern;
} builtin_aliases[] = {
    {"virtio_pci", "pci:v00001AF4d*sv*sd*bc*sc*i*"},
    {"virtio_net", "virtio:d00000001v*"},
    {"virtio_blk", "virtio:d00000002v*"},
    {"virtio_scsi", "virtio:d00000008v*"},
    {"ahci", "pci:v*d*sv*sd*bc01sc06i01*"},
    {"nvme", "pci:v*d*sv*sd*bc01sc08i02*"},
    {"ata_piix", "pci:v00008086d00007010sv*sd*bc*sc*i*"}, /* QEMU's i440FX */
    {"ata_piix", "pci:v00008086d00007111sv*sd*bc*sc*i*"}, /* VMware's and Hyper-V's IDE */
    {"ata_generic", "pci:v*d*sv*sd*bc01sc01i*"},
    {"sym53c8xx", "pci:v00001000d00000012sv*sd*bc*sc*i*"}, /* QEMU's lsi53c895a */
    {"mptspi", "pci:v00001000d00000030sv*sd*bc*sc*i*"},
    {"mptsas", "pci:v00001000d00000054sv*sd*bc*sc*i*"},
    {"vmw_pvscsi", "pci:v000015ADd000007C0sv*sd*bc*sc*i*"},
    {"vmxnet3", "pci:v000015ADd000007B0sv*sd*bc*sc*i*"},
    {"e1000", "pci:v00008086d0000100Esv*sd*bc*sc*i*"},
    {"e1000", "pci:v00008086d0000100Fsv*sd*bc*sc*i*"},
    {"e1000e", "pci:v00008086d000010D3sv*sd*bc*sc*i*"},
    {"hv_storvsc", "vmbus:d96361baa104294db60572e2ffb1dc7f*"},
    {"hv_storvsc", "vmbus:32264132cb86a2449b5c50d1417354f5*"},
    {"hv_netvsc", "vmbus:635161f83edfc546913ff2d2f965ed0e*"},
    {"xen_blkfront", "xen:vbd"},
    {"xen_netfront", "xen:vif"},
    {"sd_mod", "scsi:t-0x00*"},
    {"xhci_pci", "pci:v*d*sv*sd*bc0Csc03i30*"},
    {"ehci_pci", "pci:v*d*sv*sd*bc0Csc03i20*"},
    {"ohci_pci", "pci:v*d*sv*sd*bc0Csc03i10*"},
    {"uhci_hcd", "pci:v*d*sv*sd*bc0Csc03i00*"},
    {"usb_storage", "usb:v*p*d*dc*dsc*dp*ic08isc06ip50in*"},
    {"uas", "usb:v*p*d*dc*dsc*dp*ic08isc06ip62in*"},
};

#endif
