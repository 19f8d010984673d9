//! Faults to plant into the right answers of the fixtures.

/// A row of a table of faults: its name, what it replaces in the right answer and
/// by what, and a part of the message.
pub type Fault = (&'static str, &'static str, &'static str, &'static str);

pub const GONE_FAULTS: &[Fault] = &[
    ("swapped arguments", "start(chip, n + 1, 0,", "start(n + 1, chip, 0,", "do not correspond"),
    ("wrong constant", "0, REG_A, REG_A | 1", "0, REG_B, REG_A | 1", "`REG_A` became `REG_B`"),
    ("wrong second constant", "0, REG_A, REG_A | 1", "0, REG_A, REG_A | 2", "`REG_A | 2`"),
    ("changed argument", "n + 1, 0,", "n + 2, 0,", "do not correspond"),
    ("missing statement", "\tret = rd(chip, reg2);\n", "", "`ret` became `out`"),
    (
        "extra statement",
        "\tret = rd(chip, reg2);\n",
        "\tret = rd(chip, reg2);\n\tret++;\n",
        "became `ret`",
    ),
    ("jump to the end", "\t\tgoto out;\n", "\t\treturn ret;\n", "`goto` became `return`"),
    ("other operator", "ret < 0", "ret <= 0", "`<` became `<=`"),
    ("mask lost", "val & 0xff", "val & 0x0f", "`0xff` became `0x0f`"),
    ("narrower parameter", "chip, u32 val", "chip, u16 val", "`u32` became `u16`"),
    ("other return type", "static int start(", "static long start(", "`int` became `long`"),
    ("not static", "static int start(", "int start(", "not static"),
    (
        "captured by a local",
        "int ret;\n\n\tret = wr",
        "int reg;\n\n\treg = wr",
        "hides a parameter",
    ),
    (
        "call site forgotten",
        "return start(chip, 3, n, REG_B, REG_B | 1)",
        "return start_b(chip, 3, n)",
        "`start_b` became `start_b`",
    ),
    (
        "nested call forgotten",
        "start(chip, n, n, REG_A, REG_A | 1)",
        "start_a(chip, n, n)",
        "do not correspond",
    ),
    ("argument lost", "chip, 3, n, REG_B, REG_B | 1", "chip, 3, n, REG_B", "takes 5 arguments"),
    ("changed neighbour", "chip->base + LIMIT", "chip->base", "`+` became `;`"),
    ("changed macro", "#define LIMIT 7", "#define LIMIT 8", "became `#define LIMIT 8`"),
    ("macro lost", "#define LIMIT 7\n", "", "became `struct`"),
    (
        "neighbour's prototype lost",
        "static int rd(struct chip *chip, int reg);\n",
        "",
        "`rd` where it is not declared",
    ),
    (
        "written parameter",
        "ret = rd(chip, reg2);",
        "reg2 = rd(chip, reg2);",
        "`ret` became `REG_A | 1`",
    ),
    ("parameters exchanged", "wr(chip, reg,", "wr(chip, reg2,", "`REG_A | 1`"),
    (
        "local in an argument",
        "start(chip, n, n, REG_A,",
        "start(chip, n, n, n,",
        "do not correspond",
    ),
    (
        "member kept under another name",
        "\nstatic int between",
        "\nstatic int start_c(int a)\n{\n\treturn a;\n}\n\nstatic int between",
        "became `start_c`",
    ),
];

pub const THIN_FAULTS: &[Fault] = &[
    (
        "other prototype",
        "static ssize_t show_limit(struct device *dev, char *buf, int index)\n",
        "static ssize_t show_limit(struct device *dev, char *buf, long i);\n\
         static ssize_t show_limit(struct device *dev, char *buf, int index)\n",
        "declared otherwise",
    ),
    ("wrong constant", "buf, MIN", "buf, MAX", "`MIN` became `MAX`"),
    ("swapped arguments", "dev, buf, MIN", "buf, dev, MIN", "do not correspond"),
    (
        "wrong thin return",
        "return show_limit(dev, buf, MIN)",
        "show_limit(dev, buf, MIN)",
        "unless it is void",
    ),
    (
        "more than the call",
        "return show_limit(dev, buf, MIN);",
        "return show_limit(dev, buf, MIN) + 0;",
        "nothing else",
    ),
    (
        "statement before the call",
        "\treturn show_limit(dev, buf, MIN);",
        "\tget(dev);\n\treturn show_limit(dev, buf, MIN);",
        "returns the helper's value",
    ),
    ("narrower cast", "(u16)data", "(u8)data", "`u16` became `u8`"),
    ("narrower local", "u16 val;", "u8 val;", "`u16` became `u8`"),
    ("captured name", "int index", "int val", "hides a parameter"),
    ("changed format", "%d", "%u", "became"),
    ("changed table", ".min = show_min", ".min = show_max", "`show_min` became `show_max`"),
    (
        "signature of a thin function",
        "show_min(struct device *dev",
        "show_min(struct device2 *dev",
        "`device` became `device2`",
    ),
    ("side effect in an argument", "buf, MIN", "buf, MIN++", "became `MIN ++`"),
    (
        "other helper",
        "return show_limit(dev, buf, MIN)",
        "return show_other(dev, buf, MIN)",
        "must call the helper",
    ),
    ("void neighbour changed", "0x10", "0x11", "`0x10` became `0x11`"),
    ("precedence", "val << (SHIFT + 1)", "val << SHIFT + 1", "`(` became `SHIFT`"),
    (
        "attribute gained",
        "static ssize_t show_limit",
        "static __attribute__((cold)) ssize_t show_limit",
        "became `__attribute__`",
    ),
];

pub const MERGED_FAULTS: &[Fault] = &[
    ("use forgotten", "chip->cb = on;", "chip->cb = on_again;", "became `on_again`"),
    ("survivor changed", "= chip->a;", "= chip->b;", "`a` became `b`"),
    ("other function used", "chip->cb = on;", "chip->cb = off;", "became `off`"),
    (
        "linkage changed",
        "static int on(struct chip *chip)\n{",
        "int on(struct chip *chip)\n{",
        "linkage",
    ),
];
