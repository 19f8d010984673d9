//! Copies that everybody who looks at the tree finds: each has a proposal, or the refusal
//! that a maintainer would give, too.

use crate::support::plan::{Group, Outcome, Plan};

/// What becomes of a family.
pub enum Expected {
    /// A patch.
    Proposal,
    /// This reason, and why a maintainer would give it.
    Refusal(&'static str, &'static str),
}
use Expected::{Proposal, Refusal};

/// Functions of one family, as `file:function`, and what becomes of them.
type Family = (&'static [&'static str], Expected);

/// Where the families live.
pub const FOLDERS: [&str; 5] = [
    "drivers/gpu/drm/amd/amdgpu",
    "drivers/media/pci/mantis",
    "drivers/net/wireless/realtek/rtlwifi",
    "drivers/leds",
    "drivers/net/ethernet/sfc",
];

#[rustfmt::skip]
const FAMILIES: &[Family] = &[
    (&["drivers/gpu/drm/amd/amdgpu/psp_v3_1.c:psp_v3_1_ring_init",
       "drivers/gpu/drm/amd/amdgpu/psp_v10_0.c:psp_v10_0_ring_init",
       "drivers/gpu/drm/amd/amdgpu/psp_v11_0.c:psp_v11_0_ring_init",
       "drivers/gpu/drm/amd/amdgpu/psp_v11_0_8.c:psp_v11_0_8_ring_init",
       "drivers/gpu/drm/amd/amdgpu/psp_v13_0.c:psp_v13_0_ring_init",
       "drivers/gpu/drm/amd/amdgpu/psp_v13_0_4.c:psp_v13_0_4_ring_init"],
     Proposal),
    (&["drivers/media/pci/mantis/hopper_cards.c:hopper_irq_handler",
       "drivers/media/pci/mantis/mantis_cards.c:mantis_irq_handler"],
     Refusal("too-few-users",
             "Two drivers: an export of the core for two is not asked for before there is a third.")),
    (&["drivers/net/wireless/realtek/rtlwifi/rtl8723ae/hw.c:_rtl8723e_set_bcn_ctrl_reg",
       "drivers/net/wireless/realtek/rtlwifi/rtl8723be/hw.c:_rtl8723be_set_bcn_ctrl_reg"],
     Proposal),
    (&["drivers/net/wireless/realtek/rtlwifi/rtl8723ae/hw.c:rtl8723e_set_key",
       "drivers/net/wireless/realtek/rtlwifi/rtl8723be/hw.c:rtl8723be_set_key"],
     Refusal("macro-differs",
             "Its messages name the module that they come from: from a common one they would name that.")),
    (&["drivers/leds/leds-lp5521.c:lp5521_led_brightness",
       "drivers/leds/leds-lp5523.c:lp5523_led_brightness"],
     Proposal),
    (&["drivers/net/ethernet/sfc/mcdi_mon.c:efx_mcdi_mon_probe",
       "drivers/net/ethernet/sfc/siena/mcdi_mon.c:efx_siena_mcdi_mon_probe"],
     Refusal("too-few-users",
             "siena was split off on purpose, to be left alone: the two may not depend on each other.")),
];

/// The families that ended otherwise, one line each.
pub fn otherwise(plan: &Plan) -> Vec<String> {
    let ended = |(members, expected): &Family| {
        let has_all = |group: &&Group| {
            members.iter().all(|wanted| {
                let is_it = |it: &crate::support::plan::Member| {
                    format!("{}:{}", it.file, it.function) == *wanted
                };
                group.members.iter().any(is_it)
            })
        };
        let Some(group) = plan.groups.iter().find(has_all) else {
            return Some(format!("{}: no group has all of the family", members[0]));
        };
        match (&group.outcome, expected) {
            (Outcome::Proposal(_), Proposal) => None,
            (Outcome::Refusal(found), Refusal(reason, _)) if found.reason == *reason => None,
            (Outcome::Refusal(found), Refusal(reason, why)) => {
                Some(format!("{}: {} instead of {reason}: {why}", members[0], found.reason))
            }
            (Outcome::Refusal(found), Proposal) => {
                Some(format!("{}: refused for {}", members[0], found.reason))
            }
            (Outcome::Proposal(id), Refusal(reason, why)) => {
                Some(format!("{}: proposal {id} instead of {reason}: {why}", members[0]))
            }
        }
    };
    FAMILIES.iter().filter_map(ended).collect()
}
