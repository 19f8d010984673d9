//! What the one function of a family is called: as its members are, which say `show` or
//! `store` beside the attribute's name.

use crate::plan::Parameter;
use crate::plan::words::{common_words, joined};

/// Where a function's name says that it is one of an attribute.
#[derive(Clone, Copy)]
enum Affix {
    Before(&'static str),
    Behind(&'static str),
}

const AFFIXES: [Affix; 14] = [
    Affix::Behind("_show"),
    Affix::Behind("_store"),
    Affix::Before("show_"),
    Affix::Before("store_"),
    Affix::Before("get_"),
    Affix::Before("set_"),
    Affix::Behind("_read"),
    Affix::Behind("_write"),
    Affix::Behind("_get"),
    Affix::Behind("_set"),
    Affix::Before("read_"),
    Affix::Before("write_"),
    Affix::Before("sysfs_show_"),
    Affix::Before("sysfs_store_"),
];

impl Affix {
    fn of(self, name: &str) -> Option<&str> {
        match self {
            Affix::Before(affix) => name.strip_prefix(affix),
            Affix::Behind(affix) => name.strip_suffix(affix),
        }
    }

    fn on(self, base: &str) -> String {
        match self {
            Affix::Before(affix) => format!("{affix}{base}"),
            Affix::Behind(affix) => format!("{base}{affix}"),
        }
    }
}

/// Names of parameters that do not say what the attribute is about.
const SAY_NOTHING: [&str; 14] = [
    "val", "value", "data", "nr", "idx", "index", "offset", "mask", "bits", "result", "what",
    "name", "func", "shift",
];

/// Words that say it in the middle of a name.
const VERBS: [&str; 6] = ["show", "store", "get", "set", "read", "write"];

/// The first name for all of `members` that `is_free`, in a file called `stem`.
pub fn of(
    members: &[&str],
    parameters: &[Parameter],
    (stem, is_free): (&str, impl Fn(&str) -> bool),
) -> Option<String> {
    let affix = AFFIXES.into_iter().find(|it| members.iter().all(|name| it.of(name).is_some()));
    let bare: Vec<&str> = match affix {
        Some(affix) => members.iter().filter_map(|name| affix.of(name)).collect(),
        None => members.to_vec(),
    };
    let on = |base: &str| affix.map_or_else(|| base.to_owned(), |affix| affix.on(base));
    let shared = shared(&bare);
    let object = parameters.first().filter(|_| parameters.len() == 1).map(|it| it.name.as_str());
    // A word of some members would be a lie for the others.
    let is_of_some = |word: &str| {
        let has = |name: &&&str| name.split('_').any(|it| it == word);
        (1..bare.len()).contains(&bare.iter().filter(has).count())
    };
    let object = object.filter(|name| {
        !SAY_NOTHING.contains(name)
            && !name.ends_with(|c: char| c.is_ascii_digit())
            && !name.split('_').any(is_of_some)
    });
    let mut names = Vec::new();
    // What all functions of the file begin with says nothing of these.
    let says = shared.len() > 1 && !stem.starts_with(&shared.to_lowercase());
    names.extend(Some(on(&shared)).filter(|_| says));
    // A new word must not be all that says what it does with the attribute.
    if affix.is_some() || VERBS.iter().any(|verb| shared.split('_').any(|it| it == *verb)) {
        if shared.len() > 1 {
            names.extend(object.map(|object| on(&joined(&shared, object))));
        }
        let plain = ["attr", "const_attr"].map(|ending| on(&format!("{shared}_{ending}")));
        names.extend(plain.into_iter().filter(|_| says));
        names.extend(object.map(&on));
        names.extend(object.map(|object| on(&format!("{object}_attr"))));
    }
    names.into_iter().find(|name| is_free(name))
}

/// The name of a function without what says that it is one of an attribute.
pub fn bare(name: &str) -> &str {
    AFFIXES.into_iter().find_map(|affix| affix.of(name)).unwrap_or(name)
}

/// What all names are but for their digits, or the words that they share.
fn shared(names: &[&str]) -> String {
    let without = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let first = names.first().map_or_else(String::new, |name| without(name));
    if names.iter().all(|name| without(name) == first) {
        return first.trim_matches('_').replace("__", "_");
    }
    let words =
        |name: &&str| name.split('_').filter(|it| !it.is_empty()).map(str::to_owned).collect();
    let lists: Vec<Vec<String>> = names.iter().map(words).collect();
    let mut common = common_words(&lists);
    common.retain(|word| !word.bytes().all(|byte| byte.is_ascii_digit()));
    common.join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_what_the_members_share() {
        let name = |members: &[&str]| of(members, &[], ("axf2", |_: &str| true));
        assert_eq!(name(&["in0_alarm_show", "in1_alarm_show"]).as_deref(), Some("in_alarm_show"));
        assert_eq!(name(&["show_axf_low", "show_axf_high"]), None);
        assert_eq!(name(&["axf_low_rate", "axf_high_rate"]).as_deref(), Some("axf_rate"));
        assert_eq!(name(&["axf2_low", "axf2_high"]), None, "shown, or stored?");
        assert_eq!(name(&["axf_show_DAC_A", "axf_show_DAC_B"]).as_deref(), Some("axf_show_DAC"));
        assert_eq!(name(&["port0_store", "port1_store"]).as_deref(), Some("port_store"));
        assert_eq!(name(&["fan_show", "pwm_show"]), None);
    }

    #[test]
    fn what_is_taken_gets_another_word() {
        let taken = |name: &str| name != "port_show";
        let name = of(&["port0_show", "port1_show"], &[], ("axf", taken));
        assert_eq!(name.as_deref(), Some("port_attr_show"));
    }
}
