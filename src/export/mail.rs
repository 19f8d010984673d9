//! A patch as a mail: the headers, and a body that arrives as it was sent
//! (RFC 5322, 2045, 2047).

use crate::generate::lines::split_lines;

/// Columns after which `git format-patch` folds a subject.
const FOLD: usize = 78;
/// Bytes of a quoted-printable line without its end.
const QUOTED: usize = 75;

/// Who sends the patches, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// Seconds since 1970.
    pub time: i64,
    /// Offset from UTC as `+0100`.
    pub zone: String,
}

/// A mail before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Subject with its `[PATCH n/m]`.
    pub subject: String,
    /// Its own id, without brackets.
    pub id: String,
    /// Id of the mail that it answers.
    pub answers: Option<String>,
    /// All after the headers.
    pub body: Vec<u8>,
}

/// The mail as one file that `git am` reads.
pub fn written(mail: &Mail, sender: &Sender) -> Vec<u8> {
    let mut head = String::from("From 0000000000000000000000000000000000000000 ");
    head += "Mon Sep 17 00:00:00 2001\n";
    head += &format!("Message-ID: <{}>\n", mail.id);
    if let Some(answers) = &mail.answers {
        head += &format!("In-Reply-To: <{answers}>\nReferences: <{answers}>\n");
    }
    head += &format!("From: {} <{}>\n", phrase(&sender.name), sender.email);
    head += &format!("Date: {}\n", date(sender.time, &sender.zone));
    head += &folded(&format!("Subject: {}", encoded_words(&mail.subject)));
    head.push('\n');
    let encoding = Encoding::of(&mail.body);
    head += encoding.headers(&mail.body);
    head.push('\n');
    let body = match encoding {
        Encoding::QuotedPrintable => quoted_printable(&mail.body),
        _ => mail.body.clone(),
    };
    [head.into_bytes(), body].concat()
}

/// How the body travels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Plain,
    EightBit,
    /// A mail's lines end in CR LF: a CR of the text's own must be spelled out.
    QuotedPrintable,
}

impl Encoding {
    fn of(body: &[u8]) -> Encoding {
        match (body.contains(&b'\r'), body.is_ascii()) {
            (true, _) => Encoding::QuotedPrintable,
            (false, true) => Encoding::Plain,
            (false, false) => Encoding::EightBit,
        }
    }

    /// git reads the message in the character set that is named, and takes the diff
    /// as bytes: so a file in another set comes through whatever stands here.
    fn headers(self, body: &[u8]) -> &'static str {
        match (self, std::str::from_utf8(body).is_ok()) {
            (Encoding::Plain, _) => "",
            (Encoding::EightBit, true) => {
                "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n\
                 Content-Transfer-Encoding: 8bit\n"
            }
            (Encoding::EightBit, false) => {
                "MIME-Version: 1.0\nContent-Type: text/plain; charset=ISO-8859-1\n\
                 Content-Transfer-Encoding: 8bit\n"
            }
            (Encoding::QuotedPrintable, true) => {
                "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n\
                 Content-Transfer-Encoding: quoted-printable\n"
            }
            (Encoding::QuotedPrintable, false) => {
                "MIME-Version: 1.0\nContent-Type: text/plain; charset=ISO-8859-1\n\
                 Content-Transfer-Encoding: quoted-printable\n"
            }
        }
    }
}

/// The display name of an address.
fn phrase(name: &str) -> String {
    if !name.is_ascii() {
        return encoded_words(name);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || " !#$%&'*+-/=?^_`{|}~".contains(c);
    match name.chars().all(plain) {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// A header's text; what is not ASCII as encoded words of at most 75 characters.
fn encoded_words(text: &str) -> String {
    const OPEN: &str = "=?UTF-8?q?";
    const LONGEST: usize = 75 - OPEN.len() - "?=".len();
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for c in text.chars() {
        let mut bytes = [0; 4];
        let is_plain = c.is_ascii_alphanumeric() || "!*+-/.,:()".contains(c);
        let spelled: String = match c {
            ' ' => "_".to_owned(),
            c if is_plain => c.to_string(),
            c => c.encode_utf8(&mut bytes).bytes().map(|byte| format!("={byte:02X}")).collect(),
        };
        match words.last_mut() {
            Some(word) if word.len() + spelled.len() <= LONGEST => *word += &spelled,
            _ => words.push(spelled),
        }
    }
    let words: Vec<String> = words.iter().map(|word| format!("{OPEN}{word}?=")).collect();
    words.join(" ")
}

/// A header in lines of at most [`FOLD`] columns where its blanks allow.
fn folded(header: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in header.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= FOLD => {
                line.push(' ');
                *line += word;
            }
            Some(_) => lines.push(format!(" {word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 8);
    for line in split_lines(text) {
        let (content, end) = match line.strip_suffix(b"\n") {
            Some(content) => (content, &b"\n"[..]),
            None => (line, &b""[..]),
        };
        let mut column = 0;
        for (at, &byte) in content.iter().enumerate() {
            let is_last = at + 1 == content.len();
            let is_blank = byte == b' ' || byte == b'\t';
            let is_plain = (b'!'..=b'~').contains(&byte) && byte != b'=' || is_blank && !is_last;
            let spelled = match is_plain {
                true => vec![byte],
                false => format!("={byte:02X}").into_bytes(),
            };
            if column + spelled.len() > QUOTED {
                out.extend_from_slice(b"=\n");
                column = 0;
            }
            column += spelled.len();
            out.extend(spelled);
        }
        out.extend_from_slice(end);
    }
    out
}

/// A moment as mails name it: `Mon, 30 Nov 2026 00:11:13 +0100`.
fn date(time: i64, zone: &str) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let local = time + offset(zone);
    let (days, seconds) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let name = |names: &[&'static str], at: i64| {
        usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or_default()
    };
    format!(
        "{}, {day} {} {year} {:02}:{:02}:{:02} {zone}",
        name(&DAYS, days.rem_euclid(7)),
        name(&MONTHS, month - 1),
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// Seconds that a zone as `+0130` is ahead of UTC.
fn offset(zone: &str) -> i64 {
    let number: i64 = zone.parse().unwrap_or(0);
    (number / 100 * 60 + number % 100) * 60
}

/// Year, month and day of the day that is so many days after 1 January 1970
/// (Howard Hinnant, *chrono-Compatible Low-Level Date Algorithms*, `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_day_month_and_zone() {
        assert_eq!(date(0, "+0000"), "Thu, 1 Jan 1970 00:00:00 +0000");
        assert_eq!(date(951_782_400, "+0000"), "Tue, 29 Feb 2000 00:00:00 +0000");
        assert_eq!(date(1_796_001_073, "-0330"), "Sun, 29 Nov 2026 21:41:13 -0330");
        assert_eq!(date(1_709_251_199, "+0530"), "Fri, 1 Mar 2024 05:29:59 +0530");
    }

    #[test]
    fn names_that_are_more_than_words_are_quoted_or_encoded() {
        assert_eq!(phrase("Jo Doe"), "Jo Doe");
        assert_eq!(phrase("Jo \"J\" Doe, Jr."), "\"Jo \\\"J\\\" Doe, Jr.\"");
        assert_eq!(phrase("Jörg Doe"), "=?UTF-8?q?J=C3=B6rg_Doe?=");
    }

    #[test]
    fn a_long_subject_is_folded_at_a_blank() {
        let subject = "Subject: [PATCH 01/15] media: dvb-frontends: some_driver: Factor out \
                       some_driver_helper()";
        let folded = folded(subject);
        assert!(folded.lines().all(|line| line.len() <= 78), "{folded}");
        assert_eq!(folded.replace('\n', ""), subject);
    }

    #[test]
    fn carriage_returns_and_trailing_blanks_are_spelled_out() {
        let long = "x".repeat(100);
        let text = format!("a=b\r\n+\t \ncaf\u{e9}\n{long}\nend");
        let quoted = String::from_utf8(quoted_printable(text.as_bytes())).expect("it is ASCII");
        let lines: Vec<&str> = quoted.lines().collect();
        assert_eq!(&lines[..3], ["a=3Db=0D", "+\t=20", "caf=C3=A9"]);
        assert!(lines[3].ends_with('=') && lines.iter().all(|line| line.len() <= 76), "{quoted}");
        assert!(quoted.ends_with("end"));
    }

    fn sent(body: &[u8]) -> String {
        let mail = Mail {
            subject: "[PATCH 1/1] a: B".to_owned(),
            id: "2@x".to_owned(),
            answers: Some("1@x".to_owned()),
            body: body.to_vec(),
        };
        let sender = Sender {
            name: "A B".to_owned(),
            email: "a@x".to_owned(),
            time: 0,
            zone: "+0000".to_owned(),
        };
        String::from_utf8_lossy(&written(&mail, &sender)).into_owned()
    }

    #[test]
    fn headers_thread_the_mail_and_tell_its_bytes() {
        insta::assert_snapshot!(sent(b"text\n"), @r"
        From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
        Message-ID: <2@x>
        In-Reply-To: <1@x>
        References: <1@x>
        From: A B <a@x>
        Date: Thu, 1 Jan 1970 00:00:00 +0000
        Subject: [PATCH 1/1] a: B

        text
        ");
        assert!(sent("ä\n".as_bytes()).contains("charset=UTF-8\nContent-Transfer-Encoding: 8bit"));
        assert!(sent(b"caf\xe9\n").contains("charset=ISO-8859-1\nContent-Transfer-Encoding: 8bit"));
        assert!(sent(b"a\r\n").contains("Content-Transfer-Encoding: quoted-printable\n\na=0D\n"));
    }
}
