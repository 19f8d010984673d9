//! Why a group gets no patch. Each reason is a stable slug with a one-line
//! explanation; a refusal adds the particulars and the place.

use crate::tree::TreePath;
use std::fmt;

/// A named reason, a sentence with the particulars, and where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The named reason.
    pub reason: Reason,
    /// What exactly stands in the way.
    pub detail: String,
    /// File of the place.
    pub file: TreePath,
    /// Line of the place, from 1.
    pub line: u32,
}

impl Refusal {
    /// The place as `file:line`.
    pub fn at(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

macro_rules! reasons {
    ($($variant:ident $slug:literal $text:literal,)*) => {
        /// The reasons for which a group is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $(#[doc = $text] $variant,)*
        }

        impl Reason {
            /// Every reason, in the order of the documentation.
            pub const ALL: &[Reason] = &[$(Reason::$variant,)*];

            /// The stable name that reports and scripts use.
            pub fn slug(self) -> &'static str {
                match self { $(Reason::$variant => $slug,)* }
            }

            /// What it means, in one line.
            pub fn explanation(self) -> &'static str {
                match self { $(Reason::$variant => $text,)* }
            }
        }
    };
}

reasons! {
    NotOneFile "not-one-file" "the members lie in files of several drivers, and no module that all of them depend on has a place for a function",
    TooFewUsers "too-few-users" "the members lie in files of several drivers, and are fewer than a function for all modules asks for",
    NoHeader "no-header" "the files have no header in common that declares the functions of their driver",
    NoHome "no-home" "no file is built whenever the others are, or no name is free that all may use",
    NoRule "no-rule" "no rewrite rule in force takes groups of this kind and level",
    NoGain "no-gain" "no rule makes the code shorter by as much as it asks for",
    ParseGap "parse-gap" "a member does not parse completely, so its structure is not known",
    TooLarge "too-large" "a member, or the nesting of its file's #ifs, is beyond what people write",
    MacroDefined "macro-defined" "a macro makes up the function's signature",
    KeptAsIs "kept-as-is" "the file says that it is generated, or that nobody should change it",
    IncludedSource "included-source" "another source file includes this one: its static names are not its own",
    AlternativeDefinitions "alternative-definitions" "a member's name is defined more than once in its file, under different conditions",
    DifferentConditions "different-conditions" "the members stand under different preprocessor conditions",
    DirectiveInBody "directive-in-body" "a preprocessor directive stands inside a member",
    Variadic "variadic" "the members take a variable number of arguments",
    Recursive "recursive" "a member calls itself or takes its own address",
    CallingAttribute "calling-attribute" "an attribute says how the function is called or laid out (noinline, asmlinkage, …)",
    SectionDiffers "section-differs" "the members are placed in different sections (__init, __exit, …)",
    FunctionNameUsed "function-name-used" "the code uses the name of the function that it stands in (__func__)",
    LocationUsed "location-used" "the code uses its own place (__LINE__, _THIS_IP_, the return address)",
    StaticState "static-state" "each copy keeps a state of its own (a static local, a once-flag, a lock class key)",
    MacroDiffers "macro-differs" "one macro name has different meanings at the members",
    CapturedName "captured-name" "a macro in the body uses a local name that is not the same in all members",
    NameWouldLie "name-would-lie" "the members do the same by accident: no name would fit all that they are for",
    UnusedMember "unused-member" "a member is never named: nobody uses it, or a macro spells its name",
    TypeDiffers "type-differs" "the members differ in a type, or in what one name of a type means",
    FieldDiffers "field-differs" "the members differ in a structure member",
    CalleeDiffers "callee-differs" "the members call different functions, or different ones of one name",
    ArraySize "array-size" "the members use different arrays of file scope under ARRAY_SIZE or sizeof",
    GlobalDiffers "global-differs" "the members use different objects of file scope, be they of one name",
    LocalDiffers "local-differs" "the members use their locals in different ways",
    OperatorDiffers "operator-differs" "the members differ in more than names and constants",
    ConstantContext "constant-context" "the language or a macro wants a constant where the members differ",
    TokenPasted "token-pasted" "a macro pastes or stringifies the token in which the members differ",
    StringPasted "string-pasted" "the string in which the members differ is joined to another at compile time",
    FormatString "format-string" "the members differ in a format string, which should stay a literal",
    StringContext "string-context" "the members differ in a string whose use is not known to take a pointer",
    ConstantTypeUnknown "constant-type-unknown" "the C type of a differing constant cannot be found out",
    ConstantTypeDiffers "constant-type-differs" "the differing constants have different C types, and the place does not fix one",
    NameUnresolved "name-unresolved" "a called name is not found in the headers that the file includes",
    TooManyParameters "too-many-parameters" "the helper would take more parameters than the rule allows",
    CommentsDiffer "comments-differ" "the members' own comments would be lost",
    CallNotEditable "call-not-editable" "a call of a member cannot be rewritten where it stands",
    DeclarationOrder "declaration-order" "the helper would be used before it can be declared",
    Overlaps "overlaps-proposal" "another proposal already rewrites the same lines",
    HolesCross "holes-cross" "the members use the same constants in exchanged roles",
    NotTheSame "not-the-same" "a function of the kernel's is like the members, and not the same",
    NotSeparable "not-separable" "what the members have in common is tied to what they have not: control or a variable leaves it",
    LadderArms "ladder-arms" "a ladder is short, or an arm does more than give a constant to the place where the others give theirs",
    LadderKey "ladder-key" "the key of a ladder may change between two looks at it, is named twice, or is no index",
    LadderValues "ladder-values" "a key or a value of a ladder is no constant that is known, or of no type for a table",
    LadderHoles "ladder-holes" "keys without an arm cannot be told from the others, or are most of them",
    LadderChecked "ladder-checked" "the compiler checks that the switch has an arm for each enumerator; a table would not be checked",
    LoopBody "loop-body" "repeated statements are not whole, not next to each other, or would mean something else in a loop",
    FamilyRows "family-rows" "not each of the functions is named by one attribute alone, and nowhere else",
    RowTaken "row-taken" "the attributes have no room for a constant, or somebody else uses it",
    RowNarrow "row-narrow" "a constant is not known, or the member of the attribute does not keep it on every machine",
    AddsNothing "adds-nothing" "the helper would only hand its parameters on to a function that is there already",
    NotProved "not-proved" "the patch was made, but did not pass the checks that every proposal must pass",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}
