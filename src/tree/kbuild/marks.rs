//! Marks that the words of a makefile's values bear: each stands for a condition on which
//! the word depends. They go wherever make takes the word: `$(addprefix …)` and the like
//! leave them in it.

/// Around the number of a condition: characters that no makefile has.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// The conditions, by their numbers.
#[derive(Default)]
pub(super) struct Marks {
    conditions: Vec<String>,
}

impl Marks {
    /// The mark for a condition.
    pub fn of(&mut self, condition: &str) -> String {
        let known = self.conditions.iter().position(|known| known == condition);
        let number = known.unwrap_or_else(|| {
            self.conditions.push(condition.to_owned());
            self.conditions.len() - 1
        });
        format!("{OPEN}{number}{CLOSE}")
    }

    /// A word without its marks, and these.
    pub fn split(word: &str) -> (String, String) {
        let (mut bare, mut marks) = (String::new(), String::new());
        let mut inside = false;
        for letter in word.chars() {
            inside |= letter == OPEN;
            if inside {
                marks.push(letter)
            } else {
                bare.push(letter)
            }
            inside &= letter != CLOSE;
        }
        (bare, marks)
    }

    /// The conditions that marks stand for, sorted, each once.
    pub fn conditions(&self, marks: &str) -> Vec<String> {
        let numbers = marks.split([OPEN, CLOSE]).filter_map(|number| number.parse().ok());
        let named = numbers.filter_map(|number: usize| self.conditions.get(number).cloned());
        let mut conditions: Vec<String> = named.collect();
        conditions.sort_unstable();
        conditions.dedup();
        conditions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_may_be_anywhere_in_a_word_and_each_counts_once() {
        let mut marks = Marks::default();
        let (one, other) = (marks.of("ifdef A"), marks.of("ifdef B"));
        assert_eq!(marks.of("ifdef A"), one);
        let (bare, found) = Marks::split(&format!("d{other}/x{one}.o{one}"));
        assert_eq!(bare, "d/x.o");
        assert_eq!(marks.conditions(&found), ["ifdef A", "ifdef B"]);
        assert_eq!(Marks::split("x.o"), ("x.o".to_owned(), String::new()));
        assert_eq!(marks.conditions(""), [""; 0]);
    }
}
