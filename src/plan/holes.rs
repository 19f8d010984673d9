//! From the sites at which the members differ to the parameters of the helper:
//! may a parameter stand there, over which expression, and of what type?

use super::align::{Alignment, Site, is_function_name, lossy};
use super::callees;
use super::context::{self, Sort};
use super::file::FileContext;
use super::names;
use super::paths;
use super::refusal::{Reason, Refusal};
use super::rules::Limits;
use super::types::{self, SpanType};
use super::unpack::{self, Unpacked};
use super::wording::{self, Wording};
use crate::detect::CloneGroup;
use crate::syntax::NodeId;
use crate::syntax::decl::NotConstantReason;
use crate::tree::TreePath;
use rustc_hash::FxHashSet;
use std::ops::Range;

/// An expression that a parameter replaces, and what differs there.
pub type Place = (Range<usize>, Sort);

/// What a parameter replaces, and by which form of its name.
pub type Replaced = (Range<usize>, Form);

/// More different holes than this never fit a helper; they are not looked at one by
/// one.
const MOST_DISTINCT: usize = 100;

/// A parameter that the helper takes beyond the members' own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its C type, for instance `unsigned int` or `const char *`.
    pub ctype: String,
    /// What each member passes, in the order of the group.
    pub arguments: Vec<String>,
    /// It stands where a `printf`-like function has its format.
    pub is_format: bool,
    /// Index of the members' own parameter that the arguments are paths from.
    pub base: Option<usize>,
}

/// An expression of the common body that a parameter replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Token indices from the start of the member.
    pub tokens: Range<usize>,
    /// Index of the parameter.
    pub parameter: usize,
    /// The span is a format, and the parameter a word of it.
    pub wording: Option<Wording>,
    /// What stands there instead.
    pub form: Form,
}

/// How a helper names what a parameter stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// By the parameter's name alone.
    Name,
    /// `*name`: the parameter points to it.
    Object,
    /// `(*name)`, where what follows binds closer.
    Parenthesised,
    /// `name->`, where its member follows.
    Arrow,
}

impl Form {
    /// The text for a parameter of this name.
    pub fn text(self, name: &str) -> String {
        match self {
            Form::Name => name.to_owned(),
            Form::Object => format!("*{name}"),
            Form::Parenthesised => format!("(*{name})"),
            Form::Arrow => format!("{name}->"),
        }
    }
}

/// The holes of a group, turned into parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holes {
    /// In the order of their first use.
    pub parameters: Vec<Parameter>,
    /// In the order of the text; they do not overlap.
    pub spans: Vec<Span>,
    /// The members' own parameters of different types, of which members of structures are
    /// handed over instead.
    pub unpacked: Vec<Unpacked>,
}

/// The members side by side, and the file that the first stands in.
pub struct Subject<'a> {
    /// The file of the first member, whose text a helper takes.
    pub file: &'a FileContext,
    /// The group.
    pub group: &'a CloneGroup,
    /// Its members, aligned.
    pub alignment: &'a Alignment<'a>,
}

impl<'a> Subject<'a> {
    /// The file that a member stands in.
    pub fn file_of(&self, member: usize) -> &'a FileContext {
        self.alignment.members[member].file
    }

    /// Whether some two members stand in different files.
    pub fn is_across_files(&self) -> bool {
        self.alignment.members.iter().any(|member| member.file.path != self.file.path)
    }

    /// The files of the members, each once, the first member's first.
    pub fn paths(&self) -> Vec<&'a TreePath> {
        let mut paths: Vec<&TreePath> = Vec::new();
        for member in &self.alignment.members {
            if !paths.contains(&&member.file.path) {
                paths.push(&member.file.path);
            }
        }
        paths
    }

    /// File token index of `relative` in the first member.
    pub fn first(&self, relative: usize) -> usize {
        self.alignment.token(0, relative)
    }

    /// Text of a span in a member: its tokens, with one blank where there was
    /// white space or a comment.
    pub fn text(&self, member: usize, span: &Range<usize>) -> String {
        let mut text = String::new();
        let mut end = None;
        for relative in span.clone() {
            let file = self.file_of(member);
            let token = file.tokens[self.alignment.token(member, relative)];
            if end.is_some_and(|end| end < token.start) {
                text.push(' ');
            }
            text.push_str(&lossy(token.text(&file.bytes)));
            end = Some(token.end);
        }
        text
    }

    /// Text of a span in every member.
    pub fn values(&self, span: &Range<usize>) -> Vec<String> {
        (0..self.alignment.members.len()).map(|member| self.text(member, span)).collect()
    }

    /// A refusal at a token of the first member.
    pub fn refuse(&self, reason: Reason, relative: usize, detail: impl Into<String>) -> Refusal {
        self.file.refuse(reason, self.file.tokens[self.first(relative)].start, detail)
    }

    /// The syntax node of the first member that is exactly this span.
    pub fn node(&self, span: &Range<usize>) -> Option<NodeId> {
        let start = self.file.tokens[self.first(span.start)].start;
        let end = self.file.tokens[self.first(span.end - 1)].end;
        self.alignment.members[0].tree.exact(start..end)
    }

    /// The span of a syntax node of the first member; an empty one for what stands before
    /// the member, as a parameter does where the members are runs of statements.
    pub fn span_of(&self, node: NodeId) -> Range<usize> {
        let base = self.alignment.members[0].tokens.start;
        let range = self.alignment.members[0].tree.node(node).range.clone();
        let token = |at| self.file.token_at(at).saturating_sub(base);
        token(range.start)..token(range.end)
    }

    /// Whether the span is a constant expression in every member, its type known
    /// or not.
    pub fn is_constant(&self, span: &Range<usize>) -> bool {
        let is_constant =
            |(member, value): (usize, &String)| match self.file_of(member).unit.constant(value) {
                Ok(_) => true,
                Err(problem) => matches!(
                    problem.reason,
                    NotConstantReason::Ambiguous(_) | NotConstantReason::WideEnum(_)
                ),
            };
        self.values(span).iter().enumerate().all(is_constant)
    }
}

/// Plans the parameters for all sites of the group, within the rule's limits.
///
/// # Errors
/// The first site at which no parameter may stand, with the reason.
pub fn plan(subject: &Subject<'_>, limits: &Limits) -> Result<Holes, Refusal> {
    let unpacked = unpack::parameters(subject);
    let differs = unpacked.first().and_then(|first| {
        let mut sites = subject.alignment.sites.iter();
        sites.find(|site| first.declaration.contains(&site.token))
    });
    planned(subject, limits, unpacked).map_err(|refusal| match differs {
        // Their types are what differs; that no member may stand for them comes after.
        Some(site) if refusal.reason == Reason::FieldDiffers => {
            let shown = context::shown_values(&site.values);
            let detail = format!("{shown} in the signature, and {}", refusal.detail);
            subject.refuse(Reason::TypeDiffers, site.token, detail)
        }
        _ => refusal,
    })
}

fn planned(
    subject: &Subject<'_>,
    limits: &Limits,
    unpacked: Vec<Unpacked>,
) -> Result<Holes, Refusal> {
    let mut spans: Vec<Place> = Vec::new();
    let mut wordings: Vec<Wording> = Vec::new();
    let distinct: FxHashSet<&Vec<Vec<u8>>> =
        subject.alignment.sites.iter().map(|site| &site.values).collect();
    if distinct.len() > MOST_DISTINCT {
        let detail = format!("the members differ in {} ways", distinct.len());
        return Err(subject.refuse(Reason::TooManyParameters, 0, detail));
    }
    let is_other = |site: &&Site| !unpack::declares(&unpacked, site.token);
    for site in subject.alignment.sites.iter().filter(is_other) {
        if spans.iter().any(|(span, _)| span.contains(&site.token)) {
            continue;
        }
        if let Some(wording) = wording::split(subject, site) {
            spans.push((site.token..site.token + 1, Sort::Word));
            wordings.push(wording);
            continue;
        }
        let (span, sort) =
            context::place(subject, site).map_err(|refusal| of_name(&site.values, refusal))?;
        put(&mut spans, (span, sort));
    }
    for site in unpacked.iter().flat_map(|it| &it.uses) {
        if !spans.iter().any(|(span, _)| span.contains(&site.token)) {
            put(&mut spans, paths::place(subject, site)?);
        }
    }
    join_within_constants(subject, &mut spans);
    spans.sort_by_key(|(span, _)| span.start);
    let grouped = grouped(subject, spans, &wordings);
    not_crossed(subject, &grouped)?;
    callees::limit(subject, &grouped, limits.function_pointers)?;
    let mut holes = Holes::default();
    let mut taken = names::Taken::of_body(subject);
    for (values, places) in grouped {
        let (parameter, spans) = parameter(subject, values, &places, &mut taken)?;
        let index = holes.parameters.len();
        holes.parameters.push(parameter);
        holes.spans.extend(spans.into_iter().map(|(tokens, form)| {
            let wording = wording_at(&wordings, &tokens).cloned();
            Span { tokens, parameter: index, wording, form }
        }));
    }
    holes.spans.sort_by_key(|span| span.tokens.start);
    paths::limit(subject, &holes, limits.member_pointers)?;
    holes.unpacked = unpacked;
    let is_of_one = |it: &&Parameter| {
        it.base.is_some_and(|base| holes.unpacked.iter().any(|unpacked| unpacked.own == base))
    };
    let taken = holes.parameters.iter().filter(is_of_one).count();
    if taken > limits.unpacked_members {
        let detail =
            format!("{taken} members of structures of different types would be handed over");
        return Err(subject.refuse(Reason::TypeDiffers, 0, detail));
    }
    Ok(holes)
}

/// Adds a place, which stands for those that lie inside it.
fn put(spans: &mut Vec<Place>, (span, sort): Place) {
    spans.retain(|(other, _)| !(span.start <= other.start && other.end <= span.end));
    spans.push((span, sort));
}

/// The places by what the members have there: those of one text are one parameter.
fn grouped(
    subject: &Subject<'_>,
    spans: Vec<Place>,
    wordings: &[Wording],
) -> Vec<(Vec<String>, Vec<Place>)> {
    let mut grouped: Vec<(Vec<String>, Vec<Place>)> = Vec::new();
    for (span, sort) in spans {
        let values = match wording_at(wordings, &span) {
            Some(wording) => wording.words.clone(),
            None => subject.values(&span),
        };
        match grouped.iter_mut().find(|(known, _)| *known == values) {
            Some((_, places)) => places.push((span, sort)),
            None => grouped.push((values, vec![(span, sort)])),
        }
    }
    grouped
}

/// The parameter for all `places`, where the members have `values`, and what it
/// replaces in which form.
fn parameter(
    subject: &Subject<'_>,
    values: Vec<String>,
    places: &[Place],
    taken: &mut names::Taken,
) -> Result<(Parameter, Vec<Replaced>), Refusal> {
    let sort = places[0].1;
    let member = match sort {
        Sort::Member => Some(paths::hole(subject, places)?),
        _ => None,
    };
    let spans: Vec<Replaced> = match &member {
        Some(member) => member.spans.clone(),
        None => places.iter().map(|(span, _)| (span.clone(), Form::Name)).collect(),
    };
    let typed: Vec<SpanType> =
        spans.iter().map(|(span, _)| types::of_span(subject, span, sort)).collect();
    let ctype = match &member {
        Some(member) => member.ctype.clone(),
        None => types::unify(subject, &values, places, &typed)
            .map_err(|refusal| of_name(&values, refusal))?,
    };
    let name = names::parameter(subject, &values, places, (&typed, &ctype), taken);
    let is_format = typed.iter().any(|place| place.format)
        && !values.iter().all(|value| is_function_name(value.as_bytes()));
    let (arguments, base) = match &member {
        Some(member) => (member.arguments(&values), Some(member.base)),
        None => (values, None),
    };
    Ok((Parameter { name, ctype, arguments, is_format, base }, spans))
}

fn wording_at<'a>(wordings: &'a [Wording], span: &Range<usize>) -> Option<&'a Wording> {
    wordings.iter().find(|wording| wording.token == span.start)
}

/// A place that does not take the name of the function as a pointer is a trap of
/// its own.
fn of_name(values: &[impl AsRef<[u8]>], refusal: Refusal) -> Refusal {
    let named = values.iter().all(|value| is_function_name(value.as_ref()));
    if named { Refusal { reason: Reason::FunctionNameUsed, ..refusal } } else { refusal }
}

/// Two holes with the same values in another order are two roles exchanged: the
/// members do different things with the same constants.
fn not_crossed(
    subject: &Subject<'_>,
    grouped: &[(Vec<String>, Vec<Place>)],
) -> Result<(), Refusal> {
    let sorted = |values: &[String]| {
        let mut values = values.to_vec();
        values.sort();
        values
    };
    for (index, (values, places)) in grouped.iter().enumerate() {
        let crossed = grouped[..index].iter().any(|(other, _)| sorted(other) == sorted(values));
        let distinct = values.iter().any(|value| *value != values[0]);
        // Numbers, `true` and `false` meet by chance.
        let named = |value: &String| {
            value.starts_with(|c: char| c.is_ascii_alphabetic())
                && value != "true"
                && value != "false"
        };
        if crossed && distinct && values.iter().all(named) {
            let detail =
                format!("`{}` and `{}` change places", values[0], values[values.len() - 1]);
            return Err(subject.refuse(Reason::HolesCross, places[0].0.start, detail));
        }
    }
    Ok(())
}

/// Where several different holes lie in one constant expression (`A1 | B1` and
/// `A2 | B2`), the expression is one hole: fewer parameters, and the call reads
/// like the code that was there.
fn join_within_constants(subject: &Subject<'_>, spans: &mut Vec<Place>) {
    let tree = &subject.alignment.members[0].tree;
    let mut at = 0;
    while at < spans.len() {
        let (span, sort) = spans[at].clone();
        at += 1;
        let (Sort::Constant, Some(node)) = (sort, subject.node(&span)) else { continue };
        let mut best: Option<Range<usize>> = None;
        for ancestor in tree.ancestors(node) {
            let joinable = matches!(
                tree.node(ancestor).kind,
                "binary_expression" | "parenthesized_expression" | "unary_expression"
            );
            let outer = subject.span_of(ancestor);
            if !joinable || !subject.is_constant(&outer) {
                break;
            }
            let inside: Vec<_> = spans
                .iter()
                .filter(|(s, _)| outer.start <= s.start && s.end <= outer.end)
                .map(|(s, _)| subject.values(s))
                .collect();
            if inside.iter().any(|values| *values != inside[0]) {
                best = Some(outer);
            }
        }
        if let Some(outer) = best {
            put(spans, (outer, Sort::Constant));
            at = 0;
        }
    }
}
