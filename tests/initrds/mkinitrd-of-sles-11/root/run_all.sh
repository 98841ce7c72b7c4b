[ "$debug" ] && echo preping 01-devfunctions.sh

[ "$debug" ] && echo running 01-devfunctions.sh
source boot/01-devfunctions.sh
[ "$modules" ] && load_modules
[ "$debug" ] && echo preping 02-start.sh
[ "$build_day" ] || build_day='20150803'
[ "$rootdev" ] || rootdev='/dev/disk/by-id/scsi-36000c29-part2'
[ "$RESOLVED_INITRD_MODULES" ] || RESOLVED_INITRD_MODULES='sd_mod ext4'

modules=" $RESOLVED_INITRD_MODULES"
[ "$debug" ] && echo running 02-start.sh
source boot/02-start.sh
[ "$modules" ] && load_modules
[ "$debug" ] && echo preping 04-udev.sh
[ "$udev_timeout" ] || udev_timeout='30'

[ "$debug" ] && echo running 04-udev.sh
source boot/04-udev.sh
[ "$modules" ] && load_modules
[ "$debug" ] && echo preping 05-kms.sh
if [  "$kms_modules" ]; then
modules=" $kms_modules"
[ "$debug" ] && echo running 05-kms.sh
source boot/05-kms.sh
[ "$modules" ] && load_modules
fi
