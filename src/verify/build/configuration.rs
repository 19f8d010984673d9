//! A kernel's `.config`, as far as building needs to know it.

use std::collections::BTreeMap;

/// The options of a `.config` that are set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Configuration {
    /// `$(ARCH)` from the first comment: `Linux/x86 6.1.0 Kernel Configuration`.
    title_architecture: Option<String>,
    options: BTreeMap<String, String>,
}

impl Configuration {
    /// Never fails: a line that is none of Kconfig's is passed over, as by Kconfig.
    pub(super) fn read(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut configuration = Self::default();
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("# Linux/") {
                let architecture = title.split_whitespace().next().map(str::to_owned);
                configuration.title_architecture.get_or_insert(architecture.unwrap_or_default());
            } else if let Some(option) = line.strip_prefix("CONFIG_")
                && let Some((name, value)) = option.split_once('=')
            {
                configuration.options.insert(name.to_owned(), value.to_owned());
            }
        }
        configuration
    }

    /// Whether an option, named without `CONFIG_`, is `y` or `m`.
    pub(super) fn is_set(&self, option: &str) -> bool {
        matches!(self.options.get(option).map(String::as_str), Some("y" | "m"))
    }

    /// What make wants as `ARCH=`; `None` where nothing tells.
    pub(super) fn make_architecture(&self) -> Option<&str> {
        let by_option = [("X86", "x86"), ("ARM64", "arm64"), ("ARM", "arm"), ("RISCV", "riscv")];
        let by_option = by_option.into_iter().find(|(option, _)| self.is_set(option));
        self.title_architecture
            .as_deref()
            .filter(|it| !it.is_empty())
            .or(by_option.map(|(_, architecture)| architecture))
    }

    /// The name of the machine that it is for: as [`Self::make_architecture`], but
    /// `x86_64` or `i386` for the two that share a folder.
    pub(super) fn architecture(&self) -> Option<&str> {
        self.make_architecture().map(|architecture| match architecture {
            "x86" if self.is_set("64BIT") => "x86_64",
            "x86" => "i386",
            other => other,
        })
    }

    /// Names of the options in which two configurations differ, sorted.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let names = self.options.keys().chain(other.options.keys());
        let differing = names.filter(|name| self.options.get(*name) != other.options.get(*name));
        let differing: std::collections::BTreeSet<&String> = differing.collect();
        differing.into_iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: (Option<&str>, Option<&str>)) {
        let configuration = Configuration::read(text.as_bytes());
        let found = (configuration.make_architecture(), configuration.architecture());
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_architecture_is_in_the_title_or_an_option() {
        let title = "#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86 6.1.0 Kernel Configuration\n";
        check(&format!("{title}CONFIG_64BIT=y\n"), (Some("x86"), Some("x86_64")));
        check(title, (Some("x86"), Some("i386")));
        check("# Linux/arm64 6.1.0 Kernel Configuration\n", (Some("arm64"), Some("arm64")));
        check("CONFIG_ARM64=y\n", (Some("arm64"), Some("arm64")));
        check("CONFIG_X86=y\nCONFIG_64BIT=y\n", (Some("x86"), Some("x86_64")));
        check("# CONFIG_ARM64 is not set\n", (None, None));
    }

    #[test]
    fn options_that_differ_are_named() {
        let a = Configuration::read(b"CONFIG_A=y\nCONFIG_B=m\nCONFIG_C=\"x\"\n");
        let b =
            Configuration::read(b"CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=\"y\"\nCONFIG_D=1\n");
        assert_eq!(a.differences(&b), ["B", "C", "D"]);
        assert!(a.is_set("B") && !b.is_set("B") && !b.is_set("D"));
    }
}
