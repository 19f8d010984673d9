//! Parts of functions as functions of their own: what is right passes, and each text that is
//! another program fails for its own reason.

use super::*;
use crate::verify::Lift;

const PREFIX: &str = "struct a { int x; int y; };\nint get(struct a *a, int r);\n\
    void put(struct a *a, int r, int v);\nvoid keep(int *p);\n";

/// A function before, its part and the function without it, and whether that is the same
/// program: `None`, or what the check says.
type Case = (&'static str, &'static str, &'static str, &'static str, Option<&'static str>);

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("the end",
     "int f(struct a *a)\n{\n\tint v;\n\n\tput(a, 1, 2);\n\tv = get(a, 3);\n\treturn v + 1;\n}\n",
     "static int part(struct a *a)\n{\n\tint v;\n\n\tv = get(a, 3);\n\treturn v + 1;\n}\n",
     "int f(struct a *a)\n{\n\tput(a, 1, 2);\n\treturn part(a);\n}\n", None),
    ("a value",
     "int f(struct a *a)\n{\n\tint v;\n\n\tv = get(a, 3);\n\tv += get(a, 4);\n\treturn v;\n}\n",
     "static int part(struct a *a)\n{\n\tint v;\n\n\tv = get(a, 3);\n\tv += get(a, 4);\n\treturn v;\n}\n",
     "int f(struct a *a)\n{\n\tint v;\n\n\tv = part(a);\n\treturn v;\n}\n", None),
    ("a value set in both branches",
     "int f(struct a *a)\n{\n\tint v = 7;\n\n\tif (get(a, 3))\n\t\tv = 1;\n\telse\n\t\tv = 2;\n\treturn v;\n}\n",
     "static int part(struct a *a)\n{\n\tint v;\n\n\tif (get(a, 3))\n\t\tv = 1;\n\telse\n\t\tv = 2;\n\treturn v;\n}\n",
     "int f(struct a *a)\n{\n\tint v = 7;\n\n\tv = part(a);\n\treturn v;\n}\n", None),
    ("a value set in one branch",
     "int f(struct a *a)\n{\n\tint v = 7;\n\n\tif (get(a, 3))\n\t\tv = 1;\n\tput(a, 1, 2);\n\treturn v;\n}\n",
     "static int part(struct a *a)\n{\n\tint v;\n\n\tif (get(a, 3))\n\t\tv = 1;\n\tput(a, 1, 2);\n\treturn v;\n}\n",
     "int f(struct a *a)\n{\n\tint v = 7;\n\n\tv = part(a);\n\treturn v;\n}\n", Some("has another value")),
    ("what it begins with",
     "int f(struct a *a)\n{\n\tint v = 7;\n\n\tif (get(a, 3))\n\t\tv = 1;\n\tput(a, 1, 2);\n\treturn v;\n}\n",
     "static int part(struct a *a)\n{\n\tint v = 7;\n\n\tif (get(a, 3))\n\t\tv = 1;\n\tput(a, 1, 2);\n\treturn v;\n}\n",
     "int f(struct a *a)\n{\n\tint v;\n\n\tv = part(a);\n\treturn v;\n}\n", None),
    ("another beginning",
     "int f(struct a *a)\n{\n\tint v = 7;\n\n\tif (get(a, 3))\n\t\tv = 1;\n\tput(a, 1, 2);\n\treturn v;\n}\n",
     "static int part(struct a *a)\n{\n\tint v = 8;\n\n\tif (get(a, 3))\n\t\tv = 1;\n\tput(a, 1, 2);\n\treturn v;\n}\n",
     "int f(struct a *a)\n{\n\tint v;\n\n\tv = part(a);\n\treturn v;\n}\n", Some("no longer declared")),
    ("errors",
     "static int f(struct a *a)\n{\n\tint r;\n\n\tr = get(a, 3);\n\tif (r)\n\t\treturn r;\n\tif (a->x)\n\t\treturn -EIO;\n\tput(a, 1, 2);\n\treturn 4;\n}\n",
     "static int part(struct a *a)\n{\n\tint r;\n\n\tr = get(a, 3);\n\tif (r)\n\t\treturn r;\n\tif (a->x)\n\t\treturn -EIO;\n\treturn 0;\n}\n",
     "static int f(struct a *a)\n{\n\tint r;\n\n\tr = part(a);\n\tif (r)\n\t\treturn r;\n\tput(a, 1, 2);\n\treturn 4;\n}\n", None),
    ("success in the middle",
     "static int f(struct a *a)\n{\n\tint r;\n\n\tr = get(a, 3);\n\tif (r >= 0)\n\t\treturn r;\n\tput(a, 1, 2);\n\treturn 4;\n}\n",
     "static int part(struct a *a)\n{\n\tint r;\n\n\tr = get(a, 3);\n\tif (r >= 0)\n\t\treturn r;\n\treturn 0;\n}\n",
     "static int f(struct a *a)\n{\n\tint r;\n\n\tr = part(a);\n\tif (r)\n\t\treturn r;\n\tput(a, 1, 2);\n\treturn 4;\n}\n", Some("may return success")),
    ("an error above zero where only those below are told",
     "static int f(struct a *a)\n{\n\tint r;\n\n\tr = get(a, 3);\n\tif (r)\n\t\treturn r;\n\tput(a, 1, 2);\n\treturn 4;\n}\n",
     "static int part(struct a *a)\n{\n\tint r;\n\n\tr = get(a, 3);\n\tif (r)\n\t\treturn r;\n\treturn 0;\n}\n",
     "static int f(struct a *a)\n{\n\tint r;\n\n\tr = part(a);\n\tif (r < 0)\n\t\treturn r;\n\tput(a, 1, 2);\n\treturn 4;\n}\n", Some("may return success")),
    ("an error that is changed before it is returned",
     "static int f(struct a *a)\n{\n\tint r;\n\n\tr = get(a, 3);\n\tif (r) {\n\t\tr = get(a, 4);\n\t\treturn r;\n\t}\n\tput(a, 1, 2);\n\treturn 4;\n}\n",
     "static int part(struct a *a)\n{\n\tint r;\n\n\tr = get(a, 3);\n\tif (r) {\n\t\tr = get(a, 4);\n\t\treturn r;\n\t}\n\treturn 0;\n}\n",
     "static int f(struct a *a)\n{\n\tint r;\n\n\tr = part(a);\n\tif (r)\n\t\treturn r;\n\tput(a, 1, 2);\n\treturn 4;\n}\n", Some("may return success")),
    ("the error is used behind it",
     "static int f(struct a *a)\n{\n\tint r;\n\n\tr = get(a, 3);\n\tif (r < 0)\n\t\treturn r;\n\tput(a, 1, 2);\n\treturn r;\n}\n",
     "static int part(struct a *a)\n{\n\tint r;\n\n\tr = get(a, 3);\n\tif (r < 0)\n\t\treturn r;\n\treturn 0;\n}\n",
     "static int f(struct a *a)\n{\n\tint r;\n\n\tr = part(a);\n\tif (r < 0)\n\t\treturn r;\n\tput(a, 1, 2);\n\treturn r;\n}\n", Some("is zero behind the part")),
    ("a return in the middle",
     "void f(struct a *a)\n{\n\tif (a->x)\n\t\treturn;\n\tput(a, 1, 2);\n\tput(a, 3, 4);\n}\n",
     "static void part(struct a *a)\n{\n\tif (a->x)\n\t\treturn;\n\tput(a, 1, 2);\n}\n",
     "void f(struct a *a)\n{\n\tpart(a);\n\tput(a, 3, 4);\n}\n", Some("leaves the part")),
    ("a variable changed and used behind it",
     "void f(struct a *a, int v)\n{\n\tv += get(a, 1);\n\tput(a, 1, v);\n\tput(a, 3, v);\n}\n",
     "static void part(struct a *a, int v)\n{\n\tv += get(a, 1);\n\tput(a, 1, v);\n}\n",
     "void f(struct a *a, int v)\n{\n\tpart(a, v);\n\tput(a, 3, v);\n}\n", Some("is changed by the part and used behind it")),
    ("a variable changed by a macro",
     "#define ADD(v, n) ((v) += (n))\nvoid f(struct a *a, int v)\n{\n\tADD(v, get(a, 1));\n\tput(a, 1, v);\n\tput(a, 3, v);\n}\n",
     "static void part(struct a *a, int v)\n{\n\tADD(v, get(a, 1));\n\tput(a, 1, v);\n}\n",
     "void f(struct a *a, int v)\n{\n\tpart(a, v);\n\tput(a, 3, v);\n}\n", Some("is changed by the part and used behind it")),
    ("an address that is kept",
     "void f(struct a *a)\n{\n\tint v = 1;\n\n\tkeep(&v);\n\tput(a, 1, 2);\n\tput(a, 3, 4);\n}\n",
     "static void part(struct a *a)\n{\n\tint v = 1;\n\n\tkeep(&v);\n\tput(a, 1, 2);\n}\n",
     "void f(struct a *a)\n{\n\tpart(a);\n\tput(a, 3, 4);\n}\n", Some("may be reached when the part is over")),
    ("an address that was kept",
     "void f(struct a *a)\n{\n\tint v = 1;\n\n\tkeep(&v);\n\tput(a, 1, v);\n\tput(a, 3, v);\n}\n",
     "static void part(struct a *a, int v)\n{\n\tput(a, 1, v);\n\tput(a, 3, v);\n}\n",
     "void f(struct a *a)\n{\n\tint v = 1;\n\n\tkeep(&v);\n\tpart(a, v);\n}\n", Some("may be reached by its address")),
    ("a goto out of it",
     "void f(struct a *a)\n{\n\tif (a->x)\n\t\tgoto out;\n\tput(a, 1, 2);\n\tput(a, 3, 4);\nout:\n\tput(a, 5, 6);\n}\n",
     "static void part(struct a *a)\n{\n\tif (a->x)\n\t\tgoto out;\n\tput(a, 1, 2);\n}\n",
     "void f(struct a *a)\n{\n\tpart(a);\n\tput(a, 3, 4);\nout:\n\tput(a, 5, 6);\n}\n", Some("")),
    ("run again",
     "void f(struct a *a)\n{\n\tint v;\n\nagain:\n\tv = get(a, 1);\n\tput(a, 1, v);\n\tif (a->x)\n\t\tgoto again;\n}\n",
     "static void part(struct a *a)\n{\n\tint v;\n\n\tv = get(a, 1);\n\tput(a, 1, v);\n}\n",
     "void f(struct a *a)\n{\nagain:\n\tpart(a);\n\tif (a->x)\n\t\tgoto again;\n}\n", Some("")),
    ("a narrower type",
     "int f(struct a *a, int v)\n{\n\tput(a, 1, 2);\n\tput(a, 1, v);\n\treturn v;\n}\n",
     "static int part(struct a *a, char v)\n{\n\tput(a, 1, v);\n\treturn v;\n}\n",
     "int f(struct a *a, int v)\n{\n\tput(a, 1, 2);\n\treturn part(a, v);\n}\n", Some("takes another `v`")),
    ("arguments exchanged",
     "int f(int v, int w)\n{\n\tkeep(0);\n\tkeep(0);\n\treturn v - w;\n}\n",
     "static int part(int v, int w)\n{\n\tkeep(0);\n\treturn v - w;\n}\n",
     "int f(int v, int w)\n{\n\tkeep(0);\n\treturn part(w, v);\n}\n", Some("by the same names")),
    ("a statement less",
     "int f(struct a *a)\n{\n\tput(a, 1, 2);\n\tput(a, 3, 4);\n\treturn a->x;\n}\n",
     "static int part(struct a *a)\n{\n\treturn a->x;\n}\n",
     "int f(struct a *a)\n{\n\tput(a, 1, 2);\n\treturn part(a);\n}\n", Some("another with its part put back")),
    ("a wider result",
     "int f(struct a *a)\n{\n\tput(a, 1, 2);\n\treturn a->x;\n}\n",
     "static long part(struct a *a)\n{\n\treturn a->x;\n}\n",
     "int f(struct a *a)\n{\n\tput(a, 1, 2);\n\treturn part(a);\n}\n", Some("of another type")),
    ("called where it may not be",
     "void f(struct a *a)\n{\n\tif (a->x)\n\t\tput(a, 1, 2);\n\tput(a, 3, 4);\n}\n",
     "static void part(struct a *a)\n{\n\tput(a, 1, 2);\n}\n",
     "void f(struct a *a)\n{\n\tif (a->x)\n\t\tpart(a);\n\tput(a, 3, 4);\n}\n", Some("no statement of its own")),
    ("the name of the function",
     "void f(struct a *a)\n{\n\tput(a, 1, 2);\n\tname(__func__);\n}\n",
     "static void part(struct a *a)\n{\n\tname(__func__);\n}\n",
     "void f(struct a *a)\n{\n\tput(a, 1, 2);\n\tpart(a);\n}\n", Some("may not stand in a part")),
];

#[test]
fn a_part_is_the_same_program_or_the_check_says_why_not() {
    let missed: Vec<String> = CASES.iter().filter_map(missed).collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// The part is the helper: the second step has nothing to find.
fn missed(&(what, before, part, after, expected): &Case) -> Option<String> {
    let at = before.find("#define").map_or(0, |_| before.find('\n').unwrap_or(0) + 1);
    let (macros, before) = before.split_at(at);
    let whole = [PREFIX, macros, before].concat();
    let patched = [
        PREFIX,
        macros,
        &part.replace("part(", "helper("),
        "\n",
        &after.replace("part(", "helper("),
    ]
    .concat();
    let start = PREFIX.len() + macros.len();
    let text = [part, "\n", after].concat();
    let lift = Lift {
        parts: vec!["part".to_owned()],
        edits: [(super::PATH.to_owned(), vec![(start, whole.len(), text)])].into(),
    };
    let claim = Claim { lift: Some(lift), ..claim(&["f"], None, Some("helper")) };
    let climb = climbs(&whole, &patched, &claim);
    let problem = climb.problem.map(|it| it.to_string());
    match (expected, &problem) {
        (None, None) => None,
        (Some(expected), Some(problem)) if problem.contains(expected) => None,
        _ => Some(format!("{what}: expected {expected:?}, found {problem:?}")),
    }
}
