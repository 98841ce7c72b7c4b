# shellcheck shell=bash disable=SC2154  # sourced by build: what it sets is read there, and what it reads is set by GUEST.guest
# For UEFI: a GPT with an EFI system partition, which gets what is in the root's /boot/efi. efi_root_$root_type makes the root and fills it.

ESP_START=2048
ESP_SECTORS=409600
ESP_UUID=5C1A-AB1E
EFI_ROOT_START=$((ESP_START + ESP_SECTORS))
EFI_ROOT_SECTORS=$((5 * 1024 * 1024))

settings_efi() {
    echo "UUID=$ESP_UUID /boot/efi vfat umask=0077 0 1" >>"$1/etc/fstab"
    mkdir "$1/boot/efi"
    if [ "$root_type" = btrfs ]; then echo "UUID=$ROOT_UUID /home btrfs subvol=@home 0 0" >>"$1/etc/fstab"; fi
}

layout_efi() {
    sfdisk --quiet "$2" <<-EOT
	label: gpt
	start=$ESP_START, size=$ESP_SECTORS, type=uefi
	start=$EFI_ROOT_START, size=$EFI_ROOT_SECTORS, type=linux
	EOT
    esp_make "$1/boot/efi" "$2"
    rm -rf "$1"/boot/efi/*
    "efi_root_$root_type" "$1" "$2"
}

# esp_make DIRECTORY IMAGE: no kernel need know FAT for it.
esp_make() {
    truncate -s $((ESP_SECTORS * 512)) "$2.esp"
    mkfs.vfat -F 32 -i "${ESP_UUID/-/}" "$2.esp" >/dev/null
    mcopy -s -Q -i "$2.esp" "$1"/* ::/
    dd if="$2.esp" of="$2" bs=1M seek=$((ESP_START / 2048)) conv=notrunc,sparse status=none
    rm "$2.esp"
}

efi_root_ext4() {
    mke2fs -q -F -t ext4 -O "$ext4_features" -U "$ROOT_UUID" -d "$1" -E "offset=$((EFI_ROOT_START * 512)),nodiscard" "$2" $((EFI_ROOT_SECTORS / 2))k
}

# The system in a subvolume of the name that Debian's installer gives it, /home in another, and a snapshot beside them.
efi_root_btrfs() {
    # shellcheck disable=SC2016  # for the inner shell
    unshare --mount --propagation private sh -euc '
        loop=$(losetup --find --show --offset "$3" --sizelimit "$4" "$2")
        trap "umount $1.top || true; losetup --detach $loop" EXIT
        mkfs.btrfs -q -U "$5" "$loop"
        mkdir "$1.top"
        mount "$loop" "$1.top"
        for name in @rootfs @home; do btrfs -q subvolume create "$1.top/$name"; done
        cp -a "$1/." "$1.top/@rootfs/"
        btrfs -q subvolume snapshot "$1.top/@rootfs" "$1.top/@rootfs-before-the-update" >/dev/null
        echo snapshot >"$1.top/@rootfs-before-the-update/etc/hostname"' efi_root_btrfs "$1" "$2" $((EFI_ROOT_START * 512)) $((EFI_ROOT_SECTORS * 512)) "$ROOT_UUID"
}
