package strictjson

// What a value is expected to be. Each function's error says what was found instead.

import (
	"fmt"
	"strconv"
)

func kind(v Value) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return fmt.Sprintf("the string %.40q", v)
	case Number:
		return "the number " + string(v)
	case []Value:
		return "a list"
	}
	return "an object"
}

// String expects a string.
func String(v Value) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	return "", fmt.Errorf("expected a string, found %s", kind(v))
}

// Bool expects true or false.
func Bool(v Value) (bool, error) {
	if b, ok := v.(bool); ok {
		return b, nil
	}
	return false, fmt.Errorf("expected true or false, found %s", kind(v))
}

// Int expects an integer without sign, fraction and exponent, between low and high, which are not negative.
func Int(v Value, low, high int64) (int, error) {
	n, ok := v.(Number)
	if !ok {
		return 0, fmt.Errorf("expected an integer, found %s", kind(v))
	}
	i, err := strconv.ParseInt(string(n), 10, 64)
	if err != nil || i < low || i > high || n[0] == '-' {
		return 0, fmt.Errorf("expected an integer in %d ... %d (no sign, fraction or exponent), found %.40s", low, high, n)
	}
	return int(i), nil
}

// List expects a list of at most limit elements.
func List(v Value, limit int) ([]Value, error) {
	list, ok := v.([]Value)
	if !ok {
		return nil, fmt.Errorf("expected a list, found %s", kind(v))
	}
	if len(list) > limit {
		return nil, fmt.Errorf("a list of %d elements, more than %d", len(list), limit)
	}
	return list, nil
}

// Ints expects a list of at most limit integers between low and high.
func Ints(v Value, limit int, low, high int64) ([]int, error) {
	list, err := List(v, limit)
	if err != nil {
		return nil, err
	}
	ints := make([]int, len(list))
	for k := range list {
		if ints[k], err = Int(list[k], low, high); err != nil {
			return nil, err
		}
	}
	return ints, nil
}

// Members expects an object that has all the required keys and no others but the optional ones.
func Members(v Value, required []string, optional ...string) (map[string]Value, error) {
	o, ok := v.(*Object)
	if !ok {
		return nil, fmt.Errorf("expected an object, found %s", kind(v))
	}
	known := map[string]bool{}
	for _, key := range required {
		known[key] = true
		if _, ok := o.Fields[key]; !ok {
			return nil, fmt.Errorf("the key %q is missing", key)
		}
	}
	for _, key := range optional {
		known[key] = true
	}
	for _, key := range o.Keys {
		if !known[key] {
			return nil, fmt.Errorf("unknown key %.40q", key)
		}
	}
	return o.Fields, nil
}
