//! The variables of a makefile and their expansion, as GNU make defines it (its
//! manual, "How to Use Variables"), but for a configuration in which every option
//! is set.

use super::functions;
use super::makefile::{Assignment, Operator};
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::cell::Cell;

/// References within references that are followed.
const MAX_DEPTH: u32 = 48;

/// Bytes that the expansions of one folder may come to. The most that a folder of
/// Linux 6.1 needs is 165,000 (amdgpu); a makefile that wants more is out to hurt.
const MAX_WORK: usize = 16 << 20;

/// The variables known so far.
pub(super) struct Variables {
    values: FxHashMap<String, Value>,
    work: Cell<usize>,
}

struct Value {
    text: String,
    /// Whether `text` is still to be expanded.
    recursive: bool,
}

/// Variables of a `$(foreach …)` or a `$(call …)`, innermost first.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    name: &'a str,
    value: &'a str,
    outer: Option<&'a Scope<'a>>,
    depth: u32,
}

impl Scope<'_> {
    const OUTERMOST: Scope<'static> = Scope { name: "", value: "", outer: None, depth: 0 };

    fn lookup(&self, name: &str) -> Option<&str> {
        std::iter::successors(Some(self), |scope| scope.outer)
            .find(|scope| !scope.name.is_empty() && scope.name == name)
            .map(|scope| scope.value)
    }

    fn deeper(&self) -> Self {
        Self { depth: self.depth + 1, ..*self }
    }

    /// This scope with one more variable in it.
    pub fn with<'a>(&'a self, name: &'a str, value: &'a str) -> Scope<'a> {
        Scope { name, value, outer: Some(self), depth: self.depth }
    }
}

impl Variables {
    /// The variables that Kbuild sets for the makefile of `folder`.
    pub fn of_folder(folder: &str) -> Self {
        let mut variables = Self { values: FxHashMap::default(), work: Cell::new(MAX_WORK) };
        let folder = if folder.is_empty() { "." } else { folder };
        // Everything is seen from the top of the tree, as make itself sees it.
        for name in ["srctree", "objtree", "srcroot", "abs_srctree", "abs_objtree", "CURDIR"] {
            variables.set(name, ".");
        }
        variables.set("comma", ",");
        for name in ["src", "obj"] {
            variables.set(name, folder);
        }
        variables
    }

    fn set(&mut self, name: &str, text: &str) {
        self.values.insert(name.to_owned(), Value { text: text.to_owned(), recursive: false });
    }

    /// Takes an assignment into account. What another configuration would assign
    /// adds to what is there instead of replacing it.
    pub fn assign(&mut self, assignment: &Assignment) {
        let name = canonical(&self.expand(&assignment.name)).into_owned();
        let depends_on_configuration = !assignment.conditions.is_empty()
            || assignment.name.contains('$')
            || name.ends_with("-y")
            || name.ends_with("-objs");
        let operator = match assignment.operator {
            Operator::Default if self.values.contains_key(&name) => return,
            Operator::Default => Operator::Recursive,
            operator => operator,
        };
        let recursive = match (operator, self.values.get(&name)) {
            (Operator::Simple, _) => false,
            (Operator::Append, Some(value)) => value.recursive,
            _ => true,
        };
        let text =
            if recursive { assignment.value.clone() } else { self.expand(&assignment.value) };
        let keeps = operator == Operator::Append || depends_on_configuration;
        match self.values.get_mut(&name) {
            Some(value) if keeps => value.append(&text, recursive),
            _ => {
                self.values.insert(name, Value { text, recursive });
            }
        }
    }

    /// The expanded value of a variable; empty where there is none.
    pub fn value(&self, name: &str) -> String {
        self.lookup(name, &Scope::OUTERMOST)
    }

    /// Whether there is a variable of that name.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(canonical(name).as_ref())
    }

    /// The names of all variables that begin so, sorted.
    pub fn names<'a>(&'a self, prefix: &str) -> Vec<&'a str> {
        let names = self.values.keys().map(String::as_str);
        let mut names: Vec<&str> = names.filter(|name| name.starts_with(prefix)).collect();
        names.sort_unstable();
        names
    }

    /// `text` with every reference replaced by what it stands for.
    pub fn expand(&self, text: &str) -> String {
        self.expand_in(text, &Scope::OUTERMOST)
    }

    /// As [`expand`](Self::expand), with the variables of `scope`.
    pub fn expand_in(&self, text: &str, scope: &Scope<'_>) -> String {
        let mut expanded = String::new();
        if scope.depth > MAX_DEPTH || !self.spend(text.len()) {
            return expanded;
        }
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            let (reference, tail) = split_reference(after);
            match reference {
                Reference::Dollar => expanded.push('$'),
                Reference::To(inside) => expanded.push_str(&self.resolve(inside, &scope.deeper())),
            }
            rest = tail;
        }
        expanded.push_str(rest);
        expanded
    }

    /// What stands between the parentheses of `$(…)`.
    fn resolve(&self, inside: &str, scope: &Scope<'_>) -> String {
        if let Some(result) = functions::call(self, inside, scope) {
            return if self.spend(result.len()) { result } else { String::new() };
        }
        let name = self.expand_in(inside, scope);
        match name.split_once(':').and_then(|(name, rule)| Some((name, rule.split_once('=')?))) {
            Some((name, (from, to))) => {
                functions::substitute_suffix(&self.lookup(name, scope), from, to)
            }
            None => self.lookup(name.trim(), scope),
        }
    }

    /// The expanded value of a variable, seen from `scope`.
    pub fn lookup(&self, name: &str, scope: &Scope<'_>) -> String {
        if let Some(value) = scope.lookup(name) {
            return value.to_owned();
        }
        match self.values.get(canonical(name).as_ref()) {
            Some(value) if value.recursive => self.expand_in(&value.text, &scope.deeper()),
            Some(value) if self.spend(value.text.len()) => value.text.clone(),
            None if name.starts_with("CONFIG_") => "y".to_owned(),
            _ => String::new(),
        }
    }

    /// Whether `amount` bytes more may be produced.
    fn spend(&self, amount: usize) -> bool {
        // One for the call itself: empty texts in a loop are work too.
        let left = self.work.get().checked_sub(amount.saturating_add(1));
        self.work.set(left.unwrap_or(0));
        left.is_some()
    }
}

impl Value {
    fn append(&mut self, text: &str, recursive: bool) {
        self.text.push(' ');
        match (self.recursive, recursive) {
            (true, false) => self.text.push_str(&text.replace('$', "$$")),
            _ => self.text.push_str(text),
        }
    }
}

/// One name for the lists `x-y`, `x-m` and `x-` (a list that is off), of which a
/// configuration picks one: what is built in and what is a module is the same here.
fn canonical(name: &str) -> Cow<'_, str> {
    match name.rsplit_once('-') {
        Some((stem, state))
            if state != "y" && state.chars().all(|letter| matches!(letter, 'y' | 'm')) =>
        {
            Cow::Owned(format!("{stem}-y"))
        }
        _ => Cow::Borrowed(name),
    }
}

enum Reference<'a> {
    /// `$$`
    Dollar,
    /// `$(inside)`, `${inside}` or `$i`
    To(&'a str),
}

/// Splits what follows a `$` into the reference and what comes after it.
fn split_reference(after: &str) -> (Reference<'_>, &str) {
    let mut letters = after.chars();
    let (open, close) = match letters.next() {
        Some('$') => return (Reference::Dollar, letters.as_str()),
        Some('(') => ('(', ')'),
        Some('{') => ('{', '}'),
        Some(letter) => {
            let name = after.split_at_checked(letter.len_utf8()).map_or("", |(name, _)| name);
            return (Reference::To(name), letters.as_str());
        }
        None => return (Reference::To(""), ""),
    };
    let body = letters.as_str();
    let mut depth = 0_usize;
    for (at, letter) in body.char_indices() {
        if letter == open {
            depth += 1;
        } else if letter == close && depth == 0 {
            let (inside, rest) = body.split_at_checked(at).unwrap_or((body, ""));
            return (Reference::To(inside), rest.strip_prefix(close).unwrap_or(rest));
        } else if letter == close {
            depth -= 1;
        }
    }
    // Never closed: make would stop here; nothing after it is worth having.
    (Reference::To(""), "")
}

#[cfg(test)]
mod tests {
    use super::super::makefile::{Statement, statements};
    use super::*;

    fn variables(makefile: &str) -> Variables {
        let mut variables = Variables::of_folder("drivers/x");
        for statement in statements(makefile) {
            if let Statement::Assign(assignment) = statement {
                variables.assign(&assignment);
            }
        }
        variables
    }

    fn check(makefile: &str, text: &str, expected: &str) {
        let expanded = variables(makefile).expand(text);
        let words: Vec<&str> = expanded.split_whitespace().collect();
        assert_eq!(words.join(" "), expected, "{makefile} / {text}");
    }

    #[test]
    fn recursive_variables_are_expanded_late_and_simple_ones_at_once() {
        check("a = $(b)\nb = 1\nb = 2", "$(a)", "2");
        check("a := $(b)\nb = 1", "[$(a)]", "[]");
        check("b = 1\na := $(b)\nb = 2\na += $(b)", "$a", "1 2");
        check("a = 1\na ?= 2\nc ?= 3", "$(a)${c}", "13");
    }

    #[test]
    fn the_folders_are_seen_from_the_top() {
        check("P=$(srctree)/$(src)/..", "-I$(P)/include", "-I./drivers/x/../include");
    }

    #[test]
    fn every_option_is_set_and_every_branch_adds() {
        check("x-$(CONFIG_A) := a.o\nx-$(CONFIG_B) := b.o\nx-m += c.o", "$(x-y)", "a.o b.o c.o");
        check("x-$(CONFIG_A:m=y) += a.o\nx-$(subst m,y,$(CONFIG_B)) += b.o", "$(x-m)", "a.o b.o");
        check("ifdef A\nv = 1\nelse\nv = 2\nendif", "$(v)", "1 2");
    }

    #[test]
    fn the_functions_of_kbuild_files_work() {
        check("", "$(addprefix p/,a b) $(addsuffix .o, a b)", "p/a p/b a.o b.o");
        check("", "$(patsubst %.c,lib-%.o,a.c b.h)", "lib-a.o b.h");
        check("L = a.c b.c", "$(L:.c=.o) $(L:%.c=x/%.o)", "a.o b.o x/a.o x/b.o");
        check("", "$(foreach d,a b,$(d)/$(d).o)", "a/a.o b/b.o");
        check("", "$(filter-out %.h b,a b c.h) $(filter %.h,a c.h)", "a c.h");
        check("", "$(if $(X),a.o,b.o)", "a.o b.o");
        check("", "$(sort b a b) $(strip  a  b )", "a b a b");
        check("", "$(dir a/b.c) $(notdir a/b.c) $(basename a/b.c)", "a/ b.c a/b");
        check("f = $(1)-$(2)", "$(call f,a,b)", "a-b");
        check("", "$(call cc-option,-Wx) $(shell rm -rf /) a", "a");
        check("A = x,y", "$(subst $(comma),+,$(A)) $(subst x,(z),$(A))", "x+y (z),y");
        check("", "$(subst ,+,ab)", "ab");
    }

    #[test]
    fn dollars_and_unclosed_references_do_no_harm() {
        check("", "a$$b", "a$b");
        check("", "a $(b", "a");
        check("", "a $", "a");
        check("", "$(é) é$é", "é");
    }

    #[test]
    fn variables_that_never_end_are_given_up() {
        check("a = $(a)b", "x$(a)", &format!("x{}", "b".repeat(MAX_DEPTH as usize / 2)));
        let mut doubling = String::from("v0 = x\n");
        for level in 1..40 {
            doubling += &format!("v{level} = $(v{0})$(v{0})\n", level - 1);
        }
        assert!(variables(&doubling).expand("$(v39)").len() <= MAX_WORK);
        let squares =
            "a := x x x x x x x x\n".to_owned() + &"a := $(foreach x,$(a),$(a))\n".repeat(9);
        assert!(variables(&squares).expand("$(a)").len() <= MAX_WORK);
        let nested = "$(".repeat(100_000) + &")".repeat(100_000);
        check("", &nested, "");
    }
}
