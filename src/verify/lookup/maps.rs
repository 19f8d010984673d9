//! What a `switch` and what stands for it do to a key, as functions that can be run and
//! compared.

use super::{Rewritten, text};
use crate::syntax::LoopMacros;
use crate::verify::unit::Unit;
use std::ops::Range;

/// Functions that do what the switch of the claim does, and what stands for it, to a key
/// alone: C texts to be put behind the text before. The first two take the keys that an
/// array can have, all of which may be tried; the others only go on for all other keys, for
/// which a compiler sees that both do the same. Keys for which the default arm is there give
/// what that gives; or, where it does something else, a mark that differs between the two of
/// a pair.
pub(in crate::verify) fn maps(
    (before, after): (&[u8], &[u8]),
    name: &str,
    loops: &LoopMacros,
) -> Option<[Vec<u8>; 2]> {
    let (old, new) = (Unit::new("", before), Unit::new("", after));
    let it = Rewritten::of((&old, &new), name, loops).ok()?;
    let key = String::from_utf8_lossy(it.key()).into_owned();
    let key_type = text(it.key_type()?);
    let is_text = it.arms.rows.iter().all(|(_, value)| it.is_string(value));
    let result = match (is_text, it.keeps_type()) {
        (true, _) => "const char *".to_owned(),
        (false, true) => text(it.element()),
        (false, false) => "long long".to_owned(),
    };
    let rows = it.arms.rows.iter().map(|(label, value)| {
        let spelled = |range: &Range<usize>| text(old.texts(range.clone()));
        format!("\tcase {}: return {};\n", spelled(label), spelled(value))
    });
    let switch = format!("\tswitch ({key}) {{\n{}\t}}\n", rows.collect::<String>());
    let table = String::from_utf8_lossy(new.spelling(it.table.tokens.clone())).into_owned();
    let (_, close) = new.list(it.instead.start + 1)?;
    let test = new.spelling(it.instead.start + 1..close + 1);
    let not = if new.text(it.instead.start + 3) == b"<" { "" } else { "!" };
    let test = format!("if ({not}{})", String::from_utf8_lossy(test));
    let element = format!("{}[{key}]", text(vec![new.text(it.table.name)]));
    let lookup = format!("\t{test}\n\t\treturn {element};\n");
    // A default arm that gives a constant as well is part of the map.
    let gives = it.arms.gives.len();
    let default = old.texts(it.arms.default.clone());
    let is_given = default.len() > gives + 1
        && default[..gives] == it.arms.gives
        && default.iter().filter(|text| **text == b";").count() == 1
        && !default.contains(&&b"("[..])
        && !default[gives..].iter().any(|text| it.old.own_names().contains(text));
    let given = is_given.then(|| text(default[gives..default.len() - 1].to_vec()));
    let [mut one, mut other] = [String::new(), String::new()];
    for number in 0..2 {
        let mark = match (&given, is_text) {
            (Some(given), _) => given.clone(),
            (None, true) => format!("\"\\00{}\"", number + 1),
            (None, false) => number.to_string(),
        };
        let function = |sort: &str, parameter: &str, body: &str| {
            let head = format!("{result} drvdedup_{sort}_{number}({parameter})");
            format!("{head};\n{head}\n{{\n{body}\treturn {mark};\n}}\n")
        };
        let within = |body: &str| function("within", "unsigned short drvdedup_key", body);
        let beyond = |body: &str| function("beyond", &format!("{key_type} {key}"), body);
        let is_within = format!("\t{key_type} {key} = drvdedup_key;\n");
        let is_beyond = format!(
            "\tif ((unsigned long long){key} <= 0xffff)\n\t\treturn {};\n",
            if is_text { "0".to_owned() } else { (2 + number).to_string() }
        );
        one.push_str(&within(&format!("{is_within}{switch}")));
        one.push_str(&beyond(&format!("{is_beyond}{switch}")));
        other.push_str(&within(&format!("\t{table}\n{is_within}{lookup}")));
        other.push_str(&beyond(&format!("\t{table}\n{is_beyond}{lookup}")));
    }
    Some([[before, one.as_bytes()].concat(), [before, other.as_bytes()].concat()])
}
