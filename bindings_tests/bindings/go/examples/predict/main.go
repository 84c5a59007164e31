// Predict loads a model file and predicts one batch of zeros: go run ./examples/predict MODEL
package main

import (
	"fmt"
	"log"
	"os"

	"paragon"
)

func main() {
	model, err := paragon.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	session, err := model.Session(paragon.Options{})
	if err != nil {
		log.Fatal(err)
	}
	input := model.Inputs()[0]
	outputs, err := session.Run(paragon.Arrays{input.Name: make([]float32, input.Elements)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(outputs)
}
