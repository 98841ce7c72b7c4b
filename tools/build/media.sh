# shellcheck shell=bash
# shellcheck disable=SC2154 # top comes from inside
# The media: an ISO that boots as CD and as USB stick by BIOS and UEFI, and a folder for network boot. Runs in the build root.

# boot_file NAME OUT: a boot menu with the kernel's options filled in. REHOST_BOOT_JOB puts keys of a job on every entry.
boot_file() {
    # shellcheck source=config/boot/options
    ( . "$top/config/boot/options"
      sed -e '/^#[^!]/d' -e "s|@OPTIONS@|$OPTIONS|; s|@BOTH@|$BOTH|; s|@SERIAL@|$SERIAL|; s|@SCREEN@|$SCREEN|" \
          -e "s|@JOB@|${REHOST_BOOT_JOB:-}|; s/ *\$//" "$top/config/boot/$1" ) >"$2"
}

# The EFI system partition: shim, GRUB and the key manager, all signed by Debian. Fixed serial number and times, so that two builds agree.
esp_make() {
    local esp=$1 boot
    boot=$(mktemp -d)
    mkdir -p "$boot/EFI/BOOT"
    cp /usr/lib/shim/shimx64.efi.signed "$boot/EFI/BOOT/BOOTX64.EFI"
    cp /usr/lib/shim/mmx64.efi.signed "$boot/EFI/BOOT/mmx64.efi"
    cp /usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed "$boot/EFI/BOOT/grubx64.efi"
    find "$boot" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
    cmd mkfs.vfat -C --invariant -i 5245484f -n REHOST_EFI "$esp" "$(($(du -sk "$boot" | cut -f1) + 512))" >/dev/null
    cmd mcopy -spmQ -i "$esp" "$boot/EFI" ::/
}

iso_tree() {
    local tree=$1 out=$2
    mkdir -p "$tree"/{isolinux,boot/grub,.disk}
    cp "$out/vmlinuz" "$out/initramfs.img" "$tree/boot/"
    cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$tree/isolinux/"
    boot_file isolinux.cfg "$tree/isolinux/isolinux.cfg"
    cp "$top/config/boot/menu.txt" "$tree/isolinux/"
    boot_file grub.cfg "$tree/boot/grub/grub.cfg"
    cp "$out/manifest.json" "$tree/manifest.json"
    # GRUB as Debian signs it for CDs looks for its files on the medium that has this one.
    echo "rehost" >"$tree/.disk/info"
    esp_make "$tree/boot/grub/efi.img"
}

# iso_build OUT FILE: xorriso takes all its dates and identifiers from SOURCE_DATE_EPOCH.
iso_build() {
    local out=$1 file=$2 tree
    tree=$(mktemp -d)
    iso_tree "$tree" "$out"
    find "$tree" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
    cmd xorriso -as mkisofs -quiet -o "$file.new" -V REHOST -r -J \
        -isohybrid-mbr /usr/lib/ISOLINUX/isohdpfx.bin -partition_offset 16 \
        -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table \
        -eltorito-alt-boot -e boot/grub/efi.img -no-emul-boot -isohybrid-gpt-basdat "$tree"
    mv "$file.new" "$file"
    rm -rf "$tree"
}

# pxe_build OUT FOLDER
pxe_build() {
    local out=$1 folder=$2 new=$2.new
    rm -rf "$new"
    mkdir -p "$new/pxelinux.cfg"
    cp /usr/lib/PXELINUX/{pxelinux.0,lpxelinux.0} /usr/lib/syslinux/modules/bios/ldlinux.c32 "$out/vmlinuz" "$out/initramfs.img" "$new"
    boot_file pxelinux.cfg "$new/pxelinux.cfg/default"
    boot_file rehost.ipxe "$new/rehost.ipxe"
    cp "$top/config/boot/README.pxe" "$new/README"
    rm -rf "$folder"
    mv "$new" "$folder"
}
