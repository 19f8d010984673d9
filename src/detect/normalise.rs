//! The normal form of a function: what is left of its tokens when names and
//! constants are taken out. Functions of one normal form are candidates for each
//! other; the same pass feeds the hash of tier 1 and the comparison of tier 2, so
//! that the two cannot disagree.

use super::hash::fold;
use super::spelling::is_primitive_type;
use super::words::{Class, Word, words};
use crate::syntax::Token;
use crate::syntax::lexer::is_keyword;

/// What a token is in the normal form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Itself: keywords, primitive types, punctuators, directives.
    Text,
    /// A number, a character constant, or an identifier that is spelled and
    /// placed like a macro constant or an enumerator.
    Constant,
    /// A string literal.
    Literal,
    /// The function's own name.
    OwnName,
    /// Any other identifier, by the order in which the names first occur. A tag, a
    /// member and a variable of one spelling are three names.
    Name(u32),
}

impl Code {
    /// A number for the code of a token whose text is `packed` ([`packed_text`]).
    #[inline]
    pub fn value(self, packed: u64) -> u64 {
        match self {
            Code::Text => packed,
            Code::Constant => 1 << 60,
            Code::Literal => 2 << 60,
            Code::OwnName => 3 << 60,
            Code::Name(index) => 4 << 60 | u64::from(index),
        }
    }
}

/// The name spaces of C (C11 6.2.3) that the tokens tell apart.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[repr(u8)]
enum NameSpace {
    #[default]
    Ordinary,
    Tag,
    Member,
}

impl NameSpace {
    /// The name space of an identifier that follows a token of this class.
    #[inline]
    fn after(before: Option<Class>) -> NameSpace {
        match before {
            Some(Class::Member) => NameSpace::Member,
            Some(Class::Tag) => NameSpace::Tag,
            _ => NameSpace::Ordinary,
        }
    }
}

/// A table of the names of one function, reused from function to function so that
/// no token costs an allocation.
pub struct Normaliser {
    slots: Vec<Slot>,
    /// Slots of other generations are empty.
    generation: u32,
    used: usize,
}

/// One name. The text is kept as offsets, so that equal hashes are never trusted.
#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u64,
    start: u32,
    end: u32,
    generation: u32,
    space: NameSpace,
    /// Spelled without a lowercase letter.
    upper: bool,
    word: Meaning,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Meaning {
    /// A name that has only been met as a constant so far.
    #[default]
    Unnumbered,
    Text,
    Constant,
    OwnName,
    Name(u32),
}

impl Default for Normaliser {
    fn default() -> Self {
        Normaliser { slots: vec![Slot::default(); 128], generation: 0, used: 0 }
    }
}

impl Normaliser {
    /// Gives `sink` the code of each of `tokens`, the tokens of one function
    /// named `own_name` in `source`, in order.
    pub fn run(
        &mut self,
        source: &[u8],
        own_name: &[u8],
        tokens: &[Token],
        mut sink: impl FnMut(Code, &[u8]),
    ) {
        let words = words(source, tokens);
        self.run_words(source, own_name, tokens, &words, |code, at| {
            sink(code, tokens[at].text(source));
        });
    }

    /// Like [`Normaliser::run`] where the `words` of the tokens are known. `sink` is
    /// given the token's index.
    pub fn run_words(
        &mut self,
        source: &[u8],
        own_name: &[u8],
        tokens: &[Token],
        words: &[Word],
        mut sink: impl FnMut(Code, usize),
    ) {
        self.next_generation();
        let mut names = 0;
        let text = Text { source, tokens, words };
        for (i, (token, word)) in tokens.iter().zip(words).enumerate() {
            let code = match word.class {
                Class::Keyword | Class::Tag if token.text(source) != own_name => Code::Text,
                Class::Name | Class::Capitals | Class::Keyword | Class::Tag => {
                    let at = self.slot(source, own_name, token, word, text.space_at(i));
                    let slot = &mut self.slots[at];
                    match slot.word {
                        Meaning::Text => Code::Text,
                        Meaning::Constant => Code::Constant,
                        Meaning::OwnName => Code::OwnName,
                        _ if slot.upper && text.constant_place(i) => Code::Constant,
                        Meaning::Name(index) => Code::Name(index),
                        Meaning::Unnumbered => {
                            slot.word = Meaning::Name(names);
                            names += 1;
                            Code::Name(names - 1)
                        }
                    }
                }
                Class::Number => Code::Constant,
                Class::Str => Code::Literal,
                _ => Code::Text,
            };
            sink(code, i);
        }
    }

    fn next_generation(&mut self) {
        self.used = 0;
        self.generation = self.generation.wrapping_add(1);
        if self.generation == 0 {
            self.slots.fill(Slot::default());
            self.generation = 1;
        }
    }

    /// The slot of the identifier `token`, filled.
    fn slot(
        &mut self,
        source: &[u8],
        own_name: &[u8],
        token: &Token,
        known: &Word,
        space: NameSpace,
    ) -> usize {
        let text = token.text(source);
        let hash = fold(known.packed ^ space as u64);
        let mut at = self.probe_from(hash);
        while self.slots[at].generation == self.generation {
            let slot = &self.slots[at];
            let same_text = || &source[slot.start as usize..slot.end as usize] == text;
            if slot.hash == hash && slot.space == space && same_text() {
                return at;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        if self.used * 2 >= self.slots.len() {
            self.grow();
            return self.slot(source, own_name, token, known, space);
        }
        self.used += 1;
        let (start, end) = (token.start, token.end);
        let word = classify(text, own_name, space);
        let upper = known.class == Class::Capitals;
        self.slots[at] = Slot { hash, start, end, generation: self.generation, space, upper, word };
        at
    }

    fn probe_from(&self, hash: u64) -> usize {
        (hash >> 20) as usize & (self.slots.len() - 1)
    }

    fn grow(&mut self) {
        let empty = vec![Slot::default(); self.slots.len() * 2];
        for slot in std::mem::replace(&mut self.slots, empty) {
            if slot.generation != self.generation {
                continue;
            }
            let mut at = self.probe_from(slot.hash);
            while self.slots[at].generation == self.generation {
                at = (at + 1) & (self.slots.len() - 1);
            }
            self.slots[at] = slot;
        }
    }
}

/// The tokens of one function.
struct Text<'s> {
    source: &'s [u8],
    tokens: &'s [Token],
    words: &'s [Word],
}

/// Most tokens before an argument in its list.
const LONGEST_LIST: usize = 64;

impl<'s> Text<'s> {
    #[inline]
    fn class(&self, i: usize) -> Option<Class> {
        self.words.get(i).map(|word| word.class)
    }

    #[inline]
    fn class_before(&self, i: usize) -> Option<Class> {
        self.class(i.checked_sub(1)?)
    }

    /// The name space of the identifier at `i`. The last argument of
    /// `container_of(work, struct port, work)`, of the macros on lists
    /// (`list_for_each_entry(…, node)`), and after a type is a member, too.
    #[inline]
    fn space_at(&self, i: usize) -> NameSpace {
        let before = self.class_before(i);
        let last = before == Some(Class::Comma) && self.class(i + 1) == Some(Class::Close);
        let of_type = || i >= 3 && self.class(i - 3) == Some(Class::Tag);
        if last && (of_type() || self.callee(i).is_some_and(takes_a_member_last)) {
            return NameSpace::Member;
        }
        NameSpace::after(before)
    }

    /// The text before the `(` that is open at `i`.
    fn callee(&self, i: usize) -> Option<&'s [u8]> {
        let mut depth = 0;
        for (at, word) in self.words[..i].iter().enumerate().rev().take(LONGEST_LIST) {
            match word.class {
                Class::Close => depth += 1,
                Class::Open if depth == 0 => {
                    return Some(self.tokens.get(at.checked_sub(1)?)?.text(self.source));
                }
                Class::Open => depth -= 1,
                Class::End => return None,
                _ => {}
            }
        }
        None
    }

    /// Whether an identifier at `i` may be a constant where it stands: it is not
    /// called, no field, no tag and no label.
    fn constant_place(&self, i: usize) -> bool {
        let called = self.class(i + 1) == Some(Class::Open);
        let labelled = || self.tokens[i - 1].is(self.source, b"goto");
        !called
            && match self.class_before(i) {
                Some(Class::Member | Class::Tag) => false,
                Some(Class::Keyword) => !labelled(),
                _ => true,
            }
    }
}

fn takes_a_member_last(callee: &[u8]) -> bool {
    callee.starts_with(b"container_of")
        || !callee.starts_with(b"idr_") && memchr::memmem::find(callee, b"_entry").is_some()
        || matches!(callee, b"offsetof" | b"sizeof_field")
}

fn classify(text: &[u8], own_name: &[u8], space: NameSpace) -> Meaning {
    if text == own_name && space == NameSpace::Ordinary {
        Meaning::OwnName
    } else if is_keyword(text) || is_primitive_type(text) {
        Meaning::Text
    } else if matches!(text, b"true" | b"false" | b"NULL") {
        Meaning::Constant
    } else {
        Meaning::Unnumbered
    }
}

/// The hashes of one function's normal form: equal forms have equal hashes. They only
/// find candidates, every match is compared token by token afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormHash {
    /// Of the whole form.
    pub shape: u64,
    /// Of the form without the storage classes that it begins with.
    pub core: u64,
}

impl FormHash {
    /// Hashes the function whose tokens are `tokens`, with their `words`.
    pub fn of(
        normaliser: &mut Normaliser,
        source: &[u8],
        own_name: &[u8],
        tokens: &[Token],
        words: &[Word],
    ) -> FormHash {
        let storage = storage_words(source, tokens);
        let mut core = (tokens.len() - storage) as u64;
        let (before, words) = words.split_at(storage);
        normaliser.run_words(source, own_name, &tokens[storage..], words, |code, at| {
            core = fold(core ^ code.value(words[at].packed));
        });
        FormHash { core, shape: before.iter().fold(core, |hash, word| fold(hash ^ word.packed)) }
    }
}

/// How many of the first tokens only say who may call the function, and how.
pub fn storage_words(source: &[u8], tokens: &[Token]) -> usize {
    let is_storage = |token: &&Token| {
        matches!(
            token.text(source),
            b"static" | b"inline" | b"extern" | b"__inline" | b"__inline__" | b"__always_inline"
        )
    };
    tokens.iter().take_while(is_storage).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::lexer::tokens;

    fn form(source: &str) -> String {
        let bytes = source.as_bytes();
        let mut out = Vec::new();
        Normaliser::default().run(bytes, b"own", &tokens(bytes), |code, text| {
            out.push(match code {
                Code::Text => String::from_utf8_lossy(text).into_owned(),
                Code::Constant => "K".into(),
                Code::Literal => "S".into(),
                Code::OwnName => "F".into(),
                Code::Name(index) => index.to_string(),
            });
        });
        out.join(" ")
    }

    #[test]
    fn names_are_numbered_in_the_order_of_their_first_occurrence() {
        assert_eq!(form("b + a * b"), "0 + 1 * 0");
    }

    #[test]
    fn the_own_name_is_a_placeholder_wherever_the_function_is_meant() {
        assert_eq!(form("own(x, own)"), "F ( 0 , F )");
        assert_eq!(form("struct own; x->own = own"), "struct 0 ; 1 -> 2 = F");
    }

    #[test]
    fn tags_members_and_variables_of_one_spelling_are_different_names() {
        assert_eq!(form("struct axf *axf = a->axf"), "struct 0 * 1 = 2 -> 3");
        assert_eq!(form("struct axf *chip = a->axf"), "struct 0 * 1 = 2 -> 3");
        assert_eq!(form("struct axf { .axf } struct axf"), "struct 0 { . 1 } struct 0");
        assert_eq!(form("x = container_of(a, typeof(*b), x)"), "0 = 1 ( 2 , typeof ( * 3 ) , 4 )");
        assert_eq!(form("x = alloc(a, struct b, x)"), "0 = 1 ( 2 , struct 3 , 4 )");
        assert_eq!(form("idr_for_each_entry(&a->b, c, b)"), "0 ( & 1 -> 2 , 3 , 4 )");
        assert_eq!(form("list_for_each_entry(a, &b->c, a)"), "0 ( 1 , & 2 -> 3 , 4 )");
    }

    #[test]
    fn numbers_characters_and_macro_constants_are_one_class_and_strings_another() {
        assert_eq!(form("1 'c' REG_A true NULL \"s\""), "K K K K K S");
    }

    #[test]
    fn capitals_that_are_called_or_are_fields_tags_or_labels_are_names() {
        assert_eq!(form("BIT(3)"), "0 ( K )");
        assert_eq!(form("a.RX->TX"), "0 . 1 -> 2");
        assert_eq!(form("struct FOO union BAR enum BAZ"), "struct 0 union 1 enum 2");
        assert_eq!(form("goto OUT;"), "goto 0 ;");
        assert_eq!(form("X"), "0");
    }

    #[test]
    fn keywords_and_primitive_types_stand_for_themselves() {
        assert_eq!(form("unsigned u32 __le16 foo_t"), "unsigned u32 __le16 0");
    }

    #[test]
    fn a_function_with_more_names_than_the_table_holds_is_numbered_right() {
        let source: String = (0..5000).map(|i| format!("n{i} ")).collect();
        let expected: Vec<_> = (0..5000).map(|i| i.to_string()).collect();
        assert_eq!(form(&source), expected.join(" "));
    }

    #[test]
    fn the_hash_sees_the_form_and_nothing_else() {
        let hash = |source: &str| {
            let bytes = source.as_bytes();
            let tokens = tokens(bytes);
            let words = words(bytes, &tokens);
            FormHash::of(&mut Normaliser::default(), bytes, b"own", &tokens, &words).shape
        };
        assert_eq!(hash("a = b + 1;"), hash("c = d + REG;"));
        assert_ne!(hash("a = b + 1;"), hash("a = a + 1;"));
        assert_ne!(hash("a = b + 1;"), hash("a = b - 1;"));
        assert_ne!(hash("int a;"), hash("long a;"));
    }
}
