//! The class of a driver, read off its folder.

use super::path::parent;

/// Folders of `drivers` whose subfolders are kinds of device, frameworks or
/// subsystems of their own, so that the class is named by two levels. Folders that
/// are split by vendor only (`phy`, `pinctrl`, `crypto`) or by driver only (`scsi`,
/// `block`) are one class; `clk` and `soc` are the exceptions, where the code of
/// one vendor has next to nothing in common with that of the next.
const UMBRELLAS: [&str; 25] = [
    "char",
    "clk",
    "comedi",
    "gpu",
    "hwtracing",
    "i2c",
    "iio",
    "infiniband",
    "input",
    "isdn",
    "media",
    "mmc",
    "mtd",
    "net",
    "nvme",
    "pci",
    "platform",
    "power",
    "s390",
    "soc",
    "staging",
    "tty",
    "usb",
    "video",
    "w1",
];

/// The class of the file at `path`: the folder below `drivers`, two levels below an
/// umbrella such as `net` (`net/ethernet`); `sound` and the folder below it
/// (`sound/soc`); elsewhere the first folder. A file that lies directly in an
/// umbrella has the umbrella's name, one at the top of the tree the empty one.
pub fn class_of(path: &str) -> &str {
    let folder = parent(path).unwrap_or_default();
    match folder.split_once('/') {
        Some(("drivers", below)) => match leading(below, 1) {
            umbrella if UMBRELLAS.contains(&umbrella) => leading(below, 2),
            class => class,
        },
        Some(("sound", _)) => leading(folder, 2),
        Some((first, _)) => first,
        None => folder,
    }
}

/// The first `count` parts of `path`, or all if there are fewer.
fn leading(path: &str, count: usize) -> &str {
    path.match_indices('/').nth(count - 1).map_or(path, |(end, _)| &path[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &str) {
        assert_eq!(class_of(path), expected, "{path}");
    }

    #[test]
    fn an_umbrella_gives_two_levels() {
        check("drivers/net/ethernet/intel/e1000/x.c", "net/ethernet");
        check("drivers/media/i2c/x.c", "media/i2c");
        check("drivers/gpu/drm/i915/gem/x.c", "gpu/drm");
        check("drivers/staging/media/y/x.c", "staging/media");
    }

    #[test]
    fn a_file_in_the_umbrella_itself_has_its_name() {
        check("drivers/net/x.c", "net");
        check("drivers/clk/x.c", "clk");
    }

    #[test]
    fn any_other_folder_of_drivers_is_one_class() {
        check("drivers/rtc/x.c", "rtc");
        check("drivers/hwmon/pmbus/x.c", "hwmon");
        check("drivers/phy/tegra/x.c", "phy");
    }

    #[test]
    fn sound_keeps_its_name_and_one_folder() {
        check("sound/pci/hda/x.c", "sound/pci");
        check("sound/soc/codecs/x.c", "sound/soc");
        check("sound/x.c", "sound");
    }

    #[test]
    fn elsewhere_the_first_folder_is_the_class() {
        check("fs/ext4/x.c", "fs");
        check("drivers/x.c", "drivers");
        check("x.c", "");
    }

    #[test]
    fn the_umbrellas_are_in_order() {
        assert!(UMBRELLAS.is_sorted());
    }
}
