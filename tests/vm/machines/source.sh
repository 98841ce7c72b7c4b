# shellcheck shell=bash disable=SC2034  # read by machine_command
# The old server of the Debian guests: an LSI SCSI controller and an Intel NIC.
memory=512
disk_controller=lsi53c895a
nics="e1000=52:54:00:aa:00:01"
