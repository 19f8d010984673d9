//! What a ladder and what stands for it do to a key, as functions that can be run and
//! compared.

use super::search::Search;
use super::{Rewritten, text};
use crate::syntax::LoopMacros;
use crate::verify::unit::Unit;
use std::ops::Range;

/// Functions that do what the ladder of the claim does, and what stands for it, to a key
/// alone: C texts to be put behind the text before. The first two take the keys that an
/// array can have, or those that a search knows with their neighbours, all of which may be
/// tried; the others only go on for all other keys, for which a compiler sees that both do
/// the same. Keys for which the default arm is there give
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
    let lookup = it.looks_up(&key)?;
    // A default arm that gives a constant as well is part of the map.
    let given = it.arms.given().filter(|value| {
        !value.is_empty()
            && !value.contains(&&b"("[..])
            && !value.iter().any(|text| it.old.own_names().contains(text))
    });
    let given = given.map(|value| text(value.to_vec()));
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
        let other_mark = if is_text { "0".to_owned() } else { (2 + number).to_string() };
        let (is_within, is_beyond) = match &it.search {
            Some(_) => it.known(&key, &key_type),
            None => (
                format!("\t{key_type} {key} = drvdedup_key;\n"),
                format!("\tif ((unsigned long long){key} <= 0xffff)\n\t\treturn {other_mark};\n"),
            ),
        };
        one.push_str(&within(&format!("{is_within}{switch}")));
        one.push_str(&beyond(&format!("{is_beyond}{switch}")));
        other.push_str(&within(&format!("\t{table}\n{is_within}{lookup}")));
        other.push_str(&beyond(&format!("\t{table}\n{is_beyond}{lookup}")));
    }
    Some([[before, one.as_bytes()].concat(), [before, other.as_bytes()].concat()])
}

impl<'s> Rewritten<'_, 's> {
    /// The statement that returns what the table has for a key.
    fn looks_up(&self, key: &str) -> Option<String> {
        let (new, start) = (self.new, self.instead.start);
        if let Some(search) = &self.search {
            return Some(self.searches(key, search));
        }
        let (_, close) = new.list(start + 1)?;
        let test = String::from_utf8_lossy(new.spelling(start + 1..close + 1));
        let not = if new.text(start + 3) == b"<" { "" } else { "!" };
        let table = text(vec![new.text(self.table.name)]);
        Some(format!("\tif ({not}{test})\n\t\treturn {table}[{key}];\n"))
    }

    /// The loop over the rows, without which no compiler sees what becomes of other keys.
    fn searches(&self, key: &str, search: &Search<'s>) -> String {
        let word = |word: &'s [u8]| text(vec![word]);
        let (table, index) = (word(self.new.text(self.table.name)), word(search.index));
        let [key_field, value_field] = [search.key.1, search.value.1].map(word);
        format!(
            "\t{{\n\t\tint {index};\n\
             \t\t_Pragma(\"GCC unroll 1024\")\n\
             \t\tfor ({index} = 0; {index} < ARRAY_SIZE({table}); {index}++)\n\
             \t\t\tif ({key} == {table}[{index}].{key_field})\n\
             \t\t\t\treturn {table}[{index}].{value_field};\n\t}}\n"
        )
    }

    /// What makes a key that a search knows, or one beside it, of each number; and what is
    /// never reached with a key that it knows.
    fn known(&self, key: &str, key_type: &str) -> (String, String) {
        let old = self.old.unit;
        let labels = || self.arms.rows.iter().map(|(label, _)| text(old.texts(label.clone())));
        let all = labels().collect::<Vec<_>>().join(", ");
        let count = self.arms.rows.len();
        let within = format!(
            "\tstatic const {key_type} drvdedup_keys[] = {{ {all} }};\n\
             \t{key_type} {key} = ({key_type})((unsigned long long)\
             drvdedup_keys[drvdedup_key % {count}] + drvdedup_key / {count} % 3 - 1);\n"
        );
        let never = labels()
            .map(|label| format!("\tif ({key} == ({label}))\n\t\t__builtin_unreachable();\n"));
        (within, never.collect())
    }
}
