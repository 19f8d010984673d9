//! The message of a patch: subject and body, from the rule's template.

use super::templates::{TemplateError, Templates};
use crate::detect::CloneGroup;
use crate::plan::ladder::Form;
use crate::plan::text::Saving;
use crate::plan::{Family, Fate, Helper, MemberPlan, Parameter, Plan, Remedy};
use crate::tree::TreePath;
use serde::Serialize;

/// A patch's message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// One line of at most 75 characters.
    pub subject: String,
    /// The rest.
    pub body: String,
}

/// What the template of a message is given.
#[derive(Serialize)]
struct MessageData {
    subject: String,
    /// Paragraphs, wrapped.
    text: Vec<String>,
    /// The small table of what each function passes, one line a row.
    rows: Vec<String>,
    rule: String,
    /// Of this program.
    version: &'static str,
    /// The file of the functions, or the folder that all their files lie in.
    file: String,
}

/// Longest subject (Documentation/process/submitting-patches.rst).
const SUBJECT: usize = 75;

/// Width of the body.
const BODY: usize = 72;

/// How subsystems begin their subjects, by the path of the file; the longest path
/// wins, `{}` is the driver. Taken from the habits of the kernel's own log.
const PREFIXES: &[(&str, &str)] = &[
    ("drivers/acpi", "ACPI: {}"),
    ("drivers/bluetooth", "Bluetooth: {}"),
    ("drivers/char/tpm", "tpm: {}"),
    ("drivers/clk", "clk: {}"),
    ("drivers/comedi", "comedi: {}"),
    ("drivers/devfreq", "PM / devfreq"),
    ("drivers/dma", "dmaengine: {}"),
    ("drivers/gpu/drm/amd/amdkfd", "drm/amdkfd"),
    ("drivers/gpu/drm/amd/display", "drm/amd/display"),
    ("drivers/gpu/drm/amd/pm", "drm/amd/pm"),
    ("drivers/gpu/drm/bridge", "drm/bridge: {}"),
    ("drivers/gpu/drm/tegra", "drm/tegra"),
    ("drivers/hid", "HID: {}"),
    ("drivers/i2c", "i2c: {}"),
    ("drivers/iommu", "iommu/{}"),
    ("drivers/irqchip", "irqchip/{}"),
    ("drivers/mmc", "mmc: {}"),
    ("drivers/mtd", "mtd: {}"),
    ("drivers/mtd/nand/raw", "mtd: rawnand: {}"),
    ("drivers/pci", "PCI: {}"),
    ("drivers/platform/chrome", "platform/chrome: {}"),
    ("drivers/s390", "s390/{}"),
    ("drivers/target", "scsi: target: {}"),
    ("drivers/thermal", "thermal: {}"),
    ("drivers/power/supply", "power: supply: {}"),
    ("drivers/power/reset", "power: reset: {}"),
    ("drivers/net/wireless", "wifi: {}"),
    ("drivers/net/wireless/realtek/rtlwifi", "wifi: rtlwifi"),
    ("drivers/net/wireless/realtek/rtw88", "wifi: rtw88"),
    ("drivers/net/wireless/realtek/rtw89", "wifi: rtw89"),
    ("drivers/net/wireless/intel/iwlwifi", "wifi: iwlwifi"),
    ("drivers/net/wireless/mediatek/mt76", "wifi: mt76"),
    ("drivers/net/can", "can: {}"),
    ("drivers/net/dsa", "net: dsa: {}"),
    ("drivers/net/ethernet/mellanox/mlxsw", "mlxsw"),
    ("drivers/net/wireless/ath/ath9k", "wifi: ath9k"),
    ("drivers/net/wireless/ath/ath10k", "wifi: ath10k"),
    ("drivers/net/wireless/ath/ath11k", "wifi: ath11k"),
    ("drivers/usb/serial", "USB: serial: {}"),
    ("drivers/iommu/intel", "iommu/vt-d"),
    ("drivers/gpu/drm/gma500", "drm/gma500"),
    ("drivers/net/ethernet/hisilicon/hns3", "net: hns3"),
    ("drivers/net/ethernet/marvell/mvpp2", "net: mvpp2"),
    ("drivers/net/ethernet/marvell/octeontx2/af", "octeontx2-af"),
    ("drivers/net/ethernet/marvell/octeontx2/nic", "octeontx2-pf"),
    ("drivers/net/ethernet/mellanox/mlx4", "net/mlx4"),
    ("drivers/net/ethernet/mellanox/mlx5", "net/mlx5"),
    ("drivers/net/ethernet/microchip/lan966x", "net: lan966x"),
    ("drivers/net/ethernet", "{}"),
    ("drivers/net", "net: {}"),
    ("drivers/media/dvb-frontends", "media: dvb-frontends: {}"),
    ("drivers/media", "media: {}"),
    ("drivers/media/pci/cx88", "media: cx88"),
    ("drivers/misc/habanalabs", "habanalabs"),
    ("drivers/pnp", "PNP"),
    ("drivers/gpu/drm/amd/amdgpu", "drm/amdgpu"),
    ("drivers/gpu/drm/nouveau", "drm/nouveau"),
    ("drivers/gpu/drm/radeon", "drm/radeon"),
    ("drivers/staging/media", "media: {}"),
    ("drivers/staging", "staging: {}"),
    ("drivers/hwmon", "hwmon: ({})"),
    ("drivers/gpu/drm", "drm/{}"),
    ("drivers/input", "Input: {}"),
    ("drivers/iio", "iio: {}"),
    ("drivers/usb/gadget", "usb: gadget: {}"),
    ("drivers/usb", "usb: {}"),
    ("drivers/scsi", "scsi: {}"),
    ("drivers/infiniband", "RDMA/{}"),
    ("drivers/crypto", "crypto: {}"),
    ("drivers/video/fbdev", "fbdev: {}"),
    ("drivers/platform/x86", "platform/x86: {}"),
    ("sound/soc", "ASoC: {}"),
    ("sound", "ALSA: {}"),
];

/// What modules carry in their names that subjects leave out.
const DECORATIONS: &[&str] = &["snd-soc-", "snd-", "gpio-", "rtc-", "i2c-", "spi-", "leds-"];

/// Composes the message of `plan`, whose helper or survivor belongs to `driver`.
///
/// # Errors
/// A template that cannot be rendered.
pub fn compose(
    plan: &Plan,
    group: &CloneGroup,
    driver: &str,
    templates: &Templates,
) -> Result<Message, TemplateError> {
    // What is called is no part of the patch.
    let data = MessageData {
        subject: subject(plan, group, driver),
        text: paragraphs(plan).iter().map(|text| fill(text)).collect(),
        rows: rows(plan),
        rule: plan.rule.name.clone(),
        version: env!("CARGO_PKG_VERSION"),
        file: {
            let by = if plan.is_smaller() { "--by text " } else { "" };
            arguments(by, &looked_at(&plan.files[usize::from(plan.is_reuse())..]))
        },
    };
    let text = templates.render(&plan.rule.templates.message, &data)?;
    let (subject, body) = text.split_once('\n').unwrap_or((&text, ""));
    Ok(Message { subject: subject.trim().to_owned(), body: body.trim().to_owned() + "\n" })
}

/// What follows `  drvdedup plan ` in a message, on two lines where `checkpatch.pl` would take
/// one for a paragraph that nobody wrapped.
fn arguments(by: &str, path: &str) -> String {
    match "  drvdedup plan ".len() + by.len() + path.len() <= SUBJECT {
        true => format!("{by}{path}"),
        false => format!("{by}\\\n    {path}"),
    }
}

/// `subsystem: driver:` for a patch that concerns a file of `driver` and of `class`.
pub fn prefix(file: &str, driver: &str, class: &str) -> String {
    let driver = DECORATIONS.iter().find_map(|d| driver.strip_prefix(d)).unwrap_or(driver);
    let driver = driver.strip_suffix("_core").unwrap_or(driver);
    let below = |path: &str| file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    let known = PREFIXES.iter().filter(|(path, _)| below(path)).max_by_key(|(path, _)| path.len());
    let prefix = match known {
        Some((_, prefix)) => prefix.replace("{}", driver),
        None => format!("{}: {driver}", class.rsplit('/').next().unwrap_or("")),
    };
    // A driver that is called as its subsystem is said once.
    let prefix = match prefix.split_once(": ") {
        Some((one, other)) if one.eq_ignore_ascii_case(other) => one.to_owned(),
        _ => prefix,
    };
    // `hwmon: (lm75) …` has no second colon.
    if prefix.ends_with(')') { prefix } else { prefix + ":" }
}

/// `subsystem: driver: what`.
fn subject(plan: &Plan, group: &CloneGroup, driver: &str) -> String {
    let prefix = prefix(plan.concerns(), driver, &group.members[0].class);
    let what = match &plan.remedy {
        Remedy::Helper(helper) if plan.family.is_some() => {
            format!("Use {}() for several attributes", helper.name)
        }
        Remedy::Helper(helper) => format!("Factor out {}()", helper.name),
        Remedy::Merge(survivor) if plan.is_reuse() => {
            format!("Use {}()", plan.members[*survivor].name)
        }
        Remedy::Elide(callee) => format!("Call {callee}() directly"),
        Remedy::Lookup(_) | Remedy::Loop(_) => format!("Use a table in {}()", plan.members[0].name),
        Remedy::Delete => match plan.members.as_slice() {
            [one] => format!("Remove unused {}()", one.name),
            [one, other] if one.name == other.name => format!("Remove unused {}()", one.name),
            [one, other] => format!("Remove unused {}() and {}()", one.name, other.name),
            more => format!("Remove {} unused functions", more.len()),
        },
        Remedy::Merge(survivor) => {
            let copies = plan.members.iter().filter(|m| m.fate != Fate::Survives).count();
            let what = if copies == 1 { "a copy" } else { "copies" };
            format!("Remove {what} of {}()", plan.members[*survivor].name)
        }
    };
    let whole = format!("{prefix} {what}");
    if whole.chars().count() <= SUBJECT {
        return whole;
    }
    let short = match &plan.remedy {
        Remedy::Delete => "Remove unused functions",
        Remedy::Lookup(_) | Remedy::Loop(_) => "Use a table of constants",
        _ => "Remove duplicated code",
    };
    let short = format!("{prefix} {short}");
    short.chars().take(SUBJECT).collect()
}

/// What to look at to find the same again: the file, or the folder of several.
pub fn looked_at(files: &[TreePath]) -> String {
    let folders = |path: &TreePath| -> Vec<String> { path.split('/').map(str::to_owned).collect() };
    let mut common = files.first().map(folders).unwrap_or_default();
    for file in files {
        let other = folders(file);
        let same = common.iter().zip(&other).take_while(|(one, other)| one == other).count();
        common.truncate(same);
    }
    common.join("/")
}

/// What the code gets smaller by, where that is why there is a patch.
fn smaller(plan: &Plan) -> Option<String> {
    let Saving { text, data } = plan.saving().filter(|_| plan.is_smaller())?;
    Some(format!(
        "On x86-64 that is an estimated {text} bytes of text less, and {data} bytes of read-only \
         data more."
    ))
}

/// Why, what, and what becomes of each function.
fn paragraphs(plan: &Plan) -> Vec<String> {
    let names = |fate: Option<Fate>| {
        let chosen = plan.members.iter().filter(|m| fate.is_none_or(|fate| m.fate == fate));
        enumeration(&chosen.map(|m| told(plan, m)).collect::<Vec<_>>())
    };
    let (gone, thin) = (names(Some(Fate::Gone)), names(Some(Fate::Thin)));
    let thins = plan.members.iter().filter(|m| m.fate == Fate::Thin).count();
    let all = names(None);
    let is_of_one_name = plan.members.iter().all(|member| member.name == plan.members[0].name);
    let mut text = Vec::new();
    match &plan.remedy {
        Remedy::Helper(helper) if plan.is_of_parts => text.push(of_parts(plan, helper, &all)),
        Remedy::Helper(helper) if plan.family.is_some() => {
            text.extend(plan.family.iter().map(|family| of_rows(family, helper, &all)));
        }
        Remedy::Helper(helper) if helper.parameters.is_empty() => {
            text.push(format!("{all} have the same body. Keep it once, as {}().", helper.name));
        }
        Remedy::Helper(helper) => {
            // `__func__` is the same word, and another name, in each.
            let is_told = |p: &&Parameter| {
                is_telling(plan, p)
                    || p.arguments.iter().any(|it| it == "__func__")
                    || !helper.parameters.iter().any(|p| is_telling(plan, p))
            };
            let told = helper.parameters.iter().filter(is_told);
            let parameters: Vec<String> = told.map(|p| p.name.clone()).collect();
            let (name, passed) = (&helper.name, enumeration(&parameters));
            let told_apart = helper.parameters.iter().any(|p| is_telling(plan, p));
            // A macro of one name may be another one in each file.
            let differ = helper.parameters.iter().any(differs);
            text.push(match (told_apart, differ) {
                (false, _) => format!(
                    "{all} do the same with what they are given, of different types. Move the \
                     common code to {name}() and pass what it takes of that as {passed}."
                ),
                (true, false) => format!(
                    "{all} have the same text. Move it to {name}() and pass what each file has \
                     under a name of its own as {passed}."
                ),
                (true, true) => format!(
                    "{all} are the same but for what the table below shows. Move the common code \
                     to {name}() and pass what differs as {passed}."
                ),
            });
        }
        Remedy::Loop(it) => {
            text.push(format!(
                "{all} repeats the same statements {} times, with other constants each time. Put \
                 the constants into a \
                 table, {}, and loop over it.",
                it.rows.len(),
                it.table,
            ));
            text.extend(smaller(plan));
        }
        Remedy::Lookup(lookup) => {
            // Another thing may be done where no case, and no condition, holds.
            let arm = match lookup.form {
                Form::Switch => "case of a switch",
                Form::Branches => "branch of a chain of ifs",
                Form::Choices => "side of a chain of ?:",
            };
            let what = match &lookup.sink {
                Some(sink) => format!("sets {sink} to"),
                None => "returns".to_owned(),
            };
            text.push(format!(
                "Each {arm} in {all} only {what} a constant. Look the constants up in a table, \
                 {}, which is shorter and shows them side by side.",
                lookup.table,
            ));
        }
        Remedy::Delete => {
            let (verb, them) = if plan.members.len() == 1 { ("is", "it") } else { ("are", "them") };
            text.push(format!("{all} {verb} not used anywhere. Remove {them}."));
        }
        Remedy::Elide(callee) => {
            let (verb, them) =
                if plan.members.len() == 1 { ("does", "it") } else { ("do", "them") };
            text.push(format!(
                "{all} {verb} nothing but call {callee}() with the same arguments. Remove {them} \
                 and call that."
            ));
        }
        Remedy::Merge(survivor) if plan.is_reuse() => {
            let copies = plan.members.iter().filter(|m| m.fate != Fate::Survives);
            let copies: Vec<String> = copies.map(|m| format!("{}()", m.name)).collect();
            let (verb, own) = if copies.len() == 1 { ("does", "its") } else { ("do", "their") };
            text.push(format!(
                "{} {verb} what {}() of {} does already. Remove {own} code and call that.",
                enumeration(&copies),
                plan.members[*survivor].name,
                plan.home(),
            ));
        }
        Remedy::Merge(survivor) => {
            let kept = &plan.members[*survivor];
            text.push(match is_of_one_name {
                true => {
                    let (name, file) = (&kept.name, &plan.files[kept.file]);
                    format!(
                        "Each of the files has a {name}() with the same body. Keep that of {file}."
                    )
                }
                false => format!("{all} have the same body. Keep that of {}().", kept.name),
            });
        }
    }
    if let Some(library) = &plan.library {
        text.push(format!(
            "No module has all of these drivers. Make one, {}, that CONFIG_{} builds and that \
             they select; it has no prompt.",
            library.module, library.option
        ));
    }
    let mut fates = Vec::new();
    let is_told_of = matches!(
        plan.remedy,
        Remedy::Elide(_) | Remedy::Delete | Remedy::Lookup(_) | Remedy::Loop(_)
    );
    let is_said = plan.is_of_parts || plan.is_reuse() || is_told_of || plan.family.is_some();
    let calls_change = !(is_of_one_name && matches!(plan.remedy, Remedy::Merge(_)));
    if !gone.is_empty() && !is_said && calls_change {
        let them = if gone == all { "them" } else { &gone };
        fates.push(format!("What used {them} now uses it directly."));
    }
    if !thin.is_empty() {
        let wrappers = if thins == 1 { "a wrapper" } else { "wrappers" };
        fates.push(format!("Keep {thin} as {wrappers}."));
    }
    let no_change = match &plan.visible {
        Some(visible) => format!("{visible} No other functional change intended."),
        None => "No functional change intended.".to_owned(),
    };
    fates.push(no_change);
    text.push(fates.join(" "));
    text
}

/// A member as a sentence names it: with its file where another one has its name.
fn told(plan: &Plan, member: &MemberPlan) -> String {
    let others = plan.members.iter().filter(|it| it.name == member.name && it.file != member.file);
    let others: Vec<&str> =
        others.filter_map(|it| plan.files.get(it.file)).map(|it| &**it).collect();
    let Some(file) = plan.files.get(member.file).filter(|_| !others.is_empty()) else {
        return format!("{}()", member.name);
    };
    // As much of the path as tells them apart.
    let last = |path: &str, count: usize| {
        let parts: Vec<&str> = path.split('/').collect();
        parts[parts.len().saturating_sub(count)..].join("/")
    };
    let is_apart =
        |count: &usize| others.iter().all(|other| last(other, *count) != last(file, *count));
    let count = (1..file.split('/').count()).find(is_apart).unwrap_or(usize::MAX);
    format!("{}() of {}", member.name, last(file, count))
}

/// Whether the table shows a parameter. In several files one name may stand for several
/// values; one way to a member is one.
fn is_telling(plan: &Plan, parameter: &Parameter) -> bool {
    differs(parameter) || plan.is_shared() && parameter.base.is_none()
}

/// Whether the members do not all pass the same text.
fn differs(parameter: &Parameter) -> bool {
    parameter.arguments.iter().any(|it| *it != parameter.arguments[0])
}

/// What several functions do on their way.
fn of_parts(plan: &Plan, helper: &Helper, all: &str) -> String {
    let told = helper.parameters.iter().filter(|p| is_telling(plan, p));
    let names: Vec<String> = told.map(|p| p.name.clone()).collect();
    let (but, pass) = match names.is_empty() {
        true => ("", String::new()),
        false => (
            ", but for what the table below shows",
            format!(" and pass what differs as {}", enumeration(&names)),
        ),
    };
    format!("{all} have statements in common{but}. Move these to {}(){pass}.", helper.name)
}

/// What attributes reach as one function.
fn of_rows(family: &Family, helper: &Helper, all: &str) -> String {
    let kind = &family.kind;
    let slot = kind.slot.as_deref().unwrap_or_default();
    let names: Vec<String> = helper.parameters.iter().map(|it| it.name.clone()).collect();
    let what = enumeration(&names);
    let holds = match &family.table {
        Some(table) if kind.points.is_some() => {
            format!("the address of a row of {} with its {what}", table.name)
        }
        Some(table) => format!("the index of a row of {} with its {what}", table.name),
        None => format!("its {what}"),
    };
    let becomes = match &family.was {
        Some(tag) => format!(
            "Make each attribute a struct {} in place of a struct {tag}, and let the member {slot} \
             of it hold {holds}.",
            kind.tag
        ),
        None => format!(
            "Let the member {slot} of each attribute, which nothing else uses, hold {holds}."
        ),
    };
    format!(
        "{all} are the same but for what the table below shows, and only attributes name them. \
         {becomes} One function, {}(), takes it from the attribute that it is handed.",
        helper.name,
    )
}

/// `a`, `a and b`, `a, b and c`.
pub fn enumeration(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Breaks a paragraph into lines of at most 72 columns where words allow.
pub fn fill(text: &str) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().filter(|line| {
            line.is_empty() || line.chars().count() + 1 + word.chars().count() <= BODY
        });
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// A small table: what each function passes, by parameter; a line that would be too
/// long is broken into one line a parameter.
fn rows(plan: &Plan) -> Vec<String> {
    let Remedy::Helper(helper) = &plan.remedy else { return Vec::new() };
    let shown: Vec<&Parameter> = helper.parameters.iter().filter(|p| is_telling(plan, p)).collect();
    if shown.is_empty() {
        return Vec::new();
    }
    let width = plan.members.iter().map(|m| m.name.len()).max().unwrap_or(0);
    let mut rows = Vec::new();
    for (index, member) in plan.members.iter().enumerate() {
        let values: Vec<String> =
            shown.iter().map(|p| format!("{} = {}", p.name, p.arguments[index])).collect();
        let row = format!("{:width$}  {}", member.name, values.join(", "));
        if row.chars().count() + 2 <= BODY {
            rows.push(row);
        } else {
            rows.push(format!("{}:", member.name));
            rows.extend(values.into_iter().map(|value| format!("  {value}")));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_longer_than_a_subject_goes_on_on_the_next_line() {
        assert_eq!(arguments("--by text ", "drivers/a/b.c"), "--by text drivers/a/b.c");
        let long = "d".repeat(59);
        assert_eq!(arguments("", &long).len(), 59);
        assert_eq!(arguments("", &format!("{long}e")), format!("\\\n    {long}e"));
    }

    #[test]
    fn names_are_enumerated_as_in_a_sentence() {
        let items =
            |n: usize| ["a", "b", "c"][..n].iter().map(|s| s.to_string()).collect::<Vec<_>>();
        assert_eq!(enumeration(&items(1)), "a");
        assert_eq!(enumeration(&items(2)), "a and b");
        assert_eq!(enumeration(&items(3)), "a, b and c");
    }

    #[test]
    fn paragraphs_are_wrapped_at_words() {
        let text = fill(&"word ".repeat(40));
        assert!(text.lines().all(|line| line.len() <= BODY), "{text}");
        assert_eq!(text.split_whitespace().count(), 40);
    }
}
