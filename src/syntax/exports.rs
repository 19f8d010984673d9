//! What a source offers to modules.

use super::lexer::is_ident_byte;

/// Bytes from the name of the macro to that of what it exports, at most.
const REACH: usize = 200;

/// The names in `EXPORT_SYMBOL(name)`, `EXPORT_SYMBOL_GPL(name)` and their like, in the
/// order of the text; then those that macros of the text export of what they are given.
pub fn exports(source: &[u8]) -> Vec<&[u8]> {
    let mut names = Vec::new();
    let mut macros = Vec::new();
    for at in memchr::memmem::find_iter(source, b"EXPORT_SYMBOL") {
        let Some(name) = exported(&source[at..source.len().min(at + REACH)]) else { continue };
        match defined_around(source, at) {
            None => names.push(name),
            Some(define) => macros.extend(define.place_of(name).map(|place| (define.name, place))),
        }
    }
    for (name, place) in macros {
        let calls = memchr::memmem::find_iter(source, name).filter_map(|at| {
            let begins = at == 0 || source[at - 1] == b'\n';
            let rest = source[at + name.len()..].strip_prefix(b"(").filter(|_| begins)?;
            let rest = &rest[..rest.len().min(REACH)];
            let arguments = &rest[..memchr::memchr(b')', rest)?];
            first_word(arguments.split(|&byte| byte == b',').nth(place)?.trim_ascii_start())
        });
        names.extend(calls);
    }
    names
}

/// What `text`, which begins with the macro, exports.
fn exported(text: &[u8]) -> Option<&[u8]> {
    let open = memchr::memchr(b'(', text)?;
    if !text[..open].iter().all(|&byte| is_ident_byte(byte)) {
        return None;
    }
    first_word(text[open + 1..].trim_ascii_start())
}

fn first_word(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|&byte| !is_ident_byte(byte)).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

/// The head of a macro with parameters.
struct Define<'s> {
    name: &'s [u8],
    parameters: &'s [u8],
}

impl Define<'_> {
    /// Which parameter is called `name`.
    fn place_of(&self, name: &[u8]) -> Option<usize> {
        self.parameters.split(|&byte| byte == b',').position(|it| it.trim_ascii() == name)
    }
}

/// The macro in whose definition `at` lies; without a name where that has no parameters.
fn defined_around(source: &[u8], at: usize) -> Option<Define<'_>> {
    let mut start = at;
    loop {
        start = memchr::memrchr(b'\n', &source[..start]).map_or(0, |end| end + 1);
        match source[..start].strip_suffix(b"\\\n") {
            Some(above) => start = above.len(),
            None => break,
        }
    }
    let line = source[start..at].trim_ascii_start().strip_prefix(b"#")?.trim_ascii_start();
    let head = line.strip_prefix(b"define")?.trim_ascii_start();
    let name = first_word(head).unwrap_or_default();
    let parameters = head.get(name.len()..).and_then(|it| it.strip_prefix(b"(")).unwrap_or(b"");
    let close = memchr::memchr(b')', parameters).unwrap_or(0);
    Some(Define { name, parameters: &parameters[..close] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &[&str]) {
        let found: Vec<_> =
            exports(source.as_bytes()).into_iter().map(String::from_utf8_lossy).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_name_stands_in_the_parentheses_of_the_macro() {
        check(
            "EXPORT_SYMBOL(a);\nEXPORT_SYMBOL_GPL( b );\nEXPORT_SYMBOL_NS_GPL(c, X);",
            &["a", "b", "c"],
        );
        check("#define EXPORT_SYMBOL (x)\nEXPORT_SYMBOL()\nEXPORT_SYMBOL", &[]);
        check("EXPORT_SYMBOL(cut", &["cut"]);
    }

    #[test]
    fn a_macro_exports_what_it_is_given() {
        let source = "#define LEVEL(level, func) \\\nvoid func(void) \\\n{ \\\n} \\\nEXPORT_SYMBOL(func)\n\
            #define ODD(x) EXPORT_SYMBOL(odd_##x)\n\
            LEVEL(1, _dev_err);\nLEVEL(2,\n\t_dev_info);\n x = LEVEL(1, no);\nODD(y);\nEXPORT_SYMBOL(a);\n";
        check(source, &["a", "_dev_err", "_dev_info"]);
        check("#define EMPTY EXPORT_SYMBOL(a)\n#define CUT(a \\\nEXPORT_SYMBOL(a)\nCUT(", &[]);
    }
}
