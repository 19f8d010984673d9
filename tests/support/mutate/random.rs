//! What the tests choose, they choose by a seed that a failing run prints.

/// A xorshift generator (Marsaglia 2003): what it must be is repeatable.
#[derive(Clone)]
pub struct Random {
    seed: u64,
    state: u64,
}

impl Random {
    /// Begins with `DRVDEDUP_SEED`, or with 1.
    pub fn from_environment() -> Random {
        let seed = std::env::var("DRVDEDUP_SEED").ok();
        let seed = seed.map_or(1, |text| text.parse().expect("DRVDEDUP_SEED is a number"));
        Random { seed, state: seed.max(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) }
    }

    /// What it began with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The next number, of 31 bits.
    pub fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        // The low bits are the weak ones.
        self.state >> 33
    }

    /// A number below `bound`, which is at least 1.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of `choices`; `None` where there are none.
    pub fn pick<'c, T>(&mut self, choices: &'c [T]) -> Option<&'c T> {
        (!choices.is_empty()).then(|| &choices[self.below(choices.len())])
    }

    /// Puts `items` in another order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// A part of `items`, in their order: one, or every second, or all. Never none
    /// where there are some.
    pub fn some_of<T: Clone>(&mut self, items: &[T]) -> Vec<T> {
        match self.below(3) {
            0 => self.pick(items).into_iter().cloned().collect(),
            1 if items.len() > 1 => {
                let sure = self.below(items.len());
                let mut keep = |&(at, _): &(usize, &T)| at == sure || self.once_in(2);
                items.iter().enumerate().filter(|item| keep(item)).map(|(_, i)| i.clone()).collect()
            }
            _ => items.to_vec(),
        }
    }
}
