//! What a climb cost, for `-v`.

use super::error;
use crate::report::counted;
use crate::verify::ladder::Bill;
use std::fs;
use std::time::Instant;

/// CPU time that had been used when something began.
pub struct Cost {
    start: Instant,
    own: f64,
    children: f64,
}

impl Cost {
    /// From now on.
    pub fn start() -> Cost {
        let (own, children) = used().unwrap_or_default();
        Cost { start: Instant::now(), own, children }
    }

    /// Prints what `number` things that are each a `noun` took, and where it went.
    pub fn say(&self, bill: &Bill, number: usize, noun: &str) {
        let compiles = bill.seconds();
        let mut rows: Vec<(&str, f64)> = bill.rows().collect();
        let mut all = compiles;
        if let Some((own, children)) = used() {
            let (own, children) = (own - self.own, children - self.children);
            rows.push(("asking Kbuild for its commands", (children - compiles).max(0.0)));
            rows.push(("this program", own));
            all = own + children.max(compiles);
        }
        let each = all / number.max(1) as f64;
        let wall = self.start.elapsed().as_secs();
        let what = counted(number as u64, noun);
        error::say(&format!("{all:.1} CPU seconds for {what}, {each:.2} each; {wall} s in all"));
        for (name, seconds) in rows {
            error::say(&format!("  {seconds:8.1} s  {name}"));
        }
    }
}

/// CPU seconds of this process, and of those that it waited for (proc(5), `stat`).
fn used() -> Option<(f64, f64)> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The name before may hold anything.
    let (_, fields) = text.rsplit_once(')')?;
    let ticks: Vec<f64> = fields.split_whitespace().skip(11).take(4).flat_map(str::parse).collect();
    let &[user, system, children_user, children_system] = ticks.as_slice() else { return None };
    let second = rustix::param::clock_ticks_per_second() as f64;
    Some(((user + system) / second, (children_user + children_system) / second))
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_this_process_used_grows_and_is_no_more_than_time_allows() {
        let (before, children) = super::used().expect("Linux tells");
        let start = std::time::Instant::now();
        let mut number = 1u64;
        while start.elapsed().as_millis() < 200 {
            number = std::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005));
        }
        let (after, _) = super::used().expect("Linux tells");
        assert!(after > before && children >= 0.0, "{before} {after} {children}");
    }
}
