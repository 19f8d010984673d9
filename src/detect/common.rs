//! Names that all drivers have in common: two functions that both have one may have
//! nothing else in common.

use super::wrapped::Pattern;
use rustc_hash::FxHashSet;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    calls: Vec<String>,
    members: Vec<String>,
    conversions: Vec<String>,
}

/// The names, and the patterns of conversions.
static COMMON: LazyLock<(FxHashSet<Vec<u8>>, Vec<Pattern>)> = LazyLock::new(|| {
    // Ours are sound: a test reads them.
    let Names { calls, members, conversions } = read().unwrap_or_default();
    let names = calls.into_iter().chain(members).map(String::into_bytes);
    (names.collect(), conversions.iter().filter_map(|it| Pattern::of(it)).collect())
});

fn read() -> Result<Names, toml::de::Error> {
    toml::from_str(include_str!("common.toml"))
}

/// Whether drivers of all classes call a function of the kernel, or have a member, of this
/// name, or it only makes one thing out of another.
pub fn is_common(name: &[u8]) -> bool {
    is_common_name(name) || COMMON.1.iter().any(|pattern| pattern.fits(name))
}

/// Whether drivers of all classes call a function of the kernel, or have a member, of this
/// name.
pub fn is_common_name(name: &[u8]) -> bool {
    COMMON.0.contains(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_kernel_are_common_and_a_drivers_are_not() {
        let names = read().expect("our own list");
        assert!(names.calls.is_sorted() && names.members.is_sorted());
        assert!(names.conversions.iter().all(|it| Pattern::of(it).is_some()));
        let common = ["kfree", "lock", "to_lm75", "bus_to_lm75", "rdev_get_drvdata"];
        let all = common.map(|name| (name, true)).into_iter().chain([("lm75_read", false)]);
        for (name, expected) in all {
            assert_eq!(is_common(name.as_bytes()), expected, "{name}");
        }
    }
}
