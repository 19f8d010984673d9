//! Which names a function declares for itself.

use super::parse::{FunctionTree, NodeId};

impl FunctionTree {
    /// Whether the identifier `id` is what a declaration inside the function
    /// declares, and names something of the function's own: a parameter or a
    /// variable without linkage. A block-scope `extern`, or a prototype inside a
    /// body, names something of the whole program (C11 6.2.2).
    pub fn declares_local(&self, id: NodeId, source: &[u8]) -> bool {
        let mut child = id;
        for parent in self.ancestors(id) {
            let field = self.node(child).field;
            match self.node(parent).kind {
                "parameter_declaration" => return field == "declarator",
                "declaration" => return field == "declarator" && !self.is_extern(parent, source),
                // `int f(int);`, but not `int (*f)(int);`
                "function_declarator" if self.node(child).kind == "identifier" => return false,
                "parenthesized_declarator" | "attributed_declarator" => {}
                kind if kind.ends_with("_declarator") && field == "declarator" => {}
                _ => return false,
            }
            child = parent;
        }
        false
    }

    fn is_extern(&self, declaration: NodeId, source: &[u8]) -> bool {
        self.children(declaration).any(|child| {
            let node = self.node(child);
            let range = node.range.start as usize..node.range.end as usize;
            node.kind == "storage_class_specifier"
                && source.get(range).is_some_and(|text| text == b"extern")
        })
    }
}
