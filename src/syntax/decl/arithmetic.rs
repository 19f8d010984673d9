//! What the operators of a constant expression do to types and values.

use super::constant::{Constant, Evaluated, NotConstant, NotConstantReason};
use super::parser::{Parser, precedence};
use super::types::{CType, Integer, usual_arithmetic};

impl Parser<'_, '_> {
    fn operand(&self, constant: &Constant) -> Result<Integer, NotConstant> {
        let unknown = || self.fail(NotConstantReason::Arithmetic(constant.ctype.to_c()));
        let found = self.integer(&constant.ctype).ok_or_else(unknown)?;
        found.promoted().width().ok_or_else(unknown)
    }

    pub(super) fn common(&self, left: &Constant, right: &Constant) -> Result<CType, NotConstant> {
        Ok(usual_arithmetic(self.operand(left)?, self.operand(right)?))
    }

    pub(super) fn apply_unary(&self, operator: &str, operand: Constant) -> Evaluated {
        if operator == "!" {
            let value = operand.value.map(|v| i128::from(v == 0));
            return Ok(Constant { ctype: CType::Int, value });
        }
        let integer = self.operand(&operand)?;
        let value = operand.value.map(|v| match operator {
            "-" => integer.wrap(-v),
            "~" => integer.wrap(!v),
            _ => v,
        });
        let wide = operator == "~" && self.is_flag_type(&operand.ctype);
        let ctype = if wide { operand.ctype } else { integer.promoted() };
        Ok(Constant { ctype, value })
    }

    /// A typedef made with `__bitwise`, of `int`'s width or more: flags such as
    /// `gfp_t`, which stay what they are under bitwise operators.
    fn is_flag_type(&self, ctype: &CType) -> bool {
        let CType::Named(name) = ctype else { return false };
        self.integer(ctype).is_some_and(|i| i.bits >= 32) && self.unit.is_bitwise(name)
    }

    pub(super) fn apply(&self, operator: &str, left: Constant, right: Constant) -> Evaluated {
        let values = left.value.zip(right.value);
        match operator {
            "&&" | "||" => {
                let both = |(a, b): (i128, i128)| {
                    i128::from(if operator == "&&" { a != 0 && b != 0 } else { a != 0 || b != 0 })
                };
                return Ok(Constant { ctype: CType::Int, value: values.map(both) });
            }
            "<<" | ">>" => {
                let integer = self.operand(&left)?;
                self.operand(&right)?;
                let shift = |(a, b): (i128, i128)| {
                    let by = u32::try_from(b).ok().filter(|by| *by < integer.bits)?;
                    Some(integer.wrap(if operator == "<<" { a << by } else { a >> by }))
                };
                return Ok(Constant { ctype: integer.promoted(), value: values.and_then(shift) });
            }
            "|" | "&" | "^" if left.ctype == right.ctype && self.is_flag_type(&left.ctype) => {
                let value = values.and_then(|(a, b)| arithmetic(operator, a, b));
                return Ok(Constant { ctype: left.ctype, value });
            }
            _ => {}
        }
        let common = self.common(&left, &right)?;
        let Some(integer) = common.width() else { return Err(self.syntax()) };
        let converted = values.map(|(a, b)| (integer.wrap(a), integer.wrap(b)));
        if precedence(operator).is_some_and(|p| p == 6 || p == 7) {
            let value = converted.map(|(a, b)| i128::from(compare(operator, a, b)));
            return Ok(Constant { ctype: CType::Int, value });
        }
        // Signed overflow has no value.
        let value = converted
            .and_then(|(a, b)| arithmetic(operator, a, b))
            .filter(|v| !integer.signed || integer.holds(*v))
            .map(|v| integer.wrap(v));
        Ok(Constant { ctype: common, value })
    }
}

fn compare(operator: &str, a: i128, b: i128) -> bool {
    match operator {
        "==" => a == b,
        "!=" => a != b,
        "<" => a < b,
        ">" => a > b,
        "<=" => a <= b,
        _ => a >= b,
    }
}

fn arithmetic(operator: &str, a: i128, b: i128) -> Option<i128> {
    match operator {
        "+" => a.checked_add(b),
        "-" => a.checked_sub(b),
        "*" => a.checked_mul(b),
        "/" => a.checked_div(b),
        "%" => a.checked_rem(b),
        "&" => Some(a & b),
        "|" => Some(a | b),
        "^" => Some(a ^ b),
        _ => None,
    }
}
