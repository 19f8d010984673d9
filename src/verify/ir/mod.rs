//! Is it the same program for another compiler. In: two modules of LLVM IR as clang
//! writes them (`-S -emit-llvm`), before and after a patch, optimised, with the helper
//! inlined. Out: a [`Comparison`], function by function and variable by variable. Nothing
//! here runs a process or opens a file, and no text whatever makes it panic.
//!
//! Two functions are the same when their texts are once blocks are put in the order in
//! which they are reached, values have numbers, and constants without a name are what they
//! hold. `llvm-diff`, which looks for the same, does not see everything: what an inline
//! assembly says, whether an access is volatile or atomic and what it does, and which of
//! two structs of one tag is meant (LLVM 14); so it is never asked alone.

mod canonical;
mod module;

use super::object::{Comparison, Difference, Merged, Subject};
use canonical::Canonical;
use module::Module;

/// Compares two modules. A call or an address of one of `merged.functions` before may be
/// that of `merged.into` after; each of them that is defined must be the same as that.
pub fn compare(before: &str, after: &str, merged: &Merged) -> Comparison {
    let (old, new) = (Module::parse(before), Module::parse(after));
    let (before, after) = (Canonical::new(&old, merged), Canonical::new(&new, merged));
    let mut comparison = Comparison::default();
    let mut pair = |subject: Subject, old: Option<String>, new: Option<String>| match (old, new) {
        (Some(old), Some(new)) if old == new => comparison.same.push(subject),
        (Some(old), Some(new)) => comparison.differences.push(difference(subject, &old, &new)),
        (Some(_), None) => comparison.gone.push(subject),
        (None, Some(_)) => comparison.new.push(subject),
        (None, None) => {}
    };
    for name in module::names(&old.functions, &new.functions) {
        let as_new = before.is_merged(name).then_some(merged.into.as_str());
        let other = as_new.filter(|into| new.functions.contains_key(into)).unwrap_or(name);
        let subject = Subject::Function(name.to_owned());
        pair(subject, before.function(name), after.function(other));
    }
    for name in module::names(&old.globals, &new.globals) {
        let subject = Subject::Data(name.to_owned());
        pair(subject, before.variable(name), after.variable(name));
    }
    for name in module::names(&old.types, &new.types) {
        let (Some(one), Some(other)) = (old.types.get(name), new.types.get(name)) else { continue };
        pair(
            Subject::Data(format!("type {name}")),
            Some((*one).to_owned()),
            Some((*other).to_owned()),
        );
    }
    let section = Subject::Section("module asm".to_owned());
    pair(section, Some(old.assembly.join("\n")), Some(new.assembly.join("\n")));
    comparison
}

fn difference(subject: Subject, before: &str, after: &str) -> Difference {
    let lines = before.lines().zip(after.lines()).find(|(old, new)| old != new);
    let (old, new) = lines.unwrap_or(("", ""));
    let detail = format!("`{}` became `{}` in LLVM's IR", old.trim(), new.trim());
    Difference { subject, before: None, after: None, detail, cause: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A function of one argument with this body.
    fn function(body: &str) -> String {
        format!("define i32 @f(i32 noundef %x) #0 {{\nentry:\n{body}\n}}\n")
    }

    #[track_caller]
    fn check(before: &str, after: &str, same: bool) {
        let found = compare(before, after, &Merged::default());
        let is_same = found.differences.is_empty() && found.gone.is_empty() && found.new.is_empty();
        assert_eq!(is_same, same, "{found:?}");
    }

    #[test]
    fn names_of_values_order_of_blocks_and_numbers_of_strings_are_no_difference() {
        let strings = "@.str = private unnamed_addr constant [2 x i8] c\"a\\00\", align 1\n\
                       @.str.1 = private unnamed_addr constant [2 x i8] c\"b\\00\", align 1\n";
        let before = function(
            "  %c = icmp eq i32 %x, 0\n  br i1 %c, label %t, label %e\nt:    ; preds = %entry\n  \
             %r = tail call i32 @g(i8* getelementptr ([2 x i8], [2 x i8]* @.str, i64 0)), !srcloc !7\n  \
             br label %e\ne:\n  %p = phi i32 [ %r, %t ], [ 1, %entry ]\n  ret i32 %p",
        );
        let after = function(
            "  %d = icmp eq i32 %x, 0\n  br i1 %d, label %yes, label %no\nno:\n  \
             %0 = phi i32 [ 1, %entry ], [ %1, %yes ]\n  ret i32 %0\nyes:\n  \
             %1 = tail call i32 @g(i8* getelementptr ([2 x i8], [2 x i8]* @.str.1, i64 0))\n  br label %no",
        );
        let exchanged = strings.replace("@.str ", "@.x ").replace("@.str.1", "@.str");
        let exchanged = exchanged.replace("@.x ", "@.str.1 ");
        check(&(strings.to_owned() + &before), &(exchanged + &after), true);
        check(&(strings.to_owned() + &before), &(strings.to_owned() + &after), false);
    }

    #[test]
    fn what_llvm_diff_passes_over_is_a_difference() {
        for (before, after) in [
            ("load volatile i32, i32* @v", "load i32, i32* @v"),
            ("atomicrmw add i32* @v, i32 1 seq_cst", "atomicrmw sub i32* @v, i32 1 seq_cst"),
            ("call i32 asm \"inb\", \"=r\"()", "call i32 asm \"inw\", \"=r\"()"),
            ("call i32 @g(i32 %x)", "call i32 @h(i32 %x)"),
            ("add i32 %x, 1", "add i32 %x, 2"),
        ] {
            let body = |what: &str| function(&format!("  %r = {what}\n  ret i32 %r"));
            check(&body(before), &body(before), true);
            check(&body(before), &body(after), false);
        }
        let tagged = |fields: &str| {
            format!("%struct.s = type {{ {fields} }}\n")
                + &function("  %r = load i32, i32* @v\n  ret i32 %r")
        };
        check(&tagged("i32, i32"), &tagged("i32, i32"), true);
        check(&tagged("i32, i32"), &tagged("i64, i32"), false);
    }

    #[test]
    fn exchanged_operands_branches_and_cases_are_differences() {
        let two = |what: &str| {
            function(&format!("  %a = call i32 @g()\n  %r = sub i32 {what}\n  ret i32 %r"))
        };
        check(&two("%a, %x"), &two("%x, %a"), false);
        let branch = |labels: &str| {
            function(&format!("  br i1 undef, {labels}\na:\n  ret i32 1\nb:\n  ret i32 2"))
        };
        check(&branch("label %a, label %b"), &branch("label %b, label %a"), false);
        let cases = |one: &str| {
            function(&format!(
                "  switch i32 %x, label %b [\n    i32 {one}, label %a\n  ]\na:\n  ret i32 1\nb:\n  ret i32 2"
            ))
        };
        check(&cases("1"), &cases("1"), true);
        check(&cases("1"), &cases("2"), false);
    }

    #[test]
    fn variables_and_module_assembly_are_compared_and_merged_functions_by_their_bodies() {
        let table = |value: &str| format!("@t = internal constant [1 x i32] [i32 {value}]\n");
        check(&table("1"), &table("1"), true);
        check(&table("1"), &table("2"), false);
        check(&table("1"), "", false);
        check("module asm \"a\"\n", "module asm \"b\"\n", false);

        let both = |x: &str, a: &str, b: &str| {
            format!(
                "@ops = constant [2 x i8*] [i8* {x}, i8* @b]\ndefine i32 @a() {{\nentry:\n  ret i32 {a}\n}}\n\
                 define i32 @b() {{\nentry:\n  ret i32 {b}\n}}\n"
            )
        };
        let one = "@ops = constant [2 x i8*] [i8* @b, i8* @b]\ndefine i32 @b() {\nentry:\n  ret i32 1\n}\n";
        let merged = Merged { functions: ["a".to_owned()].into(), into: "b".to_owned() };
        assert!(compare(&both("@a", "1", "1"), one, &merged).differences.is_empty());
        assert_eq!(compare(&both("@a", "2", "1"), one, &merged).differences.len(), 1);
    }

    #[test]
    fn no_text_makes_it_panic() {
        for text in
            ["define", "define @", "define @f {", "define i32 @f(\n%x = \"", "@\n%\n!\n", "}"]
        {
            compare(text, text, &Merged::default());
        }
    }
}
