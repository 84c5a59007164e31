package program

// The table of operations. Each family's file has its rows, and beside them the shape rules and the kernels.

import (
	"paragon/reference/tensor"
)

// definition is a row of the table: all that is said of an operation in one place.
type definition struct {
	name       string
	arity      int // the number of operands, or oneOrMore
	attributes []attribute
	infer      rule
	compute    kernel
}

// oneOrMore is an arity.
const oneOrMore = -1

// rule is what an operation yields for operands of these kinds, or what is wrong with them.
type rule func(x []Kind, a Attributes) (Kind, error)

// kernel computes an operation. out has the right dtype and shape, at least one element, and holds zeros.
// Operands are never written to.
type kernel func(x []*tensor.Tensor, a Attributes, out *tensor.Tensor)

var none []attribute

var (
	definitions = concatenated(elementwiseOperations, reductions, products, movements, indexed, windowed, transforms, sequences)
	table       = byName(definitions)
)

func concatenated(families ...[]definition) (all []*definition) {
	for _, family := range families {
		for k := range family {
			all = append(all, &family[k])
		}
	}
	return all
}

func byName(definitions []*definition) map[string]*definition {
	table := map[string]*definition{}
	for _, d := range definitions {
		if table[d.name] != nil {
			panic("two operations have the name " + d.name)
		}
		table[d.name] = d
	}
	return table
}

// Signature is how an operation is written in a program.
type Signature struct {
	Name       string   `json:"name"`
	Arity      *int     `json:"arity"` // nil: one or more
	Attributes []string `json:"attributes"`
}

// Signatures lists all operations.
func Signatures() []Signature {
	list := make([]Signature, len(definitions))
	for k, d := range definitions {
		list[k] = Signature{Name: d.name, Attributes: make([]string, len(d.attributes))}
		if d.arity != oneOrMore {
			list[k].Arity = &d.arity
		}
		for i, attribute := range d.attributes {
			list[k].Attributes[i] = attribute.key()
		}
	}
	return list
}
