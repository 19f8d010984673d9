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

/// Every byte is in one token, or between two in what separates them: blanks, comments,
/// escaped newlines.
fn check_cover(source: &[u8]) {
    let mut lexer = Lexer::new(source);
    let mut at = if source.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let check_gap = |gap: &[u8]| {
        let mut rest = gap;
        while let [first, ..] = rest {
            let length = match rest {
                [b'/', b'*', inside @ ..] => {
                    let end = inside.windows(2).position(|pair| pair == b"*/");
                    end.map_or(rest.len(), |end| end + 4)
                }
                [b'/', b'/', ..] => break,
                [b'\\', b'\n', ..] => 2,
                [b'\\', b'\r', b'\n', ..] => 3,
                _ => 1,
            };
            let blank = matches!(first, b' ' | b'\t'..=b'\r' | 0);
            assert!(length > 1 || blank, "{:?} separates nothing", gap.escape_ascii().to_string());
            rest = &rest[length..];
        }
    };
    for token in lexer.by_ref() {
        assert!(at <= token.start as usize && token.start < token.end);
        check_gap(&source[at..token.start as usize]);
        check_token(token.kind, token.text(source));
        at = token.end as usize;
        let next = source.get(at).copied().unwrap_or(b' ');
        if token.kind == TokenKind::Ident {
            assert!(!is_ident_byte(next), "a word ends where no more of it follows");
        }
    }
    check_gap(&source[at..]);
}

fn check_token(kind: TokenKind, text: &[u8]) {
    let shown = || format!("{kind:?} {}", text.escape_ascii());
    match kind {
        TokenKind::Ident => {
            assert!(text.iter().all(|&b| is_ident_byte(b)), "{}", shown());
            assert!(!text[0].is_ascii_digit(), "{}", shown());
        }
        TokenKind::Number => {
            let inside = |b: &u8| is_ident_byte(*b) || b".+-".contains(b);
            assert!(text.iter().all(inside), "{}", shown());
            assert!(text.iter().take(2).any(u8::is_ascii_digit), "{}", shown());
        }
        TokenKind::Str => assert!(text.contains(&b'"'), "{}", shown()),
        TokenKind::Char => assert!(text.contains(&b'\''), "{}", shown()),
        TokenKind::Punct => assert!(text.len() <= 3, "{}", shown()),
        TokenKind::Directive => assert_eq!(text[0], b'#', "{}", shown()),
        TokenKind::Stray => assert_eq!(text.len(), 1, "{}", shown()),
    }
}

#[test]
fn a_comment_is_not_closed_by_its_own_star() {
    assert_eq!(texts("a /*/ b */ c /**/ d"), ["a", "c", "d"]);
}

#[test]
fn words_and_blanks_of_every_length_end_where_they_end() {
    for length in 1..20 {
        let (word, blank) = ("w".repeat(length), " ".repeat(length));
        assert_eq!(texts(&format!("{word}{blank}+{word}")), [&word[..], "+", &word]);
        assert_eq!(texts(&format!("a{blank}\n{blank}#b\n{word}")), ["a", "#b", &word]);
    }
}

proptest::proptest! {
    #[test]
    fn every_byte_is_in_one_token_or_separates_two(
        source in "([a-zL0-9_$.+=/*\"'#<>&|(){};,\\\\ \t\n\r-]|[eEx]|é|\\x00|\\x01|/\\*|\\*/|//){0,80}",
    ) {
        check_cover(source.as_bytes());
    }

    #[test]
    fn bytes_that_are_no_text_are_covered_too(
        source in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
    ) {
        check_cover(&source);
    }
}
