//! Many proposals at once: what the compiler is not asked again, and what is seen all the
//! same.

use super::{MAKEFILE, One};
use crate::common::write;
use std::fmt::Write as _;
use std::fs;

/// Drivers: enough that the whole tree is read for them.
const DRIVERS: usize = 10;

/// A driver with two functions of `lines` statements that differ in a constant.
fn driver(name: &str, lines: usize) -> String {
    let mut text = format!(
        "struct {name} {{ int last; int rate; }};\nint {name}_wait(struct {name} *it, int line);\n"
    );
    for (which, constant) in [("lowest", 16), ("highest", 64)] {
        let (mut body, operators) = (String::new(), ['+', '-', '^', '|', '&']);
        for line in 0..lines {
            let operator = operators[line % operators.len()];
            let field = if line % 3 == 1 { "rate" } else { "last" };
            writeln!(body, "\tturns {operator}= it->{field};").expect("it is a string");
        }
        write!(
            text,
            "static int {name}_{which}(struct {name} *it, int line)\n{{\n\tint turns = {name}_wait(it, line + {constant});\n\n\
             {body}\tit->last = line;\n\treturn turns / 3;\n}}\n\n",
        )
        .expect("it is a string");
    }
    text + &format!(
        "int {name}_show(struct {name} *it, int line)\n{{\n\treturn {name}_lowest(it, line) + {name}_highest(it, line);\n}}\n"
    )
}

/// Notes what it compiles as the kernel is built. Of the third driver it keeps a call
/// after the patch that it removed before, and of the fifth it says something.
const COMPILER: &str = r#"
here=${0%/cc}
case "$*" in *-ffunction-sections*) how=compared;; *) how=built;; esac
for source; do case $source in *.c)
	patched=0
	[ "$(grep -c 'return turns / 3' "$source")" = 1 ] && patched=1
	name=$(basename "$source")
	echo "$name $how $patched" >> "$here/compiled"
	[ $patched$name = 1delta2.c ] && [ $how = built ] &&
		sed -i -e '1i int wait_unknown(void);' -e 's/turns \/ 3/wait_unknown()/' "$source"
	[ $patched$name = 1delta4.c ] && [ $how = built ] && echo "$source:3:2: warning: odd [-Wodd]" >&2
esac; done
exec cc "$@"
"#;

#[test]
fn a_quiet_file_is_not_built_as_it_was_and_no_fault_is_lost() {
    let names: Vec<String> = (0..DRIVERS).map(|at| format!("delta{at}")).collect();
    let objects: String = names.iter().map(|name| format!(" drivers/hwmon/{name}.o")).collect();
    let Some(one) = One::new(&MAKEFILE.replace("alpha.o\n", &format!("alpha.o{objects}\n"))) else {
        return;
    };
    let mut kbuild = "obj-$(CONFIG_ALPHA) += alpha.o\n".to_owned();
    let mut library = String::new();
    for (at, name) in names.iter().enumerate() {
        write(one.tree.path(), &format!("drivers/hwmon/{name}.c"), &driver(name, 4 + 6 * at));
        writeln!(kbuild, "obj-m += {name}.o").expect("it is a string");
        writeln!(library, "int {name}_wait(void *it, int line)\n{{\n\treturn line;\n}}\n")
            .expect("it is a string");
    }
    write(one.tree.path(), "drivers/hwmon/Makefile", &kbuild);
    write(one.tree.path(), "lib/wait.c", &library);
    one.ok(&["plan", "-q"]);
    assert_eq!(one.verdicts().len(), DRIVERS + 1, "{:?}", one.verdicts());

    one.compiler(COMPILER);
    let run = one.verify(&[]);
    let failed = ["delta2 failed", "delta4 failed"];
    let (bad, good): (Vec<String>, Vec<String>) =
        one.verdicts().into_iter().partition(|it| failed.contains(&it.as_str()));
    assert_eq!(bad, failed, "{}{}", run.stdout, run.stderr);
    assert!(good.iter().all(|it| it.ends_with(" identical-object")), "{good:?}");
    assert!(run.stdout.contains("needs wait_unknown now"), "{}", run.stdout);
    assert!(run.stdout.contains("warning: odd [-Wodd]"), "{}", run.stdout);

    let compiled = fs::read_to_string(one.work.path().join("compiled")).expect("a list");
    let built = |name: &str, patched: u8| {
        let line = format!("{name}.c built {patched}");
        compiled.lines().filter(|it| *it == line).count()
    };
    for name in &names {
        assert_eq!(built(name, 1), 1, "{name} is built after the patch:\n{compiled}");
        let doubtful = failed.iter().any(|it| it.starts_with(name.as_str()));
        assert_eq!(built(name, 0), usize::from(doubtful), "{name} before it:\n{compiled}");
    }
}
