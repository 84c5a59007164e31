//! F(n), the transform of section 7 of the contract on which fft, ifft, rfft and irfft rest.

use crate::fma::{fma, round_sum};
use crate::twiddle::twiddle;
use std::collections::BTreeMap;
use std::ops::{Add, Mul, Neg, Sub};
use std::sync::{Arc, Mutex, PoisonError};

/// f32, and f64, in which Bluestein's filter is made.
pub trait Float:
    Copy + Default + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self> + 'static
{
    /// The x*y + z of the complex product: rounded once in f32, twice in f64.
    fn multiply_add(x: Self, y: Self, z: Self) -> Self;
    /// One rounding.
    fn from_sum(head: f64, tail: f64) -> Self;
    /// The plans that were made already, by n.
    fn plans() -> &'static Cache<Plan<Self>>;
}

impl Float for f32 {
    fn multiply_add(x: f32, y: f32, z: f32) -> f32 {
        fma(x, y, z)
    }
    fn from_sum(head: f64, tail: f64) -> f32 {
        round_sum(head, tail)
    }
    fn plans() -> &'static Cache<Plan<f32>> {
        static PLANS: Cache<Plan<f32>> = Mutex::new(BTreeMap::new());
        &PLANS
    }
}

impl Float for f64 {
    fn multiply_add(x: f64, y: f64, z: f64) -> f64 {
        x * y + z
    }
    fn from_sum(head: f64, tail: f64) -> f64 {
        head + tail
    }
    fn plans() -> &'static Cache<Plan<f64>> {
        static PLANS: Cache<Plan<f64>> = Mutex::new(BTreeMap::new());
        &PLANS
    }
}

/// A complex number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Complex<T> {
    /// The real part.
    pub re: T,
    /// The imaginary part.
    pub im: T,
}

impl<T: Float> Complex<T> {
    /// W(k,n) = exp(-2 pi i k/n), for k < n.
    pub fn w(k: usize, n: usize) -> Self {
        let [re, im] = twiddle(k as u64, n as u64).map(|part| T::from_sum(part.head, part.tail));
        Complex { re, im }
    }

    /// self + i*y.
    fn plus_i(self, y: Self) -> Self {
        Complex { re: self.re - y.im, im: self.im + y.re }
    }

    /// self - i*y.
    fn minus_i(self, y: Self) -> Self {
        Complex { re: self.re + y.im, im: self.im - y.re }
    }

    /// self*c + z, for a real c.
    fn multiply_add(self, c: T, z: Self) -> Self {
        Complex { re: T::multiply_add(self.re, c, z.re), im: T::multiply_add(self.im, c, z.im) }
    }

    /// The parts times a real number.
    pub fn scaled(self, c: T) -> Self {
        Complex { re: self.re * c, im: self.im * c }
    }

    /// i times the conjugate.
    fn exchanged(self) -> Self {
        Complex { re: self.im, im: self.re }
    }
}

impl<T: Float> Add for Complex<T> {
    type Output = Self;
    fn add(self, y: Self) -> Self {
        Complex { re: self.re + y.re, im: self.im + y.im }
    }
}

impl<T: Float> Sub for Complex<T> {
    type Output = Self;
    fn sub(self, y: Self) -> Self {
        Complex { re: self.re - y.re, im: self.im - y.im }
    }
}

impl<T: Float> Mul for Complex<T> {
    type Output = Self;
    fn mul(self, y: Self) -> Self {
        Complex {
            re: T::multiply_add(self.re, y.re, -(self.im * y.im)),
            im: T::multiply_add(self.re, y.im, self.im * y.re),
        }
    }
}

/// How n points are transformed, with its tables.
pub enum Plan<T> {
    /// n = 1.
    One,
    /// n = 2.
    Two,
    /// n = 4.
    Four,
    /// An odd prime below 100: W(k,n).
    Prime(Vec<Complex<T>>),
    /// n = n1*n2: F(n1) of the columns, W(k,n), F(n2) of the rows.
    Composite {
        /// F(n1) and n1.
        columns: (Arc<Plan<T>>, usize),
        /// F(n2) and n2.
        rows: (Arc<Plan<T>>, usize),
        /// W(k,n).
        w: Vec<Complex<T>>,
    },
    /// A prime above 100, as a convolution with the chirp (Bluestein, 1970).
    Bluestein {
        /// F(L).
        wide: Arc<Plan<T>>,
        /// W(j^2,2n).
        chirp: Vec<Complex<T>>,
        /// The transform of the mirrored conjugate chirp over L.
        filter: Vec<Complex<T>>,
    },
}

/// What is made once for each n.
pub type Cache<V> = Mutex<BTreeMap<usize, Arc<V>>>;

fn cached<V>(cache: &Cache<V>, n: usize, make: impl FnOnce() -> V) -> Arc<V> {
    let lock = || cache.lock().unwrap_or_else(PoisonError::into_inner);
    let known = lock().get(&n).map(Arc::clone);
    known.unwrap_or_else(|| {
        let made = Arc::new(make()); // not under the lock: plans of factors are made on the way
        Arc::clone(lock().entry(n).or_insert(made))
    })
}

/// The plan of F(n).
pub fn plan<T: Float>(n: usize) -> Arc<Plan<T>> {
    cached(T::plans(), n, || Plan::new(n))
}

/// W(k,n) for k < n/2, in f32.
pub fn half_twiddles(n: usize) -> Arc<Vec<Complex<f32>>> {
    static TABLES: Cache<Vec<Complex<f32>>> = Mutex::new(BTreeMap::new());
    cached(&TABLES, n, || (0..n / 2).map(|k| Complex::w(k, n)).collect())
}

/// n1 of n = n1*n2: the largest divisor with a square of at most n whose power of two is a power of four; 1 for 4 and the
/// primes.
fn split(n: usize) -> usize {
    let fits = |d: &usize| n % d == 0 && d.trailing_zeros() % 2 == 0;
    match (1..).take_while(|d| d * d <= n).filter(fits).last() {
        None | Some(1) if n > 4 && n % 2 == 0 => 2, // 8, and twice an odd prime
        divisor => divisor.unwrap_or(1),
    }
}

impl<T: Float> Plan<T> {
    fn new(n: usize) -> Plan<T> {
        let n1 = split(n);
        match n {
            1 => Plan::One,
            2 => Plan::Two,
            4 => Plan::Four,
            _ if n1 > 1 => {
                let n2 = n / n1;
                let w = (0..n).map(|k| Complex::w(k, n)).collect();
                Plan::Composite { columns: (plan(n1), n1), rows: (plan(n2), n2), w }
            }
            3..=99 => Plan::Prime((0..n).map(|k| Complex::w(k, n)).collect()),
            _ => {
                let length = (2 * n - 1).next_power_of_two();
                Plan::Bluestein {
                    wide: plan(length),
                    chirp: (0..n).map(|j| Complex::w(square(j, 2 * n), 2 * n)).collect(),
                    filter: filter(n, length),
                }
            }
        }
    }

    /// Replaces n points by F(n) of them.
    pub fn transform(&self, x: &mut [Complex<T>]) {
        match self {
            Plan::One => (),
            Plan::Two => (x[0], x[1]) = (x[0] + x[1], x[0] - x[1]),
            Plan::Four => {
                let (s, d, t, e) = (x[0] + x[2], x[0] - x[2], x[1] + x[3], x[1] - x[3]);
                x.copy_from_slice(&[s + t, d.minus_i(e), s - t, d.plus_i(e)]);
            }
            Plan::Prime(w) => prime(w, x),
            Plan::Composite { columns, rows, w } => composite(columns, rows, w, x),
            Plan::Bluestein { wide, chirp, filter } => {
                let mut a = vec![Complex::default(); filter.len()];
                multiply(&mut a, x, chirp);
                wide.transform(&mut a);
                a.iter_mut().zip(filter).for_each(|(a, &b)| *a = *a * b);
                wide.inverse(&mut a);
                multiply(x, &a, chirp);
            }
        }
    }

    /// `transform` with the parts of every number exchanged before and after.
    pub fn inverse(&self, x: &mut [Complex<T>]) {
        x.iter_mut().for_each(|x| *x = x.exchanged());
        self.transform(x);
        x.iter_mut().for_each(|x| *x = x.exchanged());
    }
}

/// j^2 mod n.
fn square(j: usize, n: usize) -> usize {
    ((j as u64).pow(2) % n as u64) as usize
}

/// result[j] = x[j]*y[j] for all j of y.
fn multiply<T: Float>(result: &mut [Complex<T>], x: &[Complex<T>], y: &[Complex<T>]) {
    for ((result, &x), &y) in result.iter_mut().zip(x).zip(y) {
        *result = x * y;
    }
}

fn composite<T: Float>(
    (column_plan, n1): &(Arc<Plan<T>>, usize),
    (row_plan, n2): &(Arc<Plan<T>>, usize),
    w: &[Complex<T>],
    x: &mut [Complex<T>],
) {
    let mut y = vec![Complex::default(); x.len()];
    let mut column = vec![Complex::default(); *n1];
    for j2 in 0..*n2 {
        for (j1, point) in column.iter_mut().enumerate() {
            *point = x[j1 * n2 + j2];
        }
        column_plan.transform(&mut column);
        for (k1, &point) in column.iter().enumerate() {
            y[k1 * n2 + j2] = if j2 * k1 == 0 { point } else { point * w[j2 * k1] };
        }
    }
    for (k1, row) in y.chunks_exact_mut(*n2).enumerate() {
        row_plan.transform(row);
        for (k2, &point) in row.iter().enumerate() {
            x[k1 + n1 * k2] = point;
        }
    }
}

/// By the definition, on sums and differences of mirrored points.
fn prime<T: Float>(w: &[Complex<T>], x: &mut [Complex<T>]) {
    let n = x.len();
    let h = (n - 1) / 2;
    let first = x[0];
    let plus: Vec<_> = (1..=h).map(|j| x[j] + x[n - j]).collect();
    let minus: Vec<_> = (1..=h).map(|j| x[j] - x[n - j]).collect();
    x[0] = plus.iter().fold(first, |sum, &p| sum + p);
    for k in 1..=h {
        let mut a = plus[0].multiply_add(w[k].re, first);
        let mut b = minus[0].scaled(w[k].im);
        for j in 2..=h {
            let w = w[j * k % n];
            a = plus[j - 1].multiply_add(w.re, a);
            b = minus[j - 1].multiply_add(w.im, b);
        }
        (x[k], x[n - k]) = (a.plus_i(b), a.minus_i(b));
    }
}

/// The transform of the mirrored conjugate chirp over `length` points: in f64, each part rounded once at the end.
fn filter<T: Float>(n: usize, length: usize) -> Vec<Complex<T>> {
    let mut b = vec![Complex::<f64>::default(); length];
    for j in 0..n {
        let w = Complex::w((2 * n - square(j, 2 * n)) % (2 * n), 2 * n);
        (b[j], b[(length - j) % length]) = (w, w);
    }
    plan(length).transform(&mut b);
    let rounded = |x: f64| T::from_sum(x / length as f64, 0.0);
    b.into_iter().map(|x| Complex { re: rounded(x.re), im: rounded(x.im) }).collect()
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn lengths_are_split_as_the_contract_says() {
        let primes_and_fixed = [1, 2, 3, 4, 5, 7, 97, 101, 509];
        assert!(primes_and_fixed.iter().all(|&n| split(n) == 1));
        let cases = [(6, 2), (8, 2), (9, 3), (12, 3), (16, 4), (24, 4), (32, 4), (36, 4), (64, 4), (72, 4), (128, 4)];
        let larger = [(144, 12), (202, 2), (210, 7), (256, 16), (512, 16), (1000, 25), (1024, 16)];
        for (n, n1) in cases.into_iter().chain(larger) {
            assert_eq!(split(n), n1, "n = {n}");
        }
    }
}
