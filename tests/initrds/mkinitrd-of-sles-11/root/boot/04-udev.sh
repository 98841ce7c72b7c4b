#!/bin/bash
#%stage: boot
#%depends: start dm
#%dontshow
/sbin/udevd --daemon
/sbin/udevadm trigger --action=add
