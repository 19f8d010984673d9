//! Bytes that no compiler wrote.

use super::super::names::{cold_parent, is_numbered, normalise};
use super::super::{Object, ObjectError, Unit, compare, compare_functions};
use super::compile;

const SOURCE: &str = "
    static const char *const names[] = {\"one\", \"two\"};
    static int count = 3;
    int f(int x) {
        switch (x) { case 0: lock(0); break; case 1: unlock(0); break; case 2: return get(0, 3);
        case 3: return put(0, 4, 5); case 4: printk(names[x]); break; }
        return count++;
    }";

#[test]
fn damaged_objects_are_errors_or_compared_but_never_a_panic() {
    let Some(good) = compile(SOURCE) else { return };
    let whole = Object::read(&good).unwrap();
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut read = 0;
    for _ in 0..3000 {
        let mut bytes = good.clone();
        for _ in 0..=random(4) {
            let (at, value) = (random(bytes.len()), random(256) as u8);
            bytes[at] = if value.is_multiple_of(3) { 0xff } else { value };
        }
        if let Ok(object) = Object::read(&bytes) {
            read += 1;
            compare(&whole, &object);
            compare(&object, &whole);
            let _ = compare_functions(&object, "f", &whole, "f", Unit::Other);
        }
    }
    assert!(read > 500, "only {read} damaged objects were readable");
    for length in (0..good.len()).step_by(7) {
        let _ = Object::read(&good[..length]);
    }
}

#[test]
fn other_machines_are_an_error_not_a_pass() {
    let mut header = vec![0u8; 64];
    header[..7].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1, 1]);
    header[16] = 1;
    header[18] = 183;
    header[20] = 1;
    header[52] = 64;
    let check = |bytes: &[u8], expected: ObjectError| {
        assert_eq!(Object::read(bytes).err(), Some(expected));
    };
    check(&header, ObjectError::Machine(183));
    header[4] = 1;
    header[18] = 40;
    check(&header, ObjectError::Machine(40));
    header[5] = 2;
    header[18..20].copy_from_slice(&[0, 20]);
    check(&header, ObjectError::Machine(20));
    header[4..6].copy_from_slice(&[2, 1]);
    header[18..20].copy_from_slice(&[62, 0]);
    header[16] = 3;
    check(&header, ObjectError::NotRelocatable(3));
    assert!(matches!(Object::read(b"!<arch>\n").err(), Some(ObjectError::Malformed(_))));
}

#[test]
fn a_function_that_is_not_there_is_an_error() {
    let Some(good) = compile(SOURCE) else { return };
    let object = Object::read(&good).unwrap();
    let result = compare_functions(&object, "f", &object, "g", Unit::Same);
    assert_eq!(result, Err(ObjectError::NoFunction("g".to_owned())));
}

#[test]
fn the_compilers_numbers_are_no_part_of_a_name() {
    let check = |name: &str, expected: &str, numbered: bool| {
        assert_eq!((normalise(name).as_ref(), is_numbered(name)), (expected, numbered));
    };
    check("count", "count", false);
    check("count.3", "count", true);
    check("reg2", "reg2", false);
    check("f.isra.0", "f.isra", true);
    check("f.part.12.cold", "f.part.cold", true);
    check("__UNIQUE_ID_license695", "__UNIQUE_ID_license#", true);
    check("__initcall__kmod_a__12_345_b6", "__initcall__kmod_a__#_#_b#", true);
    assert_eq!(cold_parent("f.cold"), Some("f"));
    assert_eq!(cold_parent("f.isra.0.cold.7"), Some("f.isra.0"));
    assert_eq!(cold_parent("cold"), None);
    assert_eq!(cold_parent("f.cold7"), None);
}

#[test]
fn functions_of_one_object_have_their_own_state_and_their_own_names() {
    let check = |body: &str, is_same: bool| {
        let function = |name: &str| format!("int {name}(int x)\n{{\n\t{body}\n}}\n");
        let Some(bytes) = super::compile(&(function("f__before") + &function("f"))) else { return };
        let object = Object::read(&bytes).unwrap();
        let found = compare_functions(&object, "f__before", &object, "f", Unit::Same).unwrap();
        assert_eq!(found.is_empty(), is_same, "{body}: {found:?}");
    };
    check("static int own; return x + own++;", false);
    check("static int __UNIQUE_ID_own7; return x + __UNIQUE_ID_own7++;", false);
    check("return printk(__func__) + x;", true);
    check("extern int all; return x + all++;", true);
}
