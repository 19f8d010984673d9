//! Who uses a constant: whether a new one can have an effect, and on which functions.

use super::code::{Base, Target};
use super::elf::{Home, Storage};
use super::layout::Object;
use super::sections::Role;
use super::steps::function_name;
use std::collections::BTreeSet;

impl Object<'_> {
    /// The functions that refer to the data of this name. `None` unless it is a
    /// constant of this object alone, in a section of its own, that no other data
    /// refers to.
    pub fn users_of_constant(&self, name: &str) -> Option<BTreeSet<String>> {
        let mut named = self.symbols.iter().filter(|symbol| symbol.name == name);
        let (symbol, None) = (named.next()?, named.next()) else { return None };
        let Home::Section(home) = symbol.home else { return None };
        let alone = self.data.get(home).is_some_and(|data| data.len() == 1);
        if symbol.global || !alone || !self.holds_constants(home) || self.data_refers_to(home) {
            return None;
        }
        let uses = |target| self.located(target).is_some_and(|(section, _)| section == home);
        let users = self.functions.iter().filter(|function| {
            function.steps().any(|(_, step)| step.references.iter().any(|it| uses(it.target)))
        });
        Some(users.map(|function| function_name(self, function)).collect())
    }

    /// The contents of a piece of data, of which nothing is left to the linker.
    pub fn contents(&self, name: &str) -> Option<&[u8]> {
        let number = self.symbols.iter().position(|symbol| symbol.name == name)?;
        let symbol = self.symbols.get(number)?;
        let Home::Section(home) = symbol.home else { return None };
        let section = self.sections.get(home)?;
        let start = usize::try_from(symbol.address).ok()?;
        let size = usize::try_from(self.data_size(number)).ok()?;
        let bytes = section.data.get(start..start.checked_add(size)?)?;
        section.relocations.is_empty().then_some(bytes)
    }

    fn data_refers_to(&self, home: usize) -> bool {
        let sections = self.sections.iter().zip(&self.roles);
        let data = sections
            .filter(|(section, role)| section.storage != Storage::Code && **role != Role::Ignored);
        data.flat_map(|(section, _)| &section.relocations).any(|field| {
            let target = Target { base: Base::Symbol(field.symbol), offset: field.addend };
            self.located(target).is_some_and(|(section, _)| section == home)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::compile;
    use super::*;

    /// The users of `t` in a snippet; an empty list where it is not for us to say.
    fn users(source: &str) -> Option<Option<Vec<String>>> {
        let bytes = compile(source)?;
        let object = Object::read(&bytes).expect("an object");
        Some(object.users_of_constant("t").map(|it| it.into_iter().collect()))
    }

    #[test]
    fn a_constant_is_used_by_the_functions_that_refer_to_it() {
        let source = "static const int t[] = { 3, 4, 5 };\n\
            int f(u32 x) { return x < 3 ? t[x] : 0; }\nint g(u32 x) { return x; }\n";
        if let Some(found) = users(source) {
            assert_eq!(found, Some(vec!["f".to_owned()]));
        }
        if let Some(found) = users("static const int t[] __attribute__((used)) = { 3 };") {
            assert_eq!(found, Some(Vec::new()));
        }
    }

    #[test]
    fn what_others_may_see_or_write_is_no_constant_of_our_own() {
        for source in [
            "const int t[] = { 3, 4 };",
            "static int t[] = { 3, 4 }; int f(u32 x) { return t[x]++; }",
            "static const int t[] = { 3, 4 }; const int *const p = t;",
            "static const int t[] __attribute__((used, section(\"__param\"))) = { 3, 4 };",
            "int f(u32 x) { return x; }",
        ] {
            if let Some(found) = users(source) {
                assert_eq!(found, None, "{source}");
            }
        }
    }
}
