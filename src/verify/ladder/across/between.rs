//! The text of a file between before and after: its members are there and do nothing but
//! call what does their work after the patch, which another file has.

use super::form::Form;
use crate::generate::Edit;
use crate::generate::edits::apply_edits;
use crate::syntax::TokenKind;
use crate::syntax::lexer::is_ident_byte;
use crate::tree::TreePath;
use crate::verify::unit::{Item, Unit};
use crate::verify::{Claim, Files};
use std::collections::BTreeSet;

/// The declaration of `function` that the file `path`, or a header of the patch, has.
/// Nothing where it was declared before.
pub(super) fn prototype(files: &Files, path: &TreePath, function: &str) -> Vec<u8> {
    let headers = files.iter().filter(|(path, _)| path.ends_with(".h"));
    let texts = files.get_key_value(path).into_iter().chain(headers);
    let found = texts.into_iter().find_map(|(path, text)| {
        let unit = Unit::new(path, text);
        let item = unit.items.iter().find(|it| unit.is_prototype_of(it, function.as_bytes()))?;
        Some(unit.spelling(item.tokens.clone()).to_vec())
    });
    found.unwrap_or_default()
}

/// See the module. `prototype` declares what does the work. A copy that is merged into
/// another one is only another name of that.
pub(super) fn text(before: &Unit<'_>, forms: &[Form], claim: &Claim, prototype: &[u8]) -> Vec<u8> {
    let survivor = claim.helper.is_none().then_some(claim.target()).flatten();
    let merged: BTreeSet<&[u8]> = match survivor {
        Some(_) => merged(forms, claim).into_iter().map(str::as_bytes).collect(),
        None => BTreeSet::new(),
    };
    let survivor = survivor.unwrap_or_default().as_bytes();
    let declared = [prototype, b"\n"].concat();
    let mut edits = Vec::new();
    for item in &before.items {
        let span = before.span(item.tokens.clone());
        if let Some(form) = forms.iter().find(|form| defines(before, item, &form.member)) {
            edits.push(Edit { range: span, text: [&declared[..], &form.thin].concat() });
        } else if merged.iter().any(|name| before.is_prototype_of(item, name)) {
            edits.push(Edit { range: span, text: declared.clone() });
        } else {
            edits.extend(renamed(before, item, &merged, survivor));
        }
    }
    // Where there is no member, the first that calls one needs the declaration.
    if forms.is_empty()
        && let Some(first) = edits.first()
    {
        let first = first.range.start as u32;
        let item =
            before.items.iter().rev().find(|it| before.bytes(it.tokens.clone()).start <= first);
        let at = item.map_or(0, |it| before.span(it.tokens.clone()).start);
        edits.insert(0, Edit { range: at..at, text: declared });
    }
    apply_edits(before.path, before.source, &edits).unwrap_or_default()
}

/// The members whose place the survivor takes, of whatever file.
fn merged<'c>(forms: &[Form], claim: &'c Claim) -> BTreeSet<&'c str> {
    let kept = |name: &str| forms.iter().any(|form| form.kept && form.member == name);
    let names = claim.members.iter().map(|(_, name)| name.as_str());
    names.filter(|name| !kept(name)).collect()
}

fn defines(unit: &Unit<'_>, item: &Item, name: &str) -> bool {
    let function = item.function.as_ref();
    function.is_some_and(|it| !it.disabled && it.name(unit.source) == name.as_bytes())
}

/// An item with `to` for each of `names`, also in macros.
fn renamed(unit: &Unit<'_>, item: &Item, names: &BTreeSet<&[u8]>, to: &[u8]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for at in item.tokens.clone() {
        let (text, range) = (unit.text(at), unit.span(at..at + 1));
        match unit.kind(at) {
            Some(TokenKind::Directive) => {
                let new = words_renamed(text, names, to);
                if new != text {
                    edits.push(Edit { range, text: new });
                }
            }
            Some(TokenKind::Ident)
                if names.contains(text) && text != to && !unit.is_member_access(at) =>
            {
                edits.push(Edit { range, text: to.to_vec() });
            }
            _ => {}
        }
    }
    edits
}

fn words_renamed(text: &[u8], names: &BTreeSet<&[u8]>, to: &[u8]) -> Vec<u8> {
    let mut new = Vec::with_capacity(text.len());
    for word in text.chunk_by(|one, other| is_ident_byte(*one) == is_ident_byte(*other)) {
        let member = new.ends_with(b".") || new.ends_with(b"->");
        new.extend_from_slice(if names.contains(word) && !member { to } else { word });
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::unit::Unit;

    const BEFORE: &str = "\
static int m(int x);
#define CALL(o) (m(1) + o->m(2))
static int m(int x)
{
	return x;
}
struct ops ops = { .m = m };
";

    fn form(member: &str, kept: bool, thin: &str) -> Form {
        let thin = thin.as_bytes().to_vec();
        Form { member: member.to_owned(), kept, thin, ..Form::default() }
    }

    #[track_caller]
    fn check(forms: &[Form], claim: &Claim, expected: &str) {
        let members = vec![("b.c".to_owned(), "m".to_owned())];
        let claim = Claim { members, ..claim.clone() };
        let found = text(&Unit::new("b.c", BEFORE.as_bytes()), forms, &claim, b"int s(int x);");
        assert_eq!(String::from_utf8_lossy(&found), expected);
    }

    #[test]
    fn a_member_calls_and_a_copy_is_another_name() {
        let helper = Claim { helper: Some("s".to_owned()), ..Claim::default() };
        let thin = "static int m(int x)\n{ return s(x); }";
        let rest = "#define CALL(o) (m(1) + o->m(2))\n";
        let table = "struct ops ops = { .m = m };\n";
        let expected = format!("static int m(int x);\n{rest}int s(int x);\n{thin}\n{table}");
        check(&[form("m", false, thin)], &helper, &expected);

        let merged = Claim { merged_into: Some("s".to_owned()), ..Claim::default() };
        let rest = "#define CALL(o) (s(1) + o->m(2))\n";
        let table = "struct ops ops = { .m = s };\n";
        let expected = format!("int s(int x);\n\n{rest}int s(int x);\n\n{table}");
        check(&[form("m", false, "")], &merged, &expected);
        let kept = format!(
            "static int m(int x);\n#define CALL(o) (m(1) + o->m(2))\nint s(int x);\n{thin}\nstruct ops ops = {{ .m = m }};\n"
        );
        check(&[form("m", true, thin)], &merged, &kept);
    }

    #[test]
    fn the_declaration_is_that_of_the_file_or_of_a_header_of_the_patch() {
        let file = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
        let mut files = Files::from([
            file("a.c", "int s(long x);\nint s(long x)\n{\n}\n"),
            file("b.c", "int f(void)\n{\n\treturn s(1);\n}\n"),
            file("h.h", "#ifndef H\nint t(int);\nint s(int x);\n#endif\n"),
        ]);
        let path = "b.c".to_owned();
        assert_eq!(prototype(&files, &path, "s"), b"int s(int x);");
        assert_eq!(prototype(&files, &path, "u"), b"");
        files.insert(path.clone(), b"extern int s(char x);\n".to_vec());
        assert_eq!(prototype(&files, &path, "s"), b"extern int s(char x);");
    }
}
