//! What belongs to the core of a class: code for all of its drivers.

use super::path::file_name;

/// Words of the names of files and folders that hold what several drivers use.
const SHARED: [&str; 6] = ["core", "common", "lib", "class", "helper", "helpers"];

/// The folder below `drivers` or `sound` whose drivers all use the file at `path`, if it
/// is part of a core: `drivers/iio` for `drivers/iio/industrialio-core.c`, `drivers/media`
/// for `drivers/media/v4l2-core/v4l2-common.c`, `drivers/net/phy` for
/// `drivers/net/phy/phy-core.c`. A vendor's own core, deeper down, serves that vendor
/// only.
pub fn serves(path: &str) -> Option<&str> {
    let (folder, name) = path.rsplit_once('/')?;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut parts = folder.split('/');
    let top = parts.next().filter(|top| matches!(*top, "drivers" | "sound"))?;
    let below: Vec<&str> = parts.collect();
    match below.as_slice() {
        // Of all below `sound` and below one of the folders of `drivers`.
        [sub] if top == "sound" && is_shared(sub) => Some(top),
        [_, sub] if top == "drivers" && is_shared(sub) => folder.rsplit_once('/').map(|it| it.0),
        [_] | [_, _] if is_shared(stem) || stem == file_name(folder) => Some(folder),
        _ => None,
    }
}

fn is_shared(name: &str) -> bool {
    name.split(['-', '_']).any(|word| SHARED.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: Option<&str>) {
        assert_eq!(serves(path), expected, "{path}");
    }

    #[test]
    fn the_core_of_a_class_lies_in_its_folder_or_in_one_below() {
        check("drivers/iio/industrialio-core.c", Some("drivers/iio"));
        check("drivers/hwmon/hwmon.c", Some("drivers/hwmon"));
        check("drivers/media/v4l2-core/v4l2-fwnode.c", Some("drivers/media"));
        check("drivers/net/phy/phy-core.c", Some("drivers/net/phy"));
        check("sound/core/pcm_lib.c", Some("sound"));
        check("sound/soc/soc-core.c", Some("sound/soc"));
    }

    #[test]
    fn a_drivers_own_core_is_none() {
        check("drivers/hwmon/lm75.c", None);
        check("drivers/net/ethernet/mellanox/mlx5/core/main.c", None);
        check("drivers/net/wireless/realtek/rtlwifi/core.c", None);
        check("kernel/core.c", None);
        check("core.c", None);
    }
}
