//! A tree whose files, folders and drivers are named and filled so as to become a part of
//! the page.

use super::chromium::{Browser, DESK};
use super::tree::{page, write};
use tempfile::TempDir;

const MARKUP: &str = "<img src=x onerror=window.hit=1>";

/// A function with this in its comment and its string.
fn function(name: &str, register: &str) -> String {
    format!(
        "static int {name}(struct evil *e)\n{{\n\tint ret;\n\n\
         \t/* </script>{MARKUP}<script>window.hit=2</script> --> ]]> */\n\
         \tret = evil_write(e, {register}, \"</pre>{MARKUP}\");\n\tif (ret < 0)\n\t\treturn ret;\n\
         \te->count++;\n\treturn evil_read(e, {register});\n}}\n\n"
    )
}

#[test]
#[ignore = "needs a browser"]
fn nothing_of_a_tree_becomes_a_part_of_the_page() {
    let dir = TempDir::new().expect("a folder for the test");
    let root = dir.path();
    write(root, "Makefile", "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\nEXTRAVERSION =\n");
    write(root, "Kconfig", "");
    let folder = format!("drivers/{MARKUP}");
    let file = format!("{folder}/evil{MARKUP}.c");
    let text = [
        "int evil_write(struct evil *e, int reg, const char *text);\n".to_owned(),
        function("evil_a", "0x10"),
        function("evil_b", "0x20"),
    ];
    let users = "int evil_all(struct evil *e)\n{\n\treturn evil_a(e) + evil_b(e);\n}\n";
    write(root, &file, &(text.concat() + users));
    write(root, &format!("{folder}/Makefile"), &format!("obj-m += evil{MARKUP}.o\n"));

    for command in ["scan", "plan"] {
        let page = page(root, command);
        let mut browser = Browser::start();
        browser.open(&page, "", DESK);
        let name = browser.text("document.querySelector('#groups .path').textContent");
        assert_eq!(name, file);
        browser.click("#groups tbody a");
        browser.wait("document.querySelector('#code table') !== null");
        let code = browser.text("document.getElementById('code').textContent");
        assert!(code.contains(&format!("</script>{MARKUP}")), "{code}");
        assert_eq!(browser.number("document.images.length"), 0.0, "{command}");
        assert_eq!(browser.eval("window.hit ?? null"), serde_json::Value::Null, "{command}");
        // Were there a script after all, the page's policy would not let it run.
        browser.eval(
            "document.body.append(Object.assign(document.createElement('script'), \
             { textContent: 'window.hit = 3' }))",
        );
        assert_eq!(browser.eval("window.hit ?? null"), serde_json::Value::Null, "{command}");
    }
}
