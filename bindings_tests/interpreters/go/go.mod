module paragon/reference

go 1.19
