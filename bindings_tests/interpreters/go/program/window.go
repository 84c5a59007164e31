package program

// Windows over images: unfold lays out the window of each position as a row, fold is its transpose and adds up.

import (
	"fmt"

	"paragon/reference/tensor"
)

var windowed = []definition{
	{"unfold", 1, []attribute{attrKernel, attrStride, attrPadding, attrDilation}, unfoldRule, unfold},
	{"fold", 1, []attribute{attrImage, attrKernel, attrStride, attrPadding, attrDilation, attrPanel}, foldRule, fold},
}

var (
	attrImage    = exactly(2, "size", 0)
	attrKernel   = exactly(2, "kernel", 1)
	attrStride   = exactly(2, "stride", 1)
	attrPadding  = exactly(4, "padding", 0)
	attrDilation = exactly(2, "dilation", 1)
)

// grid relates windows, kernel positions and pixels along one image axis.
type grid struct {
	pixels, windows, kernel   int
	stride, padding, dilation int
}

func gridOf(a Attributes, k, pixels, windows int) grid {
	return grid{pixels, windows, attrKernel.of(a)[k], attrStride.of(a)[k], attrPadding.of(a)[2*k], attrDilation.of(a)[k]}
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

// windows is how many windows fit over an image of that height and width.
func windows(a Attributes, image []int) (count [2]int, err error) {
	padding, dilation, kernel, stride := attrPadding.of(a), attrDilation.of(a), attrKernel.of(a), attrStride.of(a)
	for k := range count {
		padded := image[k] + padding[2*k] + padding[2*k+1]
		reach := dilation[k]*(kernel[k]-1) + 1 // at most 2^62
		if reach > padded {
			return count, fmt.Errorf("the window, %d long, exceeds the padded image, %d", reach, padded)
		}
		count[k] = (padded-reach)/stride[k] + 1
	}
	return count, nil
}

func needImages(x Kind) error {
	if len(x.Shape) != 4 {
		return fmt.Errorf("the operand must have rank 4, not %v", x)
	}
	return nil
}

func unfoldRule(x []Kind, a Attributes) (Kind, error) {
	kernel := attrKernel.of(a)
	if err := needImages(x[0]); err != nil {
		return Kind{}, err
	}
	s := x[0].Shape
	count, err := windows(a, s[2:])
	columns := multiplyCapped(s[1], kernel[0]*kernel[1])
	return Kind{x[0].DType, tensor.Shape{s[0], count[0], count[1], columns}}, err
}

func unfold(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
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

func foldRule(x []Kind, a Attributes) (Kind, error) {
	image, kernel := attrImage.of(a), attrKernel.of(a)
	if err := needImages(x[0]); err != nil {
		return Kind{}, err
	}
	s := x[0].Shape
	count, err := windows(a, image)
	if err != nil {
		return Kind{}, err
	}
	positions := kernel[0] * kernel[1]
	if s[1] != count[0] || s[2] != count[1] || s[3]%positions != 0 {
		return Kind{}, fmt.Errorf("%v does not hold %d x %d windows of a multiple of %d", x[0], count[0], count[1], positions)
	}
	return Kind{x[0].DType, tensor.Shape{s[0], s[3] / positions, image[0], image[1]}}, nil
}

func fold(x []*tensor.Tensor, a Attributes, out *tensor.Tensor) {
	panel := attrPanel.of(a)
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
				out.Words[i*width+z] = terms.sum(positions, panel, add[out.DType])
			}
		}
	})
}
