//! Which functions of one shape have enough names in common to be duplicates.
//!
//! Many drivers have functions of one shape that do different things: an
//! accessor, a remove callback. What tells them apart are the names that are not
//! the function's own business: callees, fields, types and globals.

use super::common::{is_common, is_common_name};
use super::linkage;

/// The part of the distinct free names that two functions must share, in percent:
/// lower where copying is likelier.
const SAME_DRIVER: u32 = 25;
const SAME_CLASS: u32 = 40;
const ELSEWHERE: u32 = 60;

/// Functions of two classes must share as many names as this.
const FEW_NAMES: usize = 4;

/// A function of fewer tokens does one thing.
const SHORT: usize = 60;

/// Fewest letters that two drivers' names for one thing end in.
const SHORTEST_WORD: usize = 2;

/// Fewest letters that two names end in and that tell of more than a habit.
const TELLING_WORD: usize = 6;

/// Fewest names of what is not called that tell of more than a habit.
const TELLING_DEEDS: usize = 2;

/// Fewest constants that tell of more than a habit.
const TELLING_CONSTANTS: usize = 3;

/// Above this many functions, clusters are sought in stretches of as many (in the
/// order of the files, where relatives stand together), which bounds the number of
/// pairs.
const MOST: usize = 512;

/// A function to be clustered.
#[derive(Clone, Debug)]
pub struct Named<'a> {
    /// Its class.
    pub class: &'a str,
    /// Its driver.
    pub driver: &'a str,
    /// Its free names: those of all functions of the shape correspond by index.
    pub names: Vec<&'a [u8]>,
    /// Those of them that are no types: what it does, and with what.
    pub deeds: Vec<&'a [u8]>,
    /// Those of them that it calls.
    pub callees: Vec<&'a [u8]>,
    /// Its literals and constants in capitals, in the order of the text.
    pub constants: Vec<&'a [u8]>,
    /// Number of its tokens.
    pub tokens: usize,
}

impl Named<'_> {
    /// How many constants the two have in common, place by place.
    fn constants_in_common(&self, other: &Named) -> usize {
        self.constants.iter().zip(&other.constants).filter(|(a, b)| a == b).count()
    }

    /// Whether these are half of their constants, or more.
    pub fn has_mostly_the_constants_of(&self, other: &Named) -> bool {
        self.constants_in_common(other) * 2 >= self.constants.len()
    }
}

/// Partitions `functions` such that in a cluster every two are similar (complete
/// linkage); the closest pairs are joined first. Only clusters of two and more are
/// returned, as increasing indices, in the order of their first.
pub fn clusters(functions: &[Named]) -> Vec<Vec<usize>> {
    let mut out = Vec::new();
    for (chunk, functions) in functions.chunks(MOST).enumerate() {
        let found = cluster(functions).into_iter();
        out.extend(found.map(|c| c.into_iter().map(|i| i + chunk * MOST).collect()));
    }
    out
}

fn cluster(functions: &[Named]) -> Vec<Vec<usize>> {
    let count = functions.len();
    let mut similar = vec![false; count * count];
    let mut pairs = Vec::new();
    for a in 0..count {
        for b in a + 1..count {
            let (shared, enough) = shared_percent(&functions[a], &functions[b]);
            if enough {
                similar[a * count + b] = true;
                similar[b * count + a] = true;
                pairs.push((100 - shared, a, b));
            }
        }
    }
    pairs.sort_unstable();
    let pairs = pairs.into_iter().map(|(_, a, b)| (a, b));
    linkage::clusters(pairs, |a, b| similar[a * count + b])
}

/// How many percent of the free names `a` and `b` share, and whether that is
/// enough for where they lie. Functions without free names share all.
pub fn shared_percent(a: &Named, b: &Named) -> (u32, bool) {
    let equal = a.names.iter().zip(&b.names).filter(|(a, b)| a == b).count();
    let shared = (equal * 100).checked_div(a.names.len()).unwrap_or(100) as u32;
    let bar = match (a.class == b.class, a.driver == b.driver) {
        (true, true) => SAME_DRIVER,
        (true, false) => SAME_CLASS,
        _ => ELSEWHERE,
    };
    // Where there are few names at all, one of them may differ; beyond a driver only if
    // the constants say that it is the same code.
    let same_constants = a.has_mostly_the_constants_of(b);
    let alike = a.driver == b.driver || same_constants;
    let all_but_one = a.names.len() - equal <= 1 && a.class == b.class && alike;
    // Beyond a class a few names in common are what all drivers have in common.
    let few = a.class != b.class && equal < FEW_NAMES;
    // What is left of a short function when its one deed is another is a callback's frame:
    // to suspend is not to resume.
    let mut others = a.deeds.iter().zip(&b.deeds).filter(|(a, b)| !are_variants(a, b)).peekable();
    let same_deeds = others.peek().is_none();
    let told = same_deeds || same_constants;
    let all_cognate = others.all(|(a, b)| are_cognate(a, b));
    let telling = |a: &[&[u8]], b: &[&[u8]]| {
        a.iter().zip(b).filter(|(a, b)| is_telling(a, b)).take(TELLING_DEEDS).count()
    };
    let shares_telling = telling(&a.callees, &b.callees) > 0
        || telling(&a.deeds, &b.deeds) >= TELLING_DEEDS
        || same_constants && a.constants_in_common(b) >= TELLING_CONSTANTS;
    let habit = a.tokens < SHORT && !shares_telling;
    let frame = match a.driver == b.driver {
        true => habit && !all_cognate,
        false => habit || a.tokens < SHORT && !(told && all_cognate),
    };
    let all_but_one = all_but_one && (all_cognate || !habit);
    (shared, !few && (shared >= bar && !frame || all_but_one))
}

/// Whether two names are one, or one of them goes on where the other ends: `phy_read` and
/// `phy_read_locked` do the same.
fn are_variants(a: &[u8], b: &[u8]) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"_"))
}

/// Whether two names are one but for the driver's own prefix: `ef4_mtd_rename` is
/// Falcon's `efx_mtd_rename`, but `uart_suspend_port` is not `uart_resume_port`.
fn are_cognate(a: &[u8], b: &[u8]) -> bool {
    let same_prefix = || a.split(|&c| c == b'_').next() == b.split(|&c| c == b'_').next();
    a == b || common_ending(a, b).len() >= SHORTEST_WORD && !same_prefix()
}

/// Whether two names are one, or one but for the prefix, that not all drivers have.
fn is_telling(a: &[u8], b: &[u8]) -> bool {
    if a == b {
        return !is_common(a);
    }
    let ending = common_ending(a, b);
    are_cognate(a, b) && ending.len() >= TELLING_WORD && !is_common_name(ending)
}

/// The words that both end in.
fn common_ending<'a>(a: &'a [u8], b: &[u8]) -> &'a [u8] {
    let common = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let tail = &a[a.len() - common..];
    tail.iter().position(|&byte| byte == b'_').map_or(&[], |at| &tail[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(functions: &[(&str, &str, &str)], expected: &[&[usize]]) {
        let named: Vec<Named> = functions
            .iter()
            .map(|&(class, driver, names)| {
                let names = names.split(' ').map(str::as_bytes);
                let names: Vec<&[u8]> = names.collect();
                let (constants, deeds, tokens) = (Vec::new(), names.clone(), SHORT);
                let callees = deeds.clone();
                Named { class, driver, names, deeds, callees, constants, tokens }
            })
            .collect();
        assert_eq!(clusters(&named), expected);
    }

    #[test]
    fn boilerplate_of_other_classes_needs_three_fifths_of_the_names() {
        check(&[("net", "a", "p q r s t u"), ("rtc", "b", "p q r s x y")], &[&[0, 1]]);
        check(&[("net", "a", "p q r s t u"), ("rtc", "b", "p q r w x y")], &[]);
        check(&[("net", "a", "p q r"), ("rtc", "b", "p q r")], &[]);
    }

    #[test]
    fn one_driver_needs_a_quarter_of_the_names() {
        check(&[("net", "a", "p q r s"), ("net", "a", "p w x y")], &[&[0, 1]]);
        check(&[("net", "a", "p q r s"), ("net", "b", "p w x y")], &[]);
        check(&[("net", "a", "p q r s"), ("net", "a", "v w x y")], &[]);
    }

    #[test]
    fn a_short_function_of_another_driver_does_the_same_under_its_own_prefix() {
        let check = |other: (&str, &str), constants: (&str, &str), expected: bool| {
            let function = |driver, deed: &'static str, constant: &'static str| Named {
                class: "net",
                driver,
                names: vec![b"dev", b"priv", b"lock", b"type", deed.as_bytes()],
                deeds: vec![b"lock", deed.as_bytes()],
                callees: vec![deed.as_bytes()],
                constants: vec![b"0", constant.as_bytes(), b"1"],
                tokens: SHORT - 1,
            };
            let deeds = (other.0.to_owned().leak(), other.1.to_owned().leak());
            let constants = (constants.0.to_owned().leak(), constants.1.to_owned().leak());
            let mut one = function("a", deeds.0, constants.0);
            let two = function("b", deeds.1, constants.1);
            one.names.push(b"x");
            let mut two = Named { names: [two.names, vec![b"y"]].concat(), ..two };
            assert_eq!(shared_percent(&one, &two).1, expected, "{other:?}");
            two.driver = "a";
            assert!(shared_percent(&one, &two).1, "{other:?} in one driver");
        };
        check(("efx_mtd_rename", "ef4_mtd_rename"), ("X", "X"), true);
        check(("efx_mtd_rename", "ef4_get_name"), ("X", "X"), false);
        check(("count", "overflow"), ("X", "X"), false);
        check(("mtd_rename", "mtd_rename_locked"), ("X", "X"), true);
    }

    #[test]
    fn what_all_drivers_have_in_common_tells_nothing_of_short_functions() {
        let check = |driver, deeds: [&str; 3], constants: &[&'static str], expected: bool| {
            let function = |driver, deed: &'static str, types: [&'static str; 2]| Named {
                class: "net",
                driver,
                names: [b"kref", types[0].as_bytes(), types[1].as_bytes(), deed.as_bytes()].into(),
                deeds: vec![b"kref", deed.as_bytes()],
                callees: vec![deed.as_bytes()],
                constants: constants.iter().map(|it| it.as_bytes()).collect(),
                tokens: SHORT - 1,
            };
            let [a, b] = [deeds[0], deeds[1]].map(|deed| &*deed.to_owned().leak());
            let shared: &[u8] = deeds[2].to_owned().leak().as_bytes();
            let mut one = function("a", a, ["v", "w"]);
            let mut two = function(driver, b, ["x", "y"]);
            for named in [&mut one, &mut two] {
                named.names.extend([shared, b"list", b"lock"]);
                named.deeds.push(shared);
                named.callees.push(shared);
            }
            assert_eq!(shared_percent(&one, &two).1, expected, "{driver} {deeds:?} {constants:?}");
        };
        check("b", ["kfree", "kfree", "complete"], &[], false);
        check("b", ["kfree", "kfree", "dib_exit"], &[], true);
        check("b", ["kfree", "kfree", "complete"], &["1", "2", "3"], true);
        check("a", ["enable_irq", "enable_irq_wake", "mutex_unlock"], &[], true);
        check("a", ["uart_stop_port", "uart_run_port", "mutex_unlock"], &[], false);
        check("a", ["rx_ring", "tx_ring", "mutex_unlock"], &[], true);
        check("a", ["enable_irq", "disable_irq", "chip_of_irq"], &[], true);
    }

    #[test]
    fn every_member_is_similar_to_every_other() {
        // 0 ~ 1 and 1 ~ 2 but not 0 ~ 2: no chain. The closest pair wins.
        check(
            &[
                ("net", "a", "a b c p q r"),
                ("rtc", "b", "a b c p x y"),
                ("spi", "c", "a z w p x y"),
            ],
            &[&[0, 1]],
        );
    }
}
