//! Numbers of about 106 bits as unevaluated sums of two f64 (Dekker, "A floating-point technique for extending the
//! available precision", 1971). Each operation has a relative error below 2^-100, as long as nothing over- or underflows.

use crate::fma::two_sum;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `head + tail`, with |tail| at most half a unit in the last place of head.
#[derive(Clone, Copy, Debug)]
pub struct DoubleDouble {
    /// The nearest f64.
    pub head: f64,
    /// What the head leaves out.
    pub tail: f64,
}

impl DoubleDouble {
    fn new(head: f64, tail: f64) -> Self {
        let (head, tail) = two_sum(head, tail);
        DoubleDouble { head, tail }
    }
}

/// The upper and lower halves of a number, of 26 bits each (Veltkamp).
fn split(x: f64) -> (f64, f64) {
    let scaled = x * 134_217_729.0; // 2^27 + 1
    let upper = scaled - (scaled - x);
    (upper, x - upper)
}

/// x*y = product + error exactly.
fn two_product(x: f64, y: f64) -> (f64, f64) {
    let product = x * y;
    let ((x1, x0), (y1, y0)) = (split(x), split(y));
    (product, ((x1 * y1 - product) + x1 * y0 + x0 * y1) + x0 * y0)
}

impl From<f64> for DoubleDouble {
    fn from(x: f64) -> Self {
        DoubleDouble { head: x, tail: 0.0 }
    }
}

impl Neg for DoubleDouble {
    type Output = Self;
    fn neg(self) -> Self {
        DoubleDouble { head: -self.head, tail: -self.tail }
    }
}

impl Add for DoubleDouble {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (head, error) = two_sum(self.head, other.head);
        let (tail, rest) = two_sum(self.tail, other.tail);
        let (head, error) = two_sum(head, error + tail);
        DoubleDouble::new(head, error + rest)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let (head, error) = two_product(self.head, other.head);
        DoubleDouble::new(head, error + (self.head * other.tail + self.tail * other.head))
    }
}

impl Div for DoubleDouble {
    type Output = Self;
    /// Long division: three quotient digits of 53 bits.
    fn div(self, other: Self) -> Self {
        let first = self.head / other.head;
        let rest = self - other * first.into();
        let second = rest.head / other.head;
        let rest = rest - other * second.into();
        DoubleDouble::new(first, second) + (rest.head / other.head).into()
    }
}
