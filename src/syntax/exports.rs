//! What a source offers to modules.

use super::lexer::is_ident_byte;

/// Bytes from the name of the macro to that of what it exports, at most.
const REACH: usize = 200;

/// The names in `EXPORT_SYMBOL(name)`, `EXPORT_SYMBOL_GPL(name)` and their like, in the
/// order of the text.
pub fn exports(source: &[u8]) -> impl Iterator<Item = &[u8]> {
    memchr::memmem::find_iter(source, b"EXPORT_SYMBOL").filter_map(|at| {
        let rest = &source[at..source.len().min(at + REACH)];
        let open = memchr::memchr(b'(', rest)?;
        if !rest[..open].iter().all(|&byte| is_ident_byte(byte)) {
            return None;
        }
        let name = rest[open + 1..].trim_ascii_start();
        let end = name.iter().position(|&byte| !is_ident_byte(byte)).unwrap_or(name.len());
        (end > 0).then(|| &name[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &[&str]) {
        let found: Vec<_> = exports(source.as_bytes()).map(String::from_utf8_lossy).collect();
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
}
