package program

// Matrix multiplication: every output element is a dot over k, one fma chain a panel (section 3 of the contract).
// The operands are converted to float64 once. A tile of 2 rows x 4 columns has eight independent chains, which keeps
// the processor busy; the columns of the second operand are packed four by four so that they are read in order.
// Rows and columns are padded to whole tiles, k never is.

import (
	"math"

	"paragon/reference/numeric"
	"paragon/reference/tensor"
)

const (
	tileRows    = 2
	tileColumns = 4
)

type tile [tileRows * tileColumns]float64

func matmul(x []*tensor.Tensor, a *Attributes, out *tensor.Tensor) {
	leadA, m, k := matrix(x[0].Shape, a.TransposeA)
	leadB, _, n := matrix(x[1].Shape, a.TransposeB)
	lead := out.Shape[:len(out.Shape)-2]
	offsetsA := batchOffsets(lead, leadA, m*k)
	offsetsB := batchOffsets(lead, leadB, k*n)
	one := func(batch, cost int) {
		multiply(out.Words[batch*m*n:(batch+1)*m*n], m, k, n, a.Panel, cost,
			operandMatrix{x[0].Words[offsetsA[batch]:], a.TransposeA},
			operandMatrix{x[1].Words[offsetsB[batch]:], a.TransposeB})
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
	rows := a.rows(m, k)
	columns := b.packColumns(k, n)
	parallel((m+tileRows-1)/tileRows, multiplyCapped(tileRows*n, cost), func(low, high int) {
		var partial [len(tile{})][]uint32
		for j := 0; j < n; j += tileColumns {
			packed := columns[j*k : (j+tileColumns)*k]
			for i := low * tileRows; i < m && i < high*tileRows; i += tileRows {
				row0 := rows[i*k : (i+1)*k]
				row1 := row0
				if i+1 < m {
					row1 = rows[(i+1)*k : (i+2)*k]
				}
				t := dotTile(row0, row1, packed, panel, &partial)
				for e, word := range t {
					if r, c := i+e/tileColumns, j+e%tileColumns; r < m && c < n {
						out[r*n+c] = word
					}
				}
			}
		}
	})
}

// rows is the m x k matrix as float64, row-major.
func (a operandMatrix) rows(m, k int) []float64 {
	f := make([]float64, m*k)
	rowStride, columnStride := k, 1
	if a.transposed {
		rowStride, columnStride = 1, m
	}
	for i := 0; i < m; i++ {
		row := f[i*k : (i+1)*k]
		for p := range row {
			row[p] = float64(math.Float32frombits(a.words[i*rowStride+p*columnStride]))
		}
	}
	return f
}

// packColumns is the k x n matrix as float64, four columns after four columns, each four row-major; zeros fill the last.
func (b operandMatrix) packColumns(k, n int) []float64 {
	blocks := (n + tileColumns - 1) / tileColumns
	f := make([]float64, blocks*tileColumns*k)
	rowStride, columnStride := n, 1
	if b.transposed {
		rowStride, columnStride = 1, k
	}
	for j := 0; j < n; j++ {
		block := f[j/tileColumns*tileColumns*k:]
		for p := 0; p < k; p++ {
			block[p*tileColumns+j%tileColumns] = float64(math.Float32frombits(b.words[p*rowStride+j*columnStride]))
		}
	}
	return f
}

// dotTile is the eight dots of two rows and four packed columns. partial is scratch for the results of the panels.
func dotTile(row0, row1, packed []float64, panel int, partial *[len(tile{})][]uint32) (words [len(tile{})]uint32) {
	k := len(row0)
	if k <= panel {
		t := chainTile(row0, row1, packed)
		for e := range words {
			words[e] = math.Float32bits(float32(t[e]))
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
		t := chainTile(row0[low:high], row1[low:high], packed[low*tileColumns:high*tileColumns])
		for e := range partial {
			partial[e] = append(partial[e], math.Float32bits(float32(t[e])))
		}
	}
	for e := range words {
		words[e] = sumPanels(partial[e], panel, sumChain[tensor.F32])
	}
	return words
}

// chainTile is eight fma chains from +0, on float32 values held as float64.
func chainTile(row0, row1, packed []float64) (t tile) {
	for p := 0; p < len(row0); p++ {
		p += chainTileQuick(row0[p:], row1[p:], packed[p*tileColumns:], &t)
		if p == len(row0) {
			break
		}
		for e := range t {
			row := row0
			if e >= tileColumns {
				row = row1
			}
			t[e] = numeric.FMAStep(row[p], packed[p*tileColumns+e%tileColumns], t[e])
		}
	}
	return t
}

// chainTileQuick goes on with the chains while every float64 sum is known to round as fma does (numeric.Suspicious),
// and returns how many steps it made.
func chainTileQuick(row0, row1, packed []float64, t *tile) int {
	row1 = row1[:len(row0)]
	c00, c01, c02, c03 := t[0], t[1], t[2], t[3]
	c10, c11, c12, c13 := t[4], t[5], t[6], t[7]
	p := 0
	for ; p < len(row0) && len(packed) >= tileColumns; p++ {
		x, y := row0[p], row1[p]
		b0, b1, b2, b3 := packed[0], packed[1], packed[2], packed[3]
		packed = packed[tileColumns:]
		s00, s01, s02, s03 := float64(x*b0)+c00, float64(x*b1)+c01, float64(x*b2)+c02, float64(x*b3)+c03
		s10, s11, s12, s13 := float64(y*b0)+c10, float64(y*b1)+c11, float64(y*b2)+c12, float64(y*b3)+c13
		if numeric.Suspicious(s00) || numeric.Suspicious(s01) || numeric.Suspicious(s02) || numeric.Suspicious(s03) ||
			numeric.Suspicious(s10) || numeric.Suspicious(s11) || numeric.Suspicious(s12) || numeric.Suspicious(s13) {
			break
		}
		c00, c01, c02, c03 = float64(float32(s00)), float64(float32(s01)), float64(float32(s02)), float64(float32(s03))
		c10, c11, c12, c13 = float64(float32(s10)), float64(float32(s11)), float64(float32(s12)), float64(float32(s13))
	}
	*t = tile{c00, c01, c02, c03, c10, c11, c12, c13}
	return p
}
