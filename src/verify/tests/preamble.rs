//! What a patch may put at the top of its files, and what it may not.

use super::*;
use crate::verify::tests::Folder;

/// What the drivers' headers say.
const HEADER: &str = "#ifndef _H_H\n#define _H_H\n\n#define LIMIT 4\nint one(int x);\n\n#endif\n";

const USER: &str = "#include <linux/io.h>\n\nint two(int x)\n{\n\treturn x;\n}\n";

fn files(texts: &[(&str, &str)]) -> Files {
    texts.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect()
}

/// The header and the user's file without what they got, or what is wrong.
fn bare(header: &str, users: (&str, &str)) -> Result<(String, String), String> {
    let claim = Claim {
        helper: Some("both".to_owned()),
        members: vec![
            ("d/a.c".to_owned(), "one".to_owned()),
            ("d/b.c".to_owned(), "two".to_owned()),
        ],
        ..Claim::default()
    };
    let before = files(&[("d/h.h", HEADER), ("d/b.c", users.0)]);
    let after = files(&[("d/h.h", header), ("d/b.c", users.1)]);
    let bare = without(&before, &after, &claim, Some(&Folder(HEADER.to_owned())))
        .map_err(|it| it.to_string())?;
    let text = |path: &str| String::from_utf8_lossy(&bare[path]).into_owned();
    Ok((text("d/h.h"), text("d/b.c")))
}

fn with_include(text: &str) -> String {
    text.replace(".h>\n", ".h>\n\n#include \"h.h\"\n")
}

#[test]
fn announcements_and_standard_types_change_nothing() {
    for more in
        ["struct s;\n", "#include <linux/types.h>\n", "#include <linux/types.h>\n\nstruct s;\n"]
    {
        let header = HEADER.replace("_H_H\n\n", &format!("_H_H\n\n{more}\n"));
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let (bare, _) = bare(&header, (USER, USER)).expect("it changes nothing");
        assert_eq!(words(&bare), words(HEADER), "{more}");
    }
}

#[test]
fn what_else_a_header_gets_stays() {
    for more in [
        "struct s { int x; };\n",
        "#include <linux/io.h>\n",
        "union s;\n",
        "#ifdef X\nstruct s;\n#endif\n",
    ] {
        let header = HEADER.replace("_H_H\n\n", &format!("_H_H\n\n{more}\n"));
        let (bare, _) = bare(&header, (USER, USER)).expect("it can be read");
        assert_eq!(bare, header);
    }
}

#[test]
fn a_header_is_included_behind_all_else() {
    let (_, text) = bare(HEADER, (USER, &with_include(USER))).expect("it changes nothing");
    assert_eq!(text, USER.replace(".h>\n", ".h>\n\n"));
    let late = format!("{}#include <linux/late.h>\n", with_include(USER));
    let twice = with_include(&with_include(USER));
    let under = USER.replace(".h>\n", ".h>\n#ifdef X\n#include \"h.h\"\n#endif\n");
    for text in [late, twice, under] {
        assert!(bare(HEADER, (USER, &text)).is_err(), "{text}");
    }
}

#[test]
fn a_header_that_changes_a_word_is_not_included() {
    let user = USER.replace("int x", "int LIMIT");
    let error = bare(HEADER, (&user, &with_include(&user))).expect_err("a macro of the name");
    assert!(error.contains("`LIMIT`"), "{error}");
}
