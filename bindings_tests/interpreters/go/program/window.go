package program

// Windows over images: unfold lays out the window of each position as a row, fold is its transpose and adds up.

import "paragon/reference/tensor"

// grid relates windows, kernel positions and pixels along one image axis.
type grid struct {
	pixels, windows, kernel   int
	stride, padding, dilation int
}

func gridOf(a *Attributes, k, pixels, windows int) grid {
	return grid{pixels, windows, a.Kernel[k], a.Stride[k], a.Padding[2*k], a.Dilation[k]}
}

// pixel is the pixel under a kernel position of a window, or -1 outside the image.
func (g grid) pixel(window, position int) int {
	p := window*g.stride - g.padding + position*g.dilation
	if p < 0 || p >= g.pixels {
		return -1
	}
	return p
}

// window is the window whose kernel position lies over a pixel, or -1 if there is none.
func (g grid) window(pixel, position int) int {
	w := pixel + g.padding - position*g.dilation
	if w < 0 || w%g.stride != 0 || w/g.stride >= g.windows {
		return -1
	}
	return w / g.stride
}

func unfold(x []*tensor.Tensor, a *Attributes, out *tensor.Tensor) {
	channels, height, width := x[0].Shape[1], x[0].Shape[2], x[0].Shape[3]
	vertical, horizontal := gridOf(a, 0, height, out.Shape[1]), gridOf(a, 1, width, out.Shape[2])
	columns := out.Shape[3]
	parallel(len(out.Words)/columns, columns, func(low, high int) {
		for i := low; i < high; i++ {
			row, column := i/horizontal.windows%vertical.windows, i%horizontal.windows
			image := i / horizontal.windows / vertical.windows
			at := i * columns
			for c := 0; c < channels; c++ {
				for kr := 0; kr < vertical.kernel; kr++ {
					y := vertical.pixel(row, kr)
					for kc := 0; kc < horizontal.kernel; kc++ {
						if z := horizontal.pixel(column, kc); y >= 0 && z >= 0 {
							out.Words[at] = x[0].Words[((image*channels+c)*height+y)*width+z]
						} else {
							out.Words[at] = 0
						}
						at++
					}
				}
			}
		}
	})
}

func fold(x []*tensor.Tensor, a *Attributes, out *tensor.Tensor) {
	channels, height, width := out.Shape[1], out.Shape[2], out.Shape[3]
	vertical, horizontal := gridOf(a, 0, height, x[0].Shape[1]), gridOf(a, 1, width, x[0].Shape[2])
	positions := vertical.kernel * horizontal.kernel
	parallel(len(out.Words)/width, multiplyCapped(width, positions), func(low, high int) {
		var terms sparseTerms
		for i := low; i < high; i++ {
			y, c, image := i%height, i/height%channels, i/height/channels
			for z := 0; z < width; z++ {
				terms.clear()
				for kr := 0; kr < vertical.kernel; kr++ {
					row := vertical.window(y, kr)
					if row < 0 {
						continue
					}
					for kc := 0; kc < horizontal.kernel; kc++ {
						if column := horizontal.window(z, kc); column >= 0 {
							window := (image*vertical.windows+row)*horizontal.windows + column
							position := kr*horizontal.kernel + kc
							terms.append(position, x[0].Words[(window*channels+c)*positions+position])
						}
					}
				}
				out.Words[i*width+z] = terms.sum(positions, a.Panel, add[out.DType])
			}
		}
	})
}
