//! A makefile as a list of statements. Which branch of a conditional `make` would
//! take depends on a configuration, and there is none: all are taken.

/// What a makefile says that matters for what is built from what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    /// A variable is given a value.
    Assign(Assignment),
    /// Other makefiles are read here.
    Include(Include),
}

/// `include words`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Include {
    /// Not yet expanded.
    pub words: String,
    /// As of an assignment.
    pub conditions: Vec<String>,
}

/// `name operator value`, both sides not yet expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    pub name: String,
    pub operator: Operator,
    pub value: String,
    /// The conditionals that it stands in, as they are written up to their branch,
    /// outermost first.
    pub conditions: Vec<String>,
}

/// How a variable is assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// `=`: expanded where it is used.
    Recursive,
    /// `:=`: expanded at once.
    Simple,
    /// `+=`
    Append,
    /// `?=`
    Default,
}

/// The statements of a makefile, in order.
pub(super) fn statements(text: &str) -> Vec<Statement> {
    let mut reader = Reader::default();
    for line in logical_lines(text) {
        reader.line(&line);
    }
    reader.statements
}

/// Lines with their continuation lines joined, comments still in place: a comment
/// too is continued by a backslash.
fn logical_lines(text: &str) -> impl Iterator<Item = String> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let mut joined = String::new();
        let mut line = lines.next()?;
        while let Some(start) = line.strip_suffix('\\') {
            joined.push_str(start);
            joined.push(' ');
            line = lines.next().unwrap_or_default().trim_start();
        }
        joined.push_str(line);
        Some(joined)
    })
}

#[derive(Default)]
struct Reader {
    statements: Vec<Statement>,
    /// Conditionals that are open, as they are written, outermost first.
    open: Vec<String>,
    /// Whether a line that begins with a tab is a recipe.
    in_rule: bool,
    in_define: bool,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if self.in_rule && line.starts_with('\t') {
            return;
        }
        let line = without_comment(line);
        let line = without_modifiers(line.trim());
        let (word, rest) = line.split_once([' ', '\t', '(']).unwrap_or((line, ""));
        if self.in_define || word == "define" {
            self.in_define = word != "endef";
            return;
        }
        match word {
            "" => {}
            "else" => {
                if let Some(last) = self.open.last_mut() {
                    *last += &format!("; {line}");
                }
            }
            "ifeq" | "ifneq" | "ifdef" | "ifndef" => self.open.push(line.to_owned()),
            "endif" => drop(self.open.pop()),
            "include" | "-include" | "sinclude" => {
                let (words, conditions) = (rest.trim().to_owned(), self.open.clone());
                self.push(Statement::Include(Include { words, conditions }));
            }
            _ => self.assignment_or_rule(line),
        }
    }

    fn assignment_or_rule(&mut self, line: &str) {
        match split_assignment(line) {
            Some((name, operator, value)) => {
                let conditions = self.open.clone();
                let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
                self.push(Statement::Assign(Assignment { name, operator, value, conditions }));
            }
            None => self.in_rule = true,
        }
    }

    fn push(&mut self, statement: Statement) {
        self.in_rule = false;
        self.statements.push(statement);
    }
}

fn without_comment(line: &str) -> String {
    let mut kept = String::new();
    for part in line.split_inclusive('#') {
        match part.strip_suffix('#') {
            None => kept.push_str(part),
            Some(before) => match before.strip_suffix('\\') {
                Some(before) => {
                    kept.push_str(before);
                    kept.push('#');
                }
                None => {
                    kept.push_str(before);
                    return kept;
                }
            },
        }
    }
    kept
}

fn without_modifiers(mut line: &str) -> &str {
    while let Some((word, rest)) = line.split_once([' ', '\t']) {
        if !matches!(word, "override" | "export" | "unexport" | "private") {
            break;
        }
        line = rest.trim_start();
    }
    line
}

/// The two sides of an assignment; `None` for a rule and for anything else.
fn split_assignment(line: &str) -> Option<(&str, Operator, &str)> {
    let mut depth = 0_usize;
    let at = line.char_indices().find_map(|(at, letter)| {
        match letter {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0 && matches!(letter, ':' | '=')).then_some(at)
    })?;
    let (name, rest) = line.split_at_checked(at)?;
    if let Some(rest) = rest.strip_prefix('=') {
        return Some(match name.chars().next_back() {
            Some('+') => (name.strip_suffix('+')?, Operator::Append, rest),
            Some('?') => (name.strip_suffix('?')?, Operator::Default, rest),
            // `!=` runs a command, which this program never does.
            Some('!') => (name.strip_suffix('!')?, Operator::Recursive, ""),
            _ => (name, Operator::Recursive, rest),
        });
    }
    Some((name, Operator::Simple, rest.trim_start_matches(':').strip_prefix('=')?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, Operator, &str)]) {
        let found = statements(text);
        let found: Vec<_> = found
            .iter()
            .filter_map(|statement| match statement {
                Statement::Assign(it) => Some((it.name.as_str(), it.operator, it.value.as_str())),
                Statement::Include(_) => None,
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn each_operator_is_read() {
        check(
            "a = 1\nb := 2\nc += 3\nd ?= 4\ne ::= 5\nf != ls\ng\t\t+=6",
            &[
                ("a", Operator::Recursive, "1"),
                ("b", Operator::Simple, "2"),
                ("c", Operator::Append, "3"),
                ("d", Operator::Default, "4"),
                ("e", Operator::Simple, "5"),
                ("f", Operator::Recursive, ""),
                ("g", Operator::Append, "6"),
            ],
        );
    }

    #[test]
    fn an_operator_inside_a_reference_is_part_of_the_name() {
        check("x-$(CONFIG_A:m=y) += a.o", &[("x-$(CONFIG_A:m=y)", Operator::Append, "a.o")]);
        check("a := $(B:.c=.o)", &[("a", Operator::Simple, "$(B:.c=.o)")]);
    }

    #[test]
    fn continuation_lines_are_joined_also_in_crlf_files() {
        check(
            "a := b.o \\\n\tc.o\\\n  d.o\ne = f",
            &[("a", Operator::Simple, "b.o  c.o d.o"), ("e", Operator::Recursive, "f")],
        );
        check("a := b.o \\\r\n c.o\r\n", &[("a", Operator::Simple, "b.o  c.o")]);
        check("a := b.o \\", &[("a", Operator::Simple, "b.o")]);
    }

    #[test]
    fn comments_go_and_an_escaped_hash_stays() {
        check(
            "# a = 1 \\\nb = 2\nc = 3 # d\ne = \\#f",
            &[("c", Operator::Recursive, "3"), ("e", Operator::Recursive, "#f")],
        );
    }

    #[test]
    fn recipes_rules_and_definitions_say_nothing() {
        check(
            "$(obj)/a.o: b.c\n\tx = 1\n\ny = 2\n\tz = 3\ndefine d\nw = 4\nendef\n",
            &[("y", Operator::Recursive, "2"), ("z", Operator::Recursive, "3")],
        );
        check("a.o: flags := -I x", &[]);
    }

    #[test]
    fn all_branches_are_taken_and_marked() {
        let conditions: Vec<String> =
            statements("a=1\nifdef X\nb=1\nelse ifeq ($(Y),y)\nc=1\nendif\nendif\nd=1")
                .into_iter()
                .filter_map(|statement| match statement {
                    Statement::Assign(it) => Some(it.conditions.join(", ")),
                    Statement::Include(_) => None,
                })
                .collect();
        assert_eq!(conditions, ["", "ifdef X", "ifdef X; else ifeq ($(Y),y)", ""]);
    }

    #[test]
    fn includes_keep_their_words() {
        let include = |words: &str, conditions: &[&str]| {
            let conditions = conditions.iter().map(|it| (*it).to_owned()).collect();
            Statement::Include(Include { words: words.to_owned(), conditions })
        };
        let expected = [include("$(src)/a b", &[]), include("c", &["ifdef X"])];
        assert_eq!(statements("include $(src)/a b\nifdef X\n-include\tc\nendif"), expected);
    }
}
