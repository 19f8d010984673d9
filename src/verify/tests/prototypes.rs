//! A prototype under an `#if`: who calls the function must see it.

use crate::syntax::LoopMacros;
use crate::verify::tests::Folder;
use crate::verify::{Claim, Files, Scope, Verdict, climb};

const ONE: &str = "int one(int x)\n{\n\tif (x & 4)\n\t\treturn -x;\n\treturn x + 4;\n}\n";

/// What the check says of a patch that leaves `one` of `a.c`, which the header declares
/// beside `check()`, to `b.c`, which else has `user`.
fn problem(user: &str) -> Option<String> {
    let header = |more: &str| {
        format!(
            "#ifndef _H_H\n#define _H_H\n\n#ifdef CORE\nint check(int x);\n{more}#endif\n\n#endif\n"
        )
    };
    let file = |rest: &str| format!("#define CORE\n#include \"h.h\"\n\n{rest}");
    let core = "int check(int x)\n{\n\treturn one(x) & 1;\n}\n";
    let before = [
        ("d/h.h", header("")),
        ("d/a.c", file(&format!("static {ONE}\n{core}"))),
        ("d/b.c", file(&format!("static {ONE}\n{user}"))),
    ];
    let after = [
        ("d/h.h", header("int one(int x);\n")),
        ("d/a.c", file(&format!("{ONE}\n{core}"))),
        ("d/b.c", file(user)),
    ];
    let files = |texts: [(&str, String); 3]| -> Files {
        texts.into_iter().map(|(path, text)| (path.to_owned(), text.into_bytes())).collect()
    };
    let scope = Folder(header(""));
    let claim = Claim {
        merged_into: Some("one".to_owned()),
        members: ["d/a.c", "d/b.c"].map(|path| (path.to_owned(), "one".to_owned())).to_vec(),
        ..Claim::default()
    };
    let names = (&LoopMacros::default(), Some(&scope as &dyn Scope));
    let climb = climb(&files(before), &files(after), &claim, names);
    assert_eq!(climb.problem.is_none(), climb.verdict == Verdict::Expands);
    climb.problem.map(|problem| problem.to_string())
}

#[test]
fn files_that_need_another_prototype_of_the_same_condition_see_it() {
    assert_eq!(problem("int two(int x)\n{\n\treturn check(x) + one(x);\n}\n"), None);
}

#[test]
fn files_that_need_none_may_not_see_it() {
    for user in [
        "int two(int x)\n{\n\treturn one(x);\n}\n",
        "int check(int x);\nint two(int x)\n{\n\treturn one(x);\n}\n#ifdef X\nint y(int x)\n{\n\treturn check(x);\n}\n#endif\n",
        "#define check(x) 1\nint two(int x)\n{\n\treturn check(x) + one(x);\n}\n",
    ] {
        let problem = problem(user).expect("the condition may not hold");
        assert!(problem.contains("may not hold"), "{user}: {problem}");
    }
}
