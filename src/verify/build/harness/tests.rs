//! Machine code written by hand: `mov %edi, %eax; ret` and its like.

use super::*;

const LIMIT: Duration = Duration::from_secs(60);
const INT: Scalar = Scalar { bits: 32, signed: true };
const BYTE: Scalar = Scalar { bits: 8, signed: false };

/// A function of this code, with these bytes at `base + 0x2000`.
fn image(base: u64, code: &[u8], data: &[u8]) -> Image {
    let piece = |page, bytes: &[u8], is_code| Piece {
        page,
        length: 4096,
        start: page,
        bytes: bytes.to_vec(),
        is_code,
    };
    let pieces = vec![piece(base, code, true), piece(base + 0x2000, data, false)];
    let texts = base + 0x2000..base + 0x2000 + data.len() as u64;
    Image { pieces, entry: base, texts: vec![texts] }
}

/// Runs two functions; `None` where there is no compiler for it.
fn ran(
    arguments: &[Scalar],
    answer: Answer,
    code: [&dyn Fn(u32) -> Vec<u8>; 2],
    data: [&[u8]; 2],
) -> Option<Ran> {
    let image =
        |side: usize, base: u32| image(u64::from(base), &code[side](base + 0x2000), data[side]);
    let harness = Harness {
        arguments: arguments.to_vec(),
        answer,
        before: image(0, 0x2000_0000),
        after: image(1, 0x3000_0000),
        moved: image(1, 0x4000_0000),
    };
    let machine = std::process::Command::new("cc").arg("-dumpmachine").output();
    if !machine.is_ok_and(|it| it.stdout.starts_with(b"x86_64-linux")) {
        eprintln!("skipped: cc does not compile for x86-64");
        return None;
    }
    Some(harness.run("cc", LIMIT).expect("it starts").0)
}

fn check(
    arguments: &[Scalar],
    answer: Answer,
    code: [&dyn Fn(u32) -> Vec<u8>; 2],
    data: [&[u8]; 2],
    expected: Ran,
) {
    if let Some(found) = ran(arguments, answer, code, data) {
        assert_eq!(found, expected);
    }
}

/// `mov %edi, %eax; ret`
fn same(_: u32) -> Vec<u8> {
    vec![0x89, 0xf8, 0xc3]
}

/// `lea (%rdi,%rsi), %eax; ret`
fn sum(_: u32) -> Vec<u8> {
    vec![0x8d, 0x04, 0x37, 0xc3]
}

/// `mov $table, %eax; ret`
fn table(table: u32) -> Vec<u8> {
    [&[0xb8][..], &table.to_le_bytes(), &[0xc3]].concat()
}

/// `movzbl table(%rdi), %eax; ret`
fn read(table: u32) -> Vec<u8> {
    [&[0x0f, 0xb6, 0x87][..], &table.to_le_bytes(), &[0xc3]].concat()
}

fn differ(arguments: &[&str], before: &str, after: &str) -> Ran {
    let arguments = arguments.iter().map(|it| (*it).to_owned()).collect();
    Ran::Differ { arguments, before: before.to_owned(), after: after.to_owned() }
}

#[test]
fn all_arguments_are_tried_and_the_first_that_differ_are_told() {
    let byte = Answer::Scalar(BYTE);
    let truth = Scalar { bits: 1, signed: false };
    let none: [&[u8]; 2] = [&[]; 2];
    check(&[BYTE], byte, [&same, &same], none, Ran::Same(256));
    check(&[BYTE, truth], byte, [&sum, &sum], none, Ran::Same(512));
    check(&[BYTE, truth], byte, [&same, &sum], none, differ(&["0", "1"], "0", "1"));
    check(&[], Answer::Scalar(INT), [&same, &same], none, Ran::Same(1));
    // `cmp $0x80, %dil; sete %al; movzbl %al, %eax; ret`: only one argument differs.
    let one = |_| vec![0x40, 0x80, 0xff, 0x80, 0x0f, 0x94, 0xc0, 0x0f, 0xb6, 0xc0, 0xc3];
    let zero = |_| vec![0x31, 0xc0, 0xc3];
    let signed = Scalar { bits: 8, signed: true };
    check(&[signed], byte, [&zero, &one], none, differ(&["-128"], "0", "1"));
}

#[test]
fn only_what_the_type_holds_is_compared() {
    // `mov %edi, %eax; or $0x100, %eax; ret`
    let more = |_| vec![0x89, 0xf8, 0x0d, 0, 1, 0, 0, 0xc3];
    let word = Scalar { bits: 16, signed: false };
    check(&[BYTE], Answer::Scalar(BYTE), [&same, &more], [&[]; 2], Ran::Same(256));
    let expected = differ(&["0"], "0", "256");
    check(&[BYTE], Answer::Scalar(word), [&same, &more], [&[]; 2], expected);
}

#[test]
fn strings_are_compared_by_their_characters_and_null_is_none() {
    let null = |_| vec![0x31, 0xc0, 0xc3];
    let run = |code, data: [&[u8]; 2], expected| {
        check(&[BYTE], Answer::Text, code, data, expected);
    };
    run([&table, &table], [b"off\0", b"off\0more"], Ran::Same(256));
    run([&table, &table], [b"off\0", b"on\0"], differ(&["0"], "\"off\"", "\"on\""));
    run([&table, &null], [b"\0", b"\0"], differ(&["0"], "\"\"", "NULL"));
    run([&null, &null], [b"\0", b"\0"], Ran::Same(256));
    let elsewhere = |table: u32| self::table(table + 64);
    let why = "it returns an address that is no string's".to_owned();
    run([&elsewhere, &elsewhere], [b"\0", b"\0"], Ran::Unknown(why));
}

#[test]
fn what_reads_beyond_its_data_or_runs_for_ever_is_not_proved() {
    let data = [7; 4096];
    let arguments = [Scalar { bits: 16, signed: false }];
    let answer = Answer::Scalar(INT);
    let Some(found) = ran(&arguments, answer, [&read, &read], [&data; 2]) else { return };
    assert!(matches!(&found, Ran::Unknown(why) if why.contains("signal")), "{found:?}");
    // `jmp .`
    let turns = |_| vec![0xeb, 0xfe];
    let harness = Harness {
        arguments: vec![BYTE],
        answer,
        before: image(0x2000_0000, &turns(0), &[]),
        after: image(0x3000_0000, &turns(0), &[]),
        moved: image(0x4000_0000, &turns(0), &[]),
    };
    let (found, _) = harness.run("cc", Duration::from_secs(3)).expect("it starts");
    assert_eq!(found, Ran::Unknown("it takes longer than 3 s".to_owned()));
}

#[test]
fn no_system_call_goes_through() {
    // `mov $39, %eax; syscall; ret`: the number of the process.
    let calls = |_| vec![0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3];
    let found = ran(&[BYTE], Answer::Scalar(INT), [&calls, &calls], [&[]; 2]);
    let Some(found) = found else { return };
    assert!(matches!(&found, Ran::Unknown(why) if why.contains("signal: 9")), "{found:?}");
}
