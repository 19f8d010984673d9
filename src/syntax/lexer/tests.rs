use super::*;

fn texts(source: &str) -> Vec<&str> {
    tokens(source.as_bytes())
        .iter()
        .map(|t| std::str::from_utf8(t.text(source.as_bytes())).unwrap())
        .collect()
}

#[test]
fn comments_and_white_space_are_no_tokens() {
    assert_eq!(texts("a /* b */ c // d\ne"), ["a", "c", "e"]);
}

#[test]
fn strings_keep_escaped_quotes_and_continuations() {
    assert_eq!(texts(r#"f("a\"b", '\'')"#), ["f", "(", r#""a\"b""#, ",", r"'\''", ")"]);
    assert_eq!(texts("\"a\\\nb\" c"), ["\"a\\\nb\"", "c"]);
}

#[test]
fn a_directive_is_one_token_with_its_continuation_lines() {
    assert_eq!(texts("x\n# define A(b) \\\n  b\ny"), ["x", "# define A(b) \\\n  b", "y"]);
    assert_eq!(texts("#if 1 /* a\nb */ + 2\nz"), ["#if 1 /* a\nb */ + 2", "z"]);
    assert_eq!(texts("#error don't\nz"), ["#error don't", "z"]);
}

#[test]
fn a_hash_inside_a_line_is_no_directive() {
    assert_eq!(texts("a ## b # c"), ["a", "##", "b", "#", "c"]);
}

#[test]
fn numbers_take_exponent_signs_but_hex_does_not() {
    assert_eq!(texts("1e+3 0xE+1 .5f 1...5"), ["1e+3", "0xE", "+", "1", ".5f", "1...5"]);
    assert_eq!(texts("case 1 ... 5:"), ["case", "1", "...", "5", ":"]);
}

#[test]
fn punctuators_match_longest_first() {
    assert_eq!(texts("a<<=b>>c->d...e"), ["a", "<<=", "b", ">>", "c", "->", "d", "...", "e"]);
}

#[test]
fn what_is_not_c_is_reported_and_does_not_stop_the_lexer() {
    let mut lexer = Lexer::new(b"a \"open\nb /* never");
    let count = lexer.by_ref().count();
    assert_eq!(count, 3);
    let kinds: Vec<_> = lexer.problems.iter().map(|p| p.kind).collect();
    assert_eq!(kinds, [LexProblemKind::UnterminatedLiteral, LexProblemKind::UnterminatedComment]);
}

#[test]
fn comments_are_found_between_tokens_only() {
    let source = b"a /* one */ \"/* no */\" // two\nb";
    let found: Vec<_> = comments(source, 0, source.len()).into_iter().map(|r| &source[r]).collect();
    assert_eq!(found, [&b"/* one */"[..], b"// two"]);
}

#[test]
fn crossed_bounds_hold_no_comments() {
    assert_eq!(comments(b"} /* a */ int b;", 2, 1), Vec::<std::ops::Range<usize>>::new());
    assert_eq!(comments(b"/* a */", 0, 99).first(), Some(&(0..7)));
}
