use super::super::testing::units;
use super::*;

/// Both files include `common.h`; `body` stands in each.
fn check(files: (&str, &str), common: &str, body: &str, expected: Option<(&str, ApartKind)>) {
    let text = |own: &str| format!("#include \"common.h\"\n{own}");
    let (a, b) = (text(files.0), text(files.1));
    let found = units(
        &[
            ("d/a.c", &a),
            ("d/b.c", &b),
            ("d/common.h", common),
            ("d/one.h", "struct s { int x; };"),
        ],
        ["d/a.c", "d/b.c"],
    );
    let mut references = References::default();
    references.add_text(body);
    references.add_calls(body);
    let apart = Meanings::new(&found[0], &found[1]).agree(&references).err();
    let apart = apart.map(|apart| (apart.name, apart.kind));
    assert_eq!(apart, expected.map(|(name, kind)| (name.to_owned(), kind)), "{files:?} {body}");
}

#[test]
fn what_a_common_header_defines_is_one() {
    let common = "struct s { int x; };\n#define M(a) (N + (a)->x)\n#define N 1\nenum { E = N };\ntypedef struct s t;\nint f(t *);\n";
    check(("", ""), common, "f(M(E))", None);
    check(("static int own;", "int f(t *p) { return 0; }"), common, "f(M(E))", None);
}

#[test]
fn what_one_file_sees_more_of_a_name_is_no_other_one() {
    // A trace event is called after a function, and defines none of that name.
    let common = "unsigned int get(int reg);\n#ifdef __GNUC__\n__extension__ typedef unsigned long long word;\n#endif\n";
    let event = "TRACE_EVENT(get,\n\tTP_PROTO(int reg),\n\tTP_ARGS(reg));\n";
    check((event, ""), common, "(word)get(1)", None);
    check((event, "static int get(int reg);"), "", "get(1)", Some(("get", ApartKind::Function)));
}

#[test]
fn members_of_what_only_a_typedef_names_must_be_the_same() {
    let common = "typedef struct { struct s *own; int plain; } word;\nword *get(void);\n";
    let two = ("struct s { int x; };", "struct s { long x; };");
    check(two, common, "get()->plain", None);
    check(two, common, "get()->own", Some(("s", ApartKind::Type)));
    let cut =
        "typedef struct {\n#ifdef WIDE\n\tlong x;\n#endif\n\tint y; } word;\nword *get(void);\n";
    check(("", ""), cut, "get()->y", None);
    check(("#define WIDE", ""), cut, "get()->y", Some(("word", ApartKind::Type)));
}

#[test]
fn a_name_of_each_file_is_two() {
    let two = |own: &str, name, kind| check((own, own), "", name, Some((name, kind)));
    two("static int f(void) { return 1; }", "f", ApartKind::Function);
    two("static int state;", "state", ApartKind::Object);
    two("enum { A, B };", "B", ApartKind::Constant);
    two("typedef int word;", "word", ApartKind::Type);
    check(
        ("struct s { int x; };", "struct s { int x; };"),
        "",
        "struct s",
        Some(("s", ApartKind::Type)),
    );
    check(
        ("#include \"one.h\"", "struct s { int x; };"),
        "",
        "struct s",
        Some(("s", ApartKind::Type)),
    );
    check(("", ""), "", "nothing", Some(("nothing", ApartKind::Unknown)));
}

#[test]
fn macros_of_the_files_are_one_where_their_texts_and_what_they_mention_are() {
    check(("#define R 1", "#define R 1"), "", "R", None);
    check(("#define R 1", "#define R 2"), "", "R", Some(("R", ApartKind::Macro)));
    check(
        ("#define R own\nstatic int own;", "#define R own\nstatic int own;"),
        "",
        "R",
        Some(("own", ApartKind::Object)),
    );
}

#[test]
fn a_macro_of_a_header_that_expands_to_what_the_files_define_is_two() {
    let common = "#define DBG(x) print(PREFIX x)\nvoid print(const char *);\n#ifdef FAST\n#define K 1\n#else\n#define K 2\n#endif\nstatic inline int i(void) { return LEVEL; }\n";
    check(
        ("#define PREFIX \"a\"", "#define PREFIX \"b\""),
        common,
        "DBG(1)",
        Some(("PREFIX", ApartKind::Macro)),
    );
    check(("#define PREFIX \"a\"", "#define PREFIX \"a\""), common, "DBG(1)", None);
    check(("#define FAST", ""), common, "K", Some(("K", ApartKind::Macro)));
    check(("#define LEVEL 1", "#define LEVEL 2"), common, "i()", Some(("i", ApartKind::Function)));
}

#[test]
fn a_struct_that_is_only_reached_over_a_member_counts() {
    let common = "struct priv;\nstruct dev { struct priv *priv; struct other *o; int n; };\n";
    let files = ("struct priv { int a; int b; };", "struct priv { int b; int a; };");
    check(files, common, "((struct dev *)0)->priv->a", Some(("priv", ApartKind::Type)));
    check(files, common, "((struct dev *)0)->n", None);
    let hidden = "struct dev { struct priv *priv; };\nstruct dev *get(void);\n";
    check(files, hidden, "get()->priv->a", Some(("priv", ApartKind::Type)));
}

#[test]
fn a_name_that_a_macro_spells_is_looked_up_in_both() {
    let common = "#define FIELD(r, f) r##__##f\n#define CTRL__OK 1\nint CTRL__ALSO;\n";
    check(("", ""), common, "FIELD(CTRL, OK)", None);
    check(("", ""), common, "FIELD(CTRL, ALSO)", None);
    check(("", ""), common, "FIELD(CTRL, NOT)", Some(("CTRL__NOT", ApartKind::Spelled)));
    let files = ("#define CTRL__EN 1", "#define CTRL__EN 2");
    check(files, common, "FIELD(CTRL, EN)", Some(("CTRL__EN", ApartKind::Macro)));
}

#[test]
fn who_gets_a_text_must_see_what_it_asks_of_a_struct() {
    let common = "struct s;\nstruct s *get(void);\n";
    let whole = "#include \"common.h\"\nstruct t { int n; };\n#include \"one.h\"\n";
    let found = units(
        &[
            ("d/a.c", whole),
            ("d/b.h", "#include \"common.h\"\n"),
            ("d/common.h", common),
            ("d/one.h", "struct s { int x; };"),
        ],
        ["d/a.c", "d/b.h"],
    );
    for (body, is_apart) in
        [("get()", false), ("get()->x", true), ("get()->y", false), ("sizeof(struct s)", true)]
    {
        let mut references = References::default();
        references.add_text(body);
        let both = || Meanings::new(&found[0], &found[1]);
        assert_eq!(both().agree(&references), Ok(()), "{body}: both have compiled it");
        let found = both().moving().agree(&references).err();
        let found = found.map(|apart| (apart.name, apart.kind));
        assert_eq!(found, is_apart.then(|| ("s".to_owned(), ApartKind::Type)), "{body}");
    }
}
