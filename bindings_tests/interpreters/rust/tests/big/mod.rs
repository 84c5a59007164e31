//! The oracle of the tests: fixed-point numbers of as many digits as it takes, and elementary functions by plain series.
//! Slow and obvious; nothing is shared with the crate under test.
#![allow(dead_code)] // each test file uses a part of it

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::sync::LazyLock;

/// Bits after the point.
const FRACTION: usize = 512;
/// Results of this module have that many correct significant bits, and many more: no f32 argument gives one below 2^-160.
const TRUSTED: usize = 200;

/// An integer >= 0: 32-bit digits, the lowest first, the highest not zero.
type Natural = Vec<u32>;

fn trim(mut digits: Natural) -> Natural {
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits
}

fn compare(a: &Natural, b: &Natural) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

fn add(a: &Natural, b: &Natural) -> Natural {
    let mut carry = 0;
    let mut sum = Vec::new();
    for i in 0..a.len().max(b.len()) + 1 {
        carry += u64::from(*a.get(i).unwrap_or(&0)) + u64::from(*b.get(i).unwrap_or(&0));
        sum.push(carry as u32);
        carry >>= 32;
    }
    trim(sum)
}

/// a - b for a >= b.
fn subtract(a: &Natural, b: &Natural) -> Natural {
    let mut borrow = 0;
    let mut difference = Vec::new();
    for (i, &digit) in a.iter().enumerate() {
        let digit = i64::from(digit) - i64::from(*b.get(i).unwrap_or(&0)) - borrow;
        borrow = i64::from(digit < 0);
        difference.push(digit as u32);
    }
    assert_eq!(borrow, 0, "a natural number cannot be negative");
    trim(difference)
}

fn multiply(a: &Natural, b: &Natural) -> Natural {
    let mut product = vec![0u32; a.len() + b.len()];
    for (i, &x) in a.iter().enumerate() {
        let mut carry = 0;
        for (j, &y) in b.iter().enumerate() {
            carry += u64::from(x) * u64::from(y) + u64::from(product[i + j]);
            product[i + j] = carry as u32;
            carry >>= 32;
        }
        product[i + b.len()] = carry as u32;
    }
    trim(product)
}

fn bit_length(a: &Natural) -> usize {
    a.last().map_or(0, |top| 32 * a.len() - top.leading_zeros() as usize)
}

fn shift_left(a: &Natural, bits: usize) -> Natural {
    let mut digits = vec![0; bits / 32];
    let mut carry = 0;
    for &digit in a.iter().chain([&0]) {
        let wide = u64::from(digit) << (bits % 32) | carry;
        digits.push(wide as u32);
        carry = wide >> 32;
    }
    trim(digits)
}

fn shift_right(a: &Natural, bits: usize) -> Natural {
    let kept = a.get(bits / 32..).unwrap_or_default();
    let wide = |i: usize| u64::from(*kept.get(i).unwrap_or(&0)) | u64::from(*kept.get(i + 1).unwrap_or(&0)) << 32;
    trim((0..kept.len()).map(|i| (wide(i) >> (bits % 32)) as u32).collect())
}

/// The quotient, rounded down, one bit at a time.
fn divide(a: &Natural, b: &Natural) -> Natural {
    assert!(!b.is_empty(), "division by zero");
    let mut quotient = vec![0; a.len()];
    let mut rest = Natural::new();
    for bit in (0..bit_length(a)).rev() {
        rest = shift_left(&rest, 1);
        if a[bit / 32] >> (bit % 32) & 1 == 1 {
            rest = add(&rest, &vec![1]);
        }
        if compare(&rest, b).is_ge() {
            rest = subtract(&rest, b);
            quotient[bit / 32] |= 1 << (bit % 32);
        }
    }
    trim(quotient)
}

/// The quotient by a single digit, rounded down.
fn divide_short(a: &Natural, b: u32) -> Natural {
    let mut rest = 0;
    let mut quotient: Natural = a
        .iter()
        .rev()
        .map(|&digit| {
            let wide = rest << 32 | u64::from(digit);
            rest = wide % u64::from(b);
            (wide / u64::from(b)) as u32
        })
        .collect();
    quotient.reverse();
    trim(quotient)
}

/// A number with `FRACTION` bits after the point; products and quotients are cut off there.
#[derive(Clone, Debug, PartialEq)]
pub struct Fixed {
    negative: bool,
    magnitude: Natural,
}

impl Fixed {
    fn new(negative: bool, magnitude: Natural) -> Fixed {
        Fixed { negative: negative && !magnitude.is_empty(), magnitude }
    }

    pub fn integer(n: i64) -> Fixed {
        let digits = trim(vec![n.unsigned_abs() as u32, (n.unsigned_abs() >> 32) as u32]);
        Fixed::new(n < 0, shift_left(&digits, FRACTION))
    }

    /// Exactly the value of a finite f64 that is a multiple of 2^-512, as all f32 are.
    pub fn exactly(x: f64) -> Fixed {
        let exponent = (x.to_bits() >> 52 & 0x7ff) as i32 - 1075;
        assert!(exponent > -1075 || x == 0.0, "subnormal f64");
        let digits = (x.to_bits() & ((1 << 52) - 1)) | u64::from(x != 0.0) << 52;
        let digits = trim(vec![digits as u32, (digits >> 32) as u32]);
        let shift = FRACTION as i32 + exponent;
        let magnitude =
            if shift >= 0 { shift_left(&digits, shift as usize) } else { shift_right(&digits, -shift as usize) };
        Fixed::new(x < 0.0, magnitude)
    }

    pub fn is_zero(&self) -> bool {
        self.magnitude.is_empty()
    }

    /// Divided by an integer.
    pub fn over(&self, n: u32) -> Fixed {
        Fixed::new(self.negative, divide_short(&self.magnitude, n))
    }

    /// Times 2^exponent.
    pub fn scale(&self, exponent: i32) -> Fixed {
        let shift = exponent.unsigned_abs() as usize;
        let shifted =
            if exponent < 0 { shift_right(&self.magnitude, shift) } else { shift_left(&self.magnitude, shift) };
        Fixed::new(self.negative, shifted)
    }

    /// What is left of it after subtracting the largest multiple of 2^(exponent) below; for numbers >= 0.
    fn modulo_power(&self, exponent: usize) -> Fixed {
        let whole = shift_left(&shift_right(&self.magnitude, FRACTION + exponent), FRACTION + exponent);
        Fixed::new(self.negative, subtract(&self.magnitude, &whole))
    }

    /// The nearest f32, ties to even; and whether the error of this value cannot make it another one.
    pub fn round(&self) -> (f32, bool) {
        let top = bit_length(&self.magnitude) as i32 - 1 - FRACTION as i32;
        let lowest = (top - 23).max(-149);
        let dropped = (lowest + FRACTION as i32) as usize;
        let kept = shift_right(&self.magnitude, dropped);
        let rest = subtract(&self.magnitude, &shift_left(&kept, dropped));
        let half = shift_left(&vec![1], dropped - 1);
        let odd = kept.first().is_some_and(|digit| digit % 2 == 1);
        let up = match compare(&rest, &half) {
            Ordering::Less => false,
            Ordering::Equal => odd,
            Ordering::Greater => true,
        };
        let distance = if compare(&rest, &half).is_ge() { subtract(&rest, &half) } else { subtract(&half, &rest) };
        let certain = bit_length(&distance) + TRUSTED > bit_length(&self.magnitude);
        let units = f64::from(*kept.first().unwrap_or(&0)) + f64::from(u8::from(up));
        let value = (units * 2f64.powi(lowest)) as f32; // exact, or beyond the largest f32
        (if self.negative { -value } else { value }, certain)
    }

    /// Roughly the value.
    pub fn to_f64(&self) -> f64 {
        let magnitude = self.magnitude.iter().rev().fold(0.0, |value, &digit| value * 2f64.powi(32) + f64::from(digit));
        let value = magnitude * 2f64.powi(-(FRACTION as i32));
        if self.negative {
            -value
        } else {
            value
        }
    }
}

impl Neg for Fixed {
    type Output = Fixed;
    fn neg(self) -> Fixed {
        Fixed::new(!self.negative, self.magnitude)
    }
}

impl Add for Fixed {
    type Output = Fixed;
    fn add(self, other: Fixed) -> Fixed {
        let (a, b) = (&self.magnitude, &other.magnitude);
        match (self.negative == other.negative, compare(a, b).is_ge()) {
            (true, _) => Fixed::new(self.negative, add(a, b)),
            (false, true) => Fixed::new(self.negative, subtract(a, b)),
            (false, false) => Fixed::new(other.negative, subtract(b, a)),
        }
    }
}

impl Sub for Fixed {
    type Output = Fixed;
    fn sub(self, other: Fixed) -> Fixed {
        self + -other
    }
}

impl Mul for Fixed {
    type Output = Fixed;
    fn mul(self, other: Fixed) -> Fixed {
        let product = shift_right(&multiply(&self.magnitude, &other.magnitude), FRACTION);
        Fixed::new(self.negative != other.negative, product)
    }
}

impl Div for Fixed {
    type Output = Fixed;
    fn div(self, other: Fixed) -> Fixed {
        let quotient = divide(&shift_left(&self.magnitude, FRACTION), &other.magnitude);
        Fixed::new(self.negative != other.negative, quotient)
    }
}

/// first + first*ratio(1) + first*ratio(1)*ratio(2) + … until a term vanishes.
fn series(first: Fixed, ratio: impl Fn(u32) -> Fixed) -> Fixed {
    let (mut sum, mut term) = (first.clone(), first);
    for n in 1.. {
        term = term * ratio(n);
        if term.is_zero() {
            break;
        }
        sum = sum + term.clone();
    }
    sum
}

pub fn one() -> Fixed {
    Fixed::integer(1)
}

/// e^x: Taylor's series at x/2^20, squared 20 times.
pub fn exp(x: Fixed) -> Fixed {
    let small = x.scale(-20);
    let mut power = series(one(), |n| small.over(n));
    for _ in 0..20 {
        power = power.clone() * power;
    }
    power
}

/// log x for 1/2 <= x <= 2: Halley's iteration on e^y = x.
fn log_near_one(x: &Fixed) -> Fixed {
    let mut y = Fixed::exactly(x.to_f64().ln());
    for _ in 0..3 {
        let power = exp(y.clone());
        y = y + (x.clone() - power.clone()).scale(1) / (x.clone() + power);
    }
    y
}

/// log x for x > 0.
pub fn log(x: Fixed) -> Fixed {
    let exponent = bit_length(&x.magnitude) as i32 - FRACTION as i32;
    let whole = Fixed::integer(i64::from(exponent)) * log_near_one(&Fixed::integer(2));
    // Near 1, keep what is small small.
    if (0..=1).contains(&exponent) {
        log_near_one(&x)
    } else {
        whole + log_near_one(&x.scale(-exponent))
    }
}

pub fn tanh(x: Fixed) -> Fixed {
    let square = exp(x.scale(1));
    (square.clone() - one()) / (square + one())
}

pub fn pi() -> Fixed {
    static PI: LazyLock<Fixed> = LazyLock::new(machin);
    PI.clone()
}

/// pi = 16 arctan(1/5) - 4 arctan(1/239).
fn machin() -> Fixed {
    let arctan = |n: u32| {
        let mut power = one().over(n);
        let mut sum = power.clone();
        for k in 1.. {
            power = -power.over(n * n);
            if power.is_zero() {
                break;
            }
            sum = sum + power.over(2 * k + 1);
        }
        sum
    };
    arctan(5).scale(4) - arctan(239).scale(2)
}

fn sqrt(x: &Fixed) -> Fixed {
    let mut root = Fixed::exactly(x.to_f64().sqrt());
    for _ in 0..5 {
        root = (root.clone() + x.clone() / root).scale(-1);
    }
    root
}

/// The alternating series of the integral of e^(-t^2), times 2/sqrt(pi).
pub fn erf(x: Fixed) -> Fixed {
    let square = x.clone() * x.clone();
    let mut power = x.clone();
    let mut sum = x;
    for n in 1.. {
        power = -(power * square.clone()).over(n);
        if power.is_zero() {
            break;
        }
        sum = sum + power.over(2 * n + 1);
    }
    sum.scale(1) / sqrt(&pi())
}

/// sin(pi x) for x >= 0: exactly zero where it is.
pub fn sinpi(x: Fixed) -> Fixed {
    let turn = x.modulo_power(1);
    if turn.modulo_power(0).is_zero() {
        return Fixed::integer(0);
    }
    let angle = turn * pi();
    let square = angle.clone() * angle.clone();
    series(angle, |n| -square.over(2 * n * (2 * n + 1)))
}

/// cos(pi x) for x >= 0.
pub fn cospi(x: Fixed) -> Fixed {
    sinpi(x + one().scale(-1))
}
