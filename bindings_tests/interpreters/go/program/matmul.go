package program

// Matrix multiplication: every output element is a dot over k, one fma chain a panel (section 3 of the contract).
// The operands are converted to float64 once. A tile of 2 rows x 4 columns has eight independent chains, which keeps
// the processor busy; the columns of the second operand are packed four by four so that they are read in order.
// Rows and columns are padded to whole tiles, k never is.

import (
	"fmt"
	"math"

	"paragon/reference/numeric"
	"paragon/reference/tensor"
)

var products = []definition{
	{"matmul", 2, []attribute{attrTransposeA, attrTransposeB, attrPanel}, matmulRule, matmul},
}

var (
	attrTransposeA = flag("transpose_a")
	attrTransposeB = flag("transpose_b")
)

const (
	tileRows    = 2
	tileColumns = 4
)

type tile [tileRows * tileColumns]float64

// matrix splits off the last two axes: rows and columns after the optional transposition.
func matrix(s tensor.Shape, transposed bool) (lead tensor.Shape, rows, columns int) {
	r := len(s)
	rows, columns = s[r-2], s[r-1]
	if transposed {
		rows, columns = columns, rows
	}
	return s[:r-2], rows, columns
}

func matmulRule(x []Kind, a Attributes) (Kind, error) {
	if err := needDType(x, tensor.F32, tensor.F32); err != nil {
		return Kind{}, err
	}
	if len(x[0].Shape) < 2 || len(x[1].Shape) < 2 {
		return Kind{}, fmt.Errorf("both operands must have rank 2 or more: %v and %v", x[0], x[1])
	}
	leadA, m, k := matrix(x[0].Shape, attrTransposeA.of(a))
	leadB, l, n := matrix(x[1].Shape, attrTransposeB.of(a))
	if k != l {
		return Kind{}, fmt.Errorf("the inner dimensions %d and %d differ: %v and %v", k, l, x[0], x[1])
	}
	lead, err := broadcastShapes(leadA, leadB)
	return Kind{tensor.F32, append(lead, m, n)}, err
}

func matmul(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	transposeA, transposeB, panel := attrTransposeA.of(a), attrTransposeB.of(a), attrPanel.of(a)
	leadA, m, k := matrix(x[0].Shape, transposeA)
	leadB, _, n := matrix(x[1].Shape, transposeB)
	lead := out.Shape[:len(out.Shape)-2]
	offsetsA := batchOffsets(lead, leadA, m*k)
	offsetsB := batchOffsets(lead, leadB, k*n)
	one := func(batch, cost int) {
		multiply(out.Words[batch*m*n:(batch+1)*m*n], m, k, n, panel, cost,
			operandMatrix{x[0].Words[offsetsA[batch]:], transposeA},
			operandMatrix{x[1].Words[offsetsB[batch]:], transposeB})
	}
	if batches := len(offsetsA); batches > 1 {
		parallel(batches, multiplyCapped(m*n, k), func(low, high int) {
			for batch := low; batch < high; batch++ {
				one(batch, 0)
			}
		})
	} else {
		one(0, k)
	}
}

// batchOffsets is where the matrix of each batch index begins in an operand whose leading axes broadcast to lead.
func batchOffsets(lead, own tensor.Shape, size int) []int {
	index := make([]uint32, own.Elements())
	for i := range index {
		index[i] = uint32(i)
	}
	all := make([]uint32, lead.Elements())
	copyStrided(lead, all, 0, rowMajor(lead), index, 0, broadcastStrides(own, lead))
	offsets := make([]int, len(all))
	for i := range offsets {
		offsets[i] = int(all[i]) * size
	}
	return offsets
}

// operandMatrix is a matrix in row-major order, or the transpose of one.
type operandMatrix struct {
	words      []uint32
	transposed bool
}

// multiply computes the m x n product; cost is that of an output element for the choice of goroutines, 0 for one alone.
func multiply(out []uint32, m, k, n, panel, cost int, a, b operandMatrix) {
	columns := packColumns(k, n, b)
	rowTiles := (m + tileRows - 1) / tileRows
	parallel(rowTiles, multiplyCapped(tileRows*n, cost), func(low, high int) {
		var partial [tileRows * tileColumns][]uint32
		rows := strip[rowPair]{steps: make([]rowPair, k)}
		for i := low * tileRows; i < high*tileRows; i += tileRows {
			packRows(&rows, a, m, i)
			for j := 0; j < n; j += tileColumns {
				for e, word := range dotTile(rows, columns[j/tileColumns], panel, &partial) {
					if r, c := i+e/tileColumns, j+e%tileColumns; r < m && c < n {
						out[r*n+c] = word
					}
				}
			}
		}
	})
}

type (
	rowPair    [tileRows]float64
	columnFour [tileColumns]float64
)

// strip is rows of the first operand, or columns of the second, packed step of k after step of k; lowest is the least
// numeric.LowestBit of its elements.
type strip[step rowPair | columnFour] struct {
	steps  []step
	lowest int
}

// packRows packs the rows from i on; zeros stand for rows beyond m.
func packRows(s *strip[rowPair], a operandMatrix, m, i int) {
	*s = strip[rowPair]{steps: s.steps, lowest: math.MaxInt}
	for r := 0; r < tileRows; r++ {
		for p := range s.steps {
			s.steps[p][r] = 0
			if i+r < m {
				x := a.at(i+r, p, m, len(s.steps))
				s.steps[p][r] = float64(x)
				s.lowest = min(s.lowest, numeric.LowestBit(x))
			}
		}
	}
}

// packColumns packs all columns; zeros fill the last strip.
func packColumns(k, n int, b operandMatrix) []strip[columnFour] {
	strips := make([]strip[columnFour], (n+tileColumns-1)/tileColumns)
	for j := range strips {
		strips[j] = strip[columnFour]{make([]columnFour, k), math.MaxInt}
	}
	for p := 0; p < k; p++ {
		for j := 0; j < n; j++ {
			x, s := b.at(p, j, k, n), &strips[j/tileColumns]
			s.steps[p][j%tileColumns] = float64(x)
			s.lowest = min(s.lowest, numeric.LowestBit(x))
		}
	}
	return strips
}

// at is an element of a matrix of m x n, after its transposition.
func (a operandMatrix) at(i, j, m, n int) float32 {
	if a.transposed {
		return math.Float32frombits(a.words[j*m+i])
	}
	return math.Float32frombits(a.words[i*n+j])
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

// dotTile is the eight dots of two rows and four columns. partial is scratch for the results of the panels.
func dotTile(rows strip[rowPair], columns strip[columnFour], panel int, partial *[tileRows * tileColumns][]uint32) (words [tileRows * tileColumns]uint32) {
	chain := chainTile
	if rows.lowest+columns.lowest >= numeric.EnoughBits {
		chain = chainTileQuick
	}
	k := len(rows.steps)
	if k <= panel {
		for e, v := range chain(rows.steps, columns.steps) {
			words[e] = math.Float32bits(float32(v))
		}
		return words
	}
	for e := range partial {
		partial[e] = partial[e][:0]
	}
	for low := 0; low < k; low += panel {
		high := k
		if panel < k-low {
			high = low + panel
		}
		for e, v := range chain(rows.steps[low:high], columns.steps[low:high]) {
			partial[e] = append(partial[e], math.Float32bits(float32(v)))
		}
	}
	for e := range words {
		words[e] = sumPanels(partial[e], panel, sumChain[tensor.F32])
	}
	return words
}

// chainTile is eight fma chains from +0, on float32 values held as float64.
func chainTile(rows []rowPair, columns []columnFour) (t tile) {
	for p := range rows {
		stepTile(&t, 0, &rows[p], &columns[p])
	}
	return t
}

// stepTile makes one step of the chains from number e on.
func stepTile(t *tile, e int, row *rowPair, column *columnFour) {
	for ; e < len(t); e++ {
		t[e] = numeric.FMAStep(row[e/tileColumns], column[e%tileColumns], t[e])
	}
}

// chainTileQuick is chainTile where numeric.EnoughBits is met.
func chainTileQuick(rows []rowPair, columns []columnFour) (t tile) {
	for p := 0; p < len(rows); p++ {
		steps, e := chainTileUntilHalfway(&t, rows[p:], columns[p:])
		if p += steps; p < len(rows) {
			stepTile(&t, e, &rows[p], &columns[p])
		}
	}
	return t
}

// chainTileUntilHalfway goes on with the chains until a float64 sum may not round as fma does. It returns how many steps it
// completed, and how many chains made the next step.
func chainTileUntilHalfway(t *tile, rows []rowPair, columns []columnFour) (p, e int) {
	columns = columns[:len(rows)]
	c0, c1, c2, c3, c4, c5, c6, c7 := t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7]
loop:
	for ; p < len(rows); p++ {
		b, x, y := &columns[p], rows[p][0], rows[p][1]
		s0 := float64(x*b[0]) + c0
		if numeric.Halfway(s0) {
			e = 0
			break loop
		}
		c0 = float64(float32(s0))
		s1 := float64(x*b[1]) + c1
		if numeric.Halfway(s1) {
			e = 1
			break loop
		}
		c1 = float64(float32(s1))
		s2 := float64(x*b[2]) + c2
		if numeric.Halfway(s2) {
			e = 2
			break loop
		}
		c2 = float64(float32(s2))
		s3 := float64(x*b[3]) + c3
		if numeric.Halfway(s3) {
			e = 3
			break loop
		}
		c3 = float64(float32(s3))
		s4 := float64(y*b[0]) + c4
		if numeric.Halfway(s4) {
			e = 4
			break loop
		}
		c4 = float64(float32(s4))
		s5 := float64(y*b[1]) + c5
		if numeric.Halfway(s5) {
			e = 5
			break loop
		}
		c5 = float64(float32(s5))
		s6 := float64(y*b[2]) + c6
		if numeric.Halfway(s6) {
			e = 6
			break loop
		}
		c6 = float64(float32(s6))
		s7 := float64(y*b[3]) + c7
		if numeric.Halfway(s7) {
			e = 7
			break loop
		}
		c7 = float64(float32(s7))
	}
	*t = tile{c0, c1, c2, c3, c4, c5, c6, c7}
	return p, e
}
