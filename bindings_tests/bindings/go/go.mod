module paragon

go 1.19

require paragon/reference v0.0.0

replace paragon/reference => ../../interpreters/go
