#!/bin/bash
# Runs the oneDNN engine's tests on an emulated CPU with AVX-512 and bf16, for which oneDNN
# generates other code and chooses other layouts than for AVX2: Bochs as a Sapphire Rapids, with
# Debian's kernel in it. Needs root, debootstrap and Debian's registry; not part of `make test`.
# The checkout must be built (`make build`). A quarter of an hour, and as much again the first time.
#   sudo scripts/check-onednn-emulated.sh FOLDER [ISA]
#   FOLDER    for the Debian root and the emulator, kept for the next time
#   ISA       what oneDNN may use, as its ONEDNN_MAX_CPU_ISA names it: AVX512_CORE_BF16, the
#             default, or AVX512_CORE_AMX
#   TESTS     in the environment: bf16, blocked, f32; default all, in this order
#   ONEDNN=2  in the environment: Debian 12's oneDNN 2.6 instead of Debian 13's 3.7
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(id -u)" = 0 ] || { echo 'Run this as root: debootstrap and chroot need it.'; exit 2; }
[ -f dist/engine/onednn/bf16.test.js ] || { echo 'Run "make build" first.'; exit 2; }
root=${1:?A folder for the Debian root}
isa=${2:-AVX512_CORE_BF16}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

packages=(g++ make patch xz-utils libdnnl-dev ocl-icd-libopencl1 nodejs)
packages+=(bochsbios vgabios linux-image-cloud-amd64 isolinux syslinux-common xorriso)
packages+=(cpio busybox-static)
[ -x "$root/usr/bin/node" ] ||
  debootstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" trixie "$root" "$mirror"
# Threads need /proc, and Node needs /dev/urandom.
mount -t proc none "$root/proc"
trap 'umount "$root/proc"' EXIT

# Debian's Bochs carries a debugger, which halves its speed, and 3.0 gets bf16 and AMX wrong: see
# the patch.
if [ ! -x "$root/bochs/bochs" ]; then
  cp /etc/resolv.conf "$root/etc/"
  echo "deb-src $mirror trixie main" > "$root/etc/apt/sources.list.d/source.list"
  chroot "$root" sh -c 'apt-get -q update &&
    apt-get -q source --tar-only --download-only bochs &&
    mkdir -p bochs && tar x --strip-components=1 -C bochs -f bochs_*.tar.xz'
  chroot "$root" patch -s -d bochs -p1 < scripts/bochs-3.0.patch
  # -march=native is for the emulator itself.
  chroot "$root" sh -c 'cd bochs &&
    ./configure --with-nogui --disable-docbook --enable-all-optimizations \
      --enable-cpu-level=6 --enable-x86-64 --enable-avx --enable-evex --enable-amx --enable-cet \
      --enable-memtype --enable-protection-keys --enable-uintr --enable-pci --enable-cdrom \
      CFLAGS="-O2 -march=native" CXXFLAGS="-O2 -march=native" &&
    make' > "$root/bochs.txt" 2>&1
fi

prefix=
if [ "${ONEDNN:-3}" = 2 ]; then
  prefix=/onednn-2
  if [ ! -d "$root$prefix" ]; then
    pool=$mirror/pool/main/o/onednn
    for package in libdnnl2 libdnnl-dev; do
      curl -fsSL "$pool/${package}_2.6.3-1_amd64.deb" -o "$root/package.deb"
      chroot "$root" dpkg -x package.deb "$prefix"
    done
    mv "$root$prefix/usr/include" "$root$prefix/include"
    mv "$root$prefix/usr/lib/x86_64-linux-gnu" "$root$prefix/lib"
  fi
fi

# The addon as it would be built on such a CPU. A prefix is looked for in conda's variable; the
# last -march is what counts.
rm -rf "$root/alexnet"
mkdir "$root/alexnet"
tar c --exclude=./build --exclude=./.git --exclude=./runs . | tar x -C "$root/alexnet"
printf '#!/bin/sh\nexec g++ "$@" -march=sapphirerapids\n' > "$root/usr/local/bin/emulated-g++"
chmod +x "$root/usr/local/bin/emulated-g++"
chroot "$root" env -i PATH="$PATH" ${prefix:+CONDA_PREFIX=$prefix} CXX=emulated-g++ \
  sh -c 'cd /alexnet && node bin/alexnet native'

# The guest lives in its initramfs: Node, the addon, every library of theirs, the tests.
guest=$root/guest
rm -rf "$guest" "$root/iso"
mkdir -p "$root/iso" "$guest"/{bin,proc,sys,dev,tmp,usr/bin,usr/lib64} \
  "$guest"/alexnet/{src/testing,build}
ln -s usr/lib "$guest/lib"
ln -s usr/lib64 "$guest/lib64"
mkdir "$guest/usr/lib"
libraries=$(chroot "$root" ldd /usr/bin/node /alexnet/build/native/alexnet.node |
  grep -o ' /[^ ]*' | sort -u)
for file in $libraries /lib64/ld-linux-x86-64.so.2; do
  mkdir -p "$guest/$(dirname "$file")"
  cp -L "$root$file" "$guest$file"
done
cp "$root/usr/bin/node" "$guest/usr/bin/"
cp "$root/usr/bin/busybox" "$guest/bin/"
cp -r "$root/alexnet"/{dist,package.json} "$guest/alexnet/"
cp -r "$root/alexnet/build/native" "$guest/alexnet/build/"
cp -r "$root/alexnet/src/testing/goldens" "$guest/alexnet/src/testing/"
if [ -d "$root/usr/share/nodejs" ]; then
  mkdir -p "$guest/usr/share"
  cp -r "$root/usr/share/nodejs" "$guest/usr/share/"
fi

# Bochs ends when "Shutdown" is written to this port.
cat > "$root/off.c" <<'CODE'
#include <sys/io.h>
int main(void) {
  iopl(3);
  for (const char *c = "Shutdown"; *c; c++) outb(*c, 0x8900);
}
CODE
chroot "$root" gcc -O2 -static off.c -o guest/bin/off

cat > "$guest/init" <<CODE
#!/bin/busybox sh
isa=$isa
tests='${TESTS:-bf16 blocked f32}'
CODE
cat >> "$guest/init" <<'CODE'
/bin/busybox mount -t proc none /proc
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin ONEDNN_MAX_CPU_ISA=$isa DNNL_MAX_CPU_ISA=$isa DNNL_VERBOSE=1
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t tmpfs none /tmp
cd /alexnet
check() { # file, pattern
  echo "== $1 $2"
  node --test-reporter=spec --test-name-pattern="$2" $1 > /tmp/out 2>&1 || failed=yes
  # What ran, from oneDNN's record: number of calls, primitive, implementation.
  grep -m1 'verbose,.*cpu,isa' /tmp/out
  awk -F, '
    /verbose.*,exec,cpu,/ {
      for (i = 1; $i != "cpu"; i++);
      calls[$(i + 1) " " $(i + 3) ": " $(i + 2)]++
    }
    END { for (what in calls) print calls[what], what }' /tmp/out | sort -k2
  grep -v -E '^(onednn|dnnl)_verbose|does not match pattern' /tmp/out
}
echo "== $(grep -m1 -o -w avx512_bf16 /proc/cpuinfo) $(grep -m1 -o -w amx_bf16 /proc/cpuinfo)"
for each in $tests; do
  case $each in
    bf16) check dist/engine/onednn/bf16.test.js . ;;
    blocked) check dist/engine/onednn/onednn.test.js 'activations and gradients' ;;
    f32) check dist/testing/contract.test.js onednn ;;
  esac
done
echo "== failures: ${failed:-none}"
sleep 1
off
CODE
chmod +x "$guest/init"
chroot "$root" sh -c 'cd guest && find . | cpio -o -H newc --quiet' > "$root/iso/initrd"
cp "$root"/boot/vmlinuz-* "$root/iso/vmlinuz"
cp "$root/usr/lib/ISOLINUX/isolinux.bin" "$root/iso/"
cp "$root/usr/lib/syslinux/modules/bios/ldlinux.c32" "$root/iso/"
# Bochs cannot come back from the system management mode that ACPI asks for.
linux='rdinit=/init console=ttyS0 quiet acpi=off mitigations=off nokaslr ibt=off nowatchdog'
linux="$linux tsc=reliable random.trust_cpu=on panic=-1"
cat > "$root/iso/isolinux.cfg" <<TEXT
default linux
label linux
  kernel vmlinuz
  append initrd=initrd $linux
TEXT
chroot "$root" xorriso -as mkisofs -quiet -o guest.iso -b isolinux.bin -c boot.cat \
  -no-emul-boot -boot-load-size 4 -boot-info-table iso

# Nothing is logged: a signal handler of Bochs logs its speed, and waits for ever where it
# interrupts what logs.
cat > "$root/bochsrc" <<'TEXT'
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.bin
display_library: nogui
cpu: model=sapphire_rapids, ips=50000000, reset_on_triple_fault=0, ignore_bad_msrs=1
memory: guest=2048, host=2048
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=/guest.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=/serial.txt
log: /bochs.log
info: action=ignore
error: action=ignore
panic: action=fatal
clock: sync=none
TEXT
rm -f "$root/serial.txt"
# It always ends as a failure, also when it was asked to shut down.
chroot "$root" nice bochs/bochs -q -f bochsrc > /dev/null 2>&1 < /dev/null || true
tr -d '\r' < "$root/serial.txt" | sed -n '/^== /,$p' | tee "$root/result.txt"
# Also fails where the bf16 tests were skipped.
grep -q '^== avx512_bf16' "$root/result.txt" &&
  ! grep -q '^﹣ bf16:' "$root/result.txt" &&
  grep -q '^== failures: none' "$root/result.txt"
