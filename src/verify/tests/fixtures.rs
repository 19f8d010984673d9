//! Files before a patch and after the right one, and what the patch claims.

use super::{Claim, claim};

/// Two members with callers, which go.
pub const GONE_BEFORE: &str = "\
#define REG_A 0x10
#define REG_B 0x20
#define LIMIT 7

struct chip { int base; };

static int rd(struct chip *chip, int reg);

/* Starts a. */
static int start_a(struct chip *chip, u32 val, int unused)
{
	int ret;

	ret = wr(chip, REG_A, val & 0xff);
	if (ret < 0)
		goto out;
	ret = rd(chip, REG_A | 1);
out:
	return ret;
}

static int between(struct chip *chip)
{
	return chip->base + LIMIT;
}

static int start_b(struct chip *chip, u32 val, int unused)
{
	int err;

	err = wr(chip, REG_B, val & 0xff);
	if (err < 0)
		goto fail;
	err = rd(chip, REG_B | 1);
fail:
	return err;
}

static int probe(struct chip *chip, int n)
{
	if (start_a(chip, n + 1, 0))
		return start_b(chip, start_a(chip, n, n), between(chip));
	return start_b(chip, 3, n);
}
";

/// What they became: `between(chip)` is an argument that may not be dropped.
pub const GONE_AFTER: &str = "\
#define REG_A 0x10
#define REG_B 0x20
#define LIMIT 7

struct chip { int base; };

static int rd(struct chip *chip, int reg);

static int start(struct chip *chip, u32 val, int unused, int reg, int reg2)
{
	int ret;

	ret = wr(chip, reg,
		 val & 0xff);
	if (ret < 0)
		goto out;
	ret = rd(chip, reg2);
out:
	return ret;
}

static int between(struct chip *chip)
{
	return chip->base + LIMIT;
}

static int probe(struct chip *chip, int n)
{
	if (start(chip, n + 1, 0, REG_A, REG_A | 1))
		return start(chip, start(chip, n, n, REG_A, REG_A | 1), between(chip), REG_B, REG_B | 1);
	return start(chip, 3, n, REG_B, REG_B | 1);
}
";

pub fn gone() -> Claim {
    claim(&["start_a", "start_b"], Some("start"), None)
}

/// Two members that an ops table names, which stay as thin functions.
pub const THIN_BEFORE: &str = "\
static DEFINE_MUTEX(lock);

static ssize_t show_min(struct device *dev, char *buf)
{
	struct data *data = get(dev);
	u16 val;

	val = (u16)data->limits[MIN];
	return sprintf(buf, \"%d\\n\", val << (SHIFT + 1));
}

static void set_lo(struct device *dev)
{
	mutex_lock(&lock);
	wr(dev, 0x10);
	mutex_unlock(&lock);
}

static ssize_t show_max(struct device *dev, char *buf)
{
	struct data *data = get(dev);
	u16 val;

	val = (u16)data->limits[MAX];
	return sprintf(buf, \"%d\\n\", val << (SHIFT + 1));
}

static const struct ops ops = { .min = show_min, .max = show_max, .lo = set_lo };
";

pub const THIN_AFTER: &str = "\
static DEFINE_MUTEX(lock);

static ssize_t show_limit(struct device *dev, char *buf, int index)
{
	struct data *data = get(dev);
	u16 val;

	val = (u16)data->limits[index];
	return sprintf(buf, \"%d\\n\", val << (SHIFT + 1));
}

static ssize_t show_min(struct device *dev, char *buf)
{
	return show_limit(dev, buf, MIN);
}

static void set_lo(struct device *dev)
{
	mutex_lock(&lock);
	wr(dev, 0x10);
	mutex_unlock(&lock);
}

static ssize_t show_max(struct device *dev, char *buf)
{
	return show_limit(dev, buf, MAX);
}

static const struct ops ops = { .min = show_min, .max = show_max, .lo = set_lo };
";

pub fn thin() -> Claim {
    claim(&["show_min", "show_max"], Some("show_limit"), None)
}

/// Two copies, of which one goes.
pub const MERGED_BEFORE: &str = "\
static int on(struct chip *chip);
static int on_again(struct chip *chip);

static int on(struct chip *chip)
{
	int a = chip->a;

	return wr(chip, a);
}

static int on_again(struct chip *chip)
{
	int b = chip->a;

	return wr(chip, b);
}

static int use(struct chip *chip)
{
	chip->cb = on_again;
	return on(chip) + on_again(chip);
}
";

pub const MERGED_AFTER: &str = "\
static int on(struct chip *chip);

static int on(struct chip *chip)
{
	int a = chip->a;

	return wr(chip, a);
}

static int use(struct chip *chip)
{
	chip->cb = on;
	return on(chip) + on(chip);
}
";

pub fn merged() -> Claim {
    claim(&["on", "on_again"], None, Some("on"))
}
