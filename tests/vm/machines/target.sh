# shellcheck shell=bash disable=SC2034  # read by machine_command
# The blank machine that they move to: nothing of the old hardware is left.
memory=512
disk_controller=virtio-blk
nics="virtio-net-pci=52:54:00:bb:00:01"
