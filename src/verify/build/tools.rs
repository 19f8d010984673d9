//! Which compiler, and what else must be installed to build a kernel.

use super::configuration::Configuration;
use super::error::BuildError;
use super::process;
use std::ffi::OsStr;
use std::path::Path;

/// Something that is not installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// A program or header.
    pub what: &'static str,
    /// The Debian package that brings it.
    pub package: &'static str,
}

/// The compiler, as the kernel's make is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Toolchain {
    /// The compiler's command, as it would be typed.
    pub compiler: String,
    /// Variables for make's command line, `NAME=value`.
    pub variables: Vec<String>,
}

const PROGRAMS: [(&str, &str); 10] = [
    ("make", "make"),
    ("gcc", "gcc"),
    ("ld", "binutils"),
    ("flex", "flex"),
    ("bison", "bison"),
    ("bc", "bc"),
    ("perl", "perl"),
    ("awk", "mawk"),
    ("cmp", "diffutils"),
    ("find", "findutils"),
];

/// What `LLVM=1` takes the place of binutils with.
const LLVM_PROGRAMS: [(&str, &str); 3] =
    [("clang", "clang"), ("ld.lld", "lld"), ("llvm-ar", "llvm")];

const HEADERS: [(&str, &str, &str); 2] = [
    ("gelf.h", "the header gelf.h", "libelf-dev"),
    ("openssl/opensslv.h", "the header openssl/opensslv.h", "libssl-dev"),
];

impl Toolchain {
    /// Follows `CC`, `LLVM` and `CROSS_COMPILE` as the kernel's Makefile does
    /// (Documentation/kbuild/llvm.rst), and where neither `CC` nor `LLVM` is set the
    /// configuration: one made with clang is built with clang.
    pub(super) fn choose(
        configuration: Option<&Configuration>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let set = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
        let is_set = |option| configuration.is_some_and(|it| it.is_set(option));
        let (cc, cross) = (set("CC"), set("CROSS_COMPILE"));
        let mut llvm = set("LLVM").filter(|value| value != "0");
        if llvm.is_none() && cc.is_none() && is_set("CC_IS_CLANG") && is_set("LD_IS_LLD") {
            llvm = Some("1".to_owned());
        }
        let by_configuration = || is_set("CC_IS_CLANG").then(|| "clang".to_owned());
        let chosen = cc.or_else(|| if llvm.is_none() { by_configuration() } else { None });
        let compiler = chosen.clone().unwrap_or_else(|| match llvm.as_deref() {
            Some(prefix) if prefix.ends_with('/') => format!("{prefix}clang"),
            Some(suffix) if suffix.starts_with('-') => format!("clang{suffix}"),
            Some(_) => "clang".to_owned(),
            None => format!("{}gcc", cross.as_deref().unwrap_or_default()),
        });
        let named = [("CC", chosen), ("LLVM", llvm), ("CROSS_COMPILE", cross)];
        let variables =
            named.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
        Self { compiler, variables: variables.collect() }
    }

    /// The first line of `CC --version`, which is also what Kbuild knows a compiler
    /// by (`CONFIG_CC_VERSION_TEXT`).
    ///
    /// # Errors
    /// The compiler does not start or says nothing.
    pub(super) fn version(&self) -> Result<String, BuildError> {
        let start = |source| BuildError::Start { program: self.compiler.clone(), source };
        let mut words = self.compiler.split_whitespace();
        let mut command = process::command(words.next().unwrap_or_default());
        command.args(words).arg("--version");
        let run = process::run(command, None).map_err(start)?;
        let text = String::from_utf8_lossy(&run.output);
        match text.lines().next() {
            Some(line) if run.status.success() => Ok(line.trim().to_owned()),
            _ => Err(start(std::io::Error::other("`--version` failed"))),
        }
    }

    /// Looks for all that a kernel's build needs.
    ///
    /// # Errors
    /// [`BuildError::ToolsMissing`] with everything that is not there.
    pub(super) fn check(&self) -> Result<(), BuildError> {
        let llvm = self.variables.iter().any(|it| it.starts_with("LLVM=1"));
        let llvm_programs = LLVM_PROGRAMS.iter().filter(|_| llvm);
        let programs = PROGRAMS.iter().chain(llvm_programs);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let missing = programs.filter(|(program, _)| !is_in(&path, program));
        let mut missing: Vec<Missing> =
            missing.map(|&(what, package)| Missing { what, package }).collect();
        if !missing.iter().any(|it| it.what == "gcc") {
            let headers = HEADERS.iter().filter(|(header, ..)| !has_header(header));
            missing.extend(headers.map(|&(_, what, package)| Missing { what, package }));
        }
        if missing.is_empty() { Ok(()) } else { Err(BuildError::ToolsMissing(missing)) }
    }
}

fn is_in(path: &OsStr, program: &str) -> bool {
    std::env::split_paths(path).any(|folder| folder.join(program).is_file())
}

/// Whether the compiler of host programs finds a header.
fn has_header(header: &str) -> bool {
    let mut command = process::command("gcc");
    command
        .args(["-E", "-o", "/dev/null", "-x", "c", "-include", header])
        .arg(Path::new("/dev/null"));
    process::run(command, None).is_ok_and(|run| run.status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(configuration: &str, environment: &[(&str, &str)], expected: (&str, &[&str])) {
        let configuration = Configuration::read(configuration.as_bytes());
        let get = |name: &str| {
            environment.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
        };
        let found = Toolchain::choose(Some(&configuration), get);
        assert_eq!((found.compiler.as_str(), found.variables), (expected.0, strings(expected.1)));
    }

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    const CLANG: &str = "CONFIG_CC_IS_CLANG=y\n";

    #[test]
    fn the_environment_names_the_compiler_as_for_the_kernel() {
        check("", &[], ("gcc", &[]));
        check("", &[("CC", "gcc-13"), ("LLVM", "")], ("gcc-13", &["CC=gcc-13"]));
        check("", &[("LLVM", "1")], ("clang", &["LLVM=1"]));
        check("", &[("LLVM", "-15")], ("clang-15", &["LLVM=-15"]));
        check("", &[("LLVM", "/opt/llvm/bin/")], ("/opt/llvm/bin/clang", &["LLVM=/opt/llvm/bin/"]));
        check("", &[("LLVM", "0")], ("gcc", &[]));
        check(
            "",
            &[("CROSS_COMPILE", "aarch64-linux-gnu-")],
            ("aarch64-linux-gnu-gcc", &["CROSS_COMPILE=aarch64-linux-gnu-"]),
        );
    }

    #[test]
    fn a_configuration_made_with_clang_is_built_with_clang() {
        check(CLANG, &[], ("clang", &["CC=clang"]));
        check("CONFIG_CC_IS_CLANG=y\nCONFIG_LD_IS_LLD=y\n", &[], ("clang", &["LLVM=1"]));
        check(CLANG, &[("CC", "gcc")], ("gcc", &["CC=gcc"]));
    }

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        assert!(!is_in(OsStr::new("/nonexistent"), "make"));
        let missing = [
            Missing { what: "flex", package: "flex" },
            Missing { what: "ld", package: "binutils" },
        ];
        assert_eq!(
            BuildError::ToolsMissing(missing.to_vec()).to_string(),
            "building a kernel needs flex, ld, not found here; on Debian: apt install binutils flex"
        );
    }
}
