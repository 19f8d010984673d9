//! What a ladder and what stands for it do to a key, as functions that can be run and
//! compared.

use super::search::Search;
use super::{Rewritten, text};
use crate::syntax::LoopMacros;
use crate::verify::unit::Unit;
use std::ops::Range;

/// Functions that do what the ladder of the claim does, and what stands for it, to a key
/// alone: C texts to be put behind the text before. Keys for which the default arm is there
/// give what that gives; or, where it does something else, a mark that differs between the
/// two of a pair.
///
/// For an array the first two take the keys that it can have, all of which may be tried; the
/// others only go on for all other keys, for which a compiler sees that both do the same.
///
/// For a search there are only two, which take the keys that it knows and their neighbours.
/// No other key is in a row, so that the loop ends as the ladder does, as long as a key
/// equals a row's exactly if it equals the label; whether it does in the types that it is
/// compared in, the compiler says.
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
    let mut same = it.same_in_a_switch(&key_type);
    let is_within = match &it.search {
        Some(search) => {
            same.push_str(&it.same_in_rows(&key_type, search));
            it.known(&key, &key_type)
        }
        None => format!("\t{key_type} {key} = drvdedup_key;\n"),
    };
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
        one.push_str(&within(&format!("{is_within}{switch}")));
        other.push_str(&within(&format!("\t{table}\n{same}{is_within}{lookup}")));
        if it.search.is_some() {
            continue;
        }
        let beyond = |body: &str| function("beyond", &format!("{key_type} {key}"), body);
        let other_mark = if is_text { "0".to_owned() } else { (2 + number).to_string() };
        let is_beyond =
            format!("\tif ((unsigned long long){key} <= 0xffff)\n\t\treturn {other_mark};\n");
        one.push_str(&beyond(&format!("{is_beyond}{switch}")));
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

    /// What makes a key that a search knows, or one beside it, of each number.
    fn known(&self, key: &str, key_type: &str) -> String {
        let all = self.labels().collect::<Vec<_>>().join(", ");
        let count = self.arms.rows.len();
        format!(
            "\tstatic const {key_type} drvdedup_keys[] = {{ {all} }};\n\
             \t{key_type} {key} = ({key_type})((unsigned long long)\
             drvdedup_keys[drvdedup_key % {count}] + drvdedup_key / {count} % 3 - 1);\n"
        )
    }

    fn labels(&self) -> impl Iterator<Item = String> {
        self.arms.rows.iter().map(|(label, _)| text(self.old.unit.texts(label.clone())))
    }

    /// Asserts that each label of a chain is the same number as one of a `switch`, which
    /// would make it one of the key's promoted type.
    fn same_in_a_switch(&self, key_type: &str) -> String {
        if self.arms.is_switch {
            return String::new();
        }
        let asserted = self.labels().map(|label| {
            format!("\t_Static_assert(({label}) == (__typeof__(+({key_type})0))({label}), \"\");\n")
        });
        asserted.collect()
    }

    /// Asserts that each row's key is the label as a `switch` has it, in the type in which
    /// the key is compared with both. The conversion to that type keeps unequal keys unequal:
    /// it is at least as wide.
    fn same_in_rows(&self, key_type: &str, search: &Search<'_>) -> String {
        let table = text(vec![self.new.text(self.table.name)]);
        let row = format!("__typeof__({table}[0].{})", text(vec![search.key.1]));
        let compared = format!("__typeof__(({key_type})0 + ({row})0)");
        let promoted = format!("__typeof__(+({key_type})0)");
        let asserted = self.labels().map(|label| {
            format!(
                "\t_Static_assert(({compared})({row})({label}) == \
                 ({compared})({promoted})({label}), \"\");\n"
            )
        });
        asserted.collect()
    }
}
