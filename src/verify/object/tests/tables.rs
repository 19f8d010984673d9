//! Jump tables, and the kernel's tables whose entries belong to instructions.

use super::{check_differs, check_same, compile_with};
use crate::verify::object::{Object, compare};

const SWITCH: &str = "
    int f(void *d, int x) {
        switch (x) {
        case 0: lock(d); return 5;
        case 1: unlock(d); return 6;
        case 2: return get(d, 3);
        case 3: return put(d, 4, 5);
        case 4: printk(\"four\"); return 8;
        case 5: printk(\"five\"); return 9;
        }
        return 0;
    }";

fn exchanged() -> String {
    SWITCH.replace("case 2:", "case x:").replace("case 3:", "case 2:").replace("case x:", "case 3:")
}

#[test]
fn an_exchanged_case_is_found() {
    check_differs(SWITCH, &exchanged(), &["f()"]);
    let other = SWITCH
        .replace("case 4: printk", "case 7: printk")
        .replace("case 5: printk", "case 4: printk")
        .replace("case 7: printk", "case 5: printk");
    check_differs(SWITCH, &other, &["f()"]);
}

/// Two entries of the table are exchanged in the object itself, so that all
/// instructions stay as they are.
#[test]
fn exchanged_entries_of_a_jump_table_are_found() {
    for flags in ["", "-fpie -mcmodel=small"] {
        let Some(before) = compile_with(SWITCH, flags) else { return };
        let mut after = before.clone();
        let (one, two) = relocations_of_the_table(&before);
        // The target (symbol, type and addend) without the place.
        for byte in 8..24 {
            after.swap(one + byte, two + byte);
        }
        let addends = (addend(&before, one), addend(&before, two));
        assert_ne!(addends.0, addends.1, "both cases go to the same place");
        let (old, new) = (Object::read(&before).unwrap(), Object::read(&after).unwrap());
        assert_eq!(compare(&old, &old).differences, []);
        let comparison = compare(&old, &new);
        let line = comparison.differences[0].to_string();
        assert!(line.contains("a case of a switch goes elsewhere"), "{line}");
    }
}

fn addend(object: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(object[at + 16..at + 24].try_into().unwrap())
}

/// Where in the file the first two relocations of the table stand.
fn relocations_of_the_table(bytes: &[u8]) -> (usize, usize) {
    use object::read::elf::{FileHeader, SectionHeader};
    type Header = object::elf::FileHeader64<object::endian::LittleEndian>;
    let endian = object::endian::LittleEndian;
    let headers = Header::parse(bytes).unwrap().sections(endian, bytes).unwrap();
    let table = headers.iter().find(|header| {
        let name = headers.section_name(endian, header).unwrap();
        name.starts_with(b".rela.rodata") && header.sh_size(endian) == 6 * 24
    });
    let start = table.unwrap().sh_offset(endian) as usize;
    (start, start + 24)
}

const PATCHED: &str = "
    #define ENTRY(place, to) \".pushsection __ex_table,\\\"a\\\"\\n.balign 4\\n.long (\" place \") - .\\n.long (\" to \") - .\\n.long 3\\n.popsection\\n\"
    static __attribute__((noinline, used)) int read_user(int *p) {
        int v = 0;
        asm volatile(\"1: mov (%1), %0\\n2:\\n\" ENTRY(\"1b\", \"2b\") : \"+r\"(v) : \"r\"(p));
        return v + 1;
    }
    static __attribute__((noinline, used)) void bug(int x) {
        if (x) asm volatile(\"1: ud2\\n.pushsection __bug_table,\\\"aw\\\"\\n.long 1b - .\\n.word 1\\n.org . + 2\\n.popsection\");
        lock(0);
    }
    static __attribute__((noinline, used)) void fence(void) {
        asm volatile(\"661: nop; nop; nop\\n662:\\n.pushsection .altinstructions,\\\"a\\\"\\n.long 661b - .\\n.long 663f - .\\n.word 154\\n.byte 662b-661b, 664f-663f\\n.popsection\\n.pushsection .altinstr_replacement,\\\"ax\\\"\\n663: lfence\\n664:\\n.popsection\");
        unlock(0);
    }";

#[test]
fn tables_follow_their_functions() {
    let first = "int first(void) { return get(0, 1); }";
    let mut parts: Vec<&str> = PATCHED.split("    static ").collect();
    let prelude = parts.remove(0);
    let forward: Vec<String> = parts.iter().map(|part| format!("static {part}")).collect();
    let backward: Vec<String> = forward.iter().rev().cloned().collect();
    let before = format!("{prelude}{}{first}", forward.join("\n"));
    let after = format!("{prelude}{first}{}", backward.join("\n"));
    check_same(&before, &after, &["read_user", "bug", "fence", "first"]);
}

#[test]
fn other_entries_of_tables_are_found() {
    let check = |from: &str, to: &str, expected: &str| {
        assert!(PATCHED.contains(from));
        check_differs(PATCHED, &PATCHED.replace(from, to), &[expected]);
    };
    check(".long 3", ".long 4", "read_user(): another entry in __ex_table");
    check("\"1b\", \"2b\"", "\"1b\", \"1b\"", "read_user(): another entry in __ex_table");
    check("\"1b\", \"2b\"", "\"2b\", \"2b\"", "read_user(): other entries in __ex_table");
    check(".word 1\\n", ".word 2\\n", "bug(): another entry in __bug_table");
    check(".word 154", ".word 155", "fence(): another entry in .altinstructions");
    check("lfence", "mfence", "fence(): another entry in .altinstructions");
    check(" ENTRY(\"1b\", \"2b\")", "", "read_user(): 0 entries instead of 1");
}

#[test]
fn module_information_has_no_order() {
    let info = |name: &str, text: &str| {
        format!(
            "static const char {name}[] __attribute__((used, section(\".modinfo\"))) = \"{text}\";"
        )
    };
    let (one, two) = (info("a", "license=GPL"), info("b", "author=me"));
    check_same(&format!("{one}{two}"), &format!("{two}{one}"), &[]);
    let other = info("b", "author=you");
    let line = "section .modinfo: \"author=me\" became \"author=you\"";
    check_differs(&format!("{one}{two}"), &format!("{one}{other}"), &[line]);
}
