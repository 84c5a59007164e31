package program

import (
	"runtime"
	"sync"
)

// worthSplitting is how many elementary steps a goroutine should have at least.
const worthSplitting = 1 << 15

// parallel calls body for pieces of 0 ... n-1, each index once, on all processors; cost is the number of elementary steps
// of one index. Which goroutine gets which piece does not matter: an output is always computed by one of them.
func parallel(n, cost int, body func(low, high int)) {
	pieces := runtime.GOMAXPROCS(0)
	if pieces > n {
		pieces = n
	}
	if total := multiplyCapped(n, cost); total/worthSplitting < pieces {
		pieces = total / worthSplitting
	}
	if pieces <= 1 {
		body(0, n)
		return
	}
	var workers sync.WaitGroup
	for piece := 0; piece < pieces; piece++ {
		low, high := n/pieces*piece, n/pieces*(piece+1)
		if piece == pieces-1 {
			high = n
		}
		workers.Add(1)
		go func() {
			defer workers.Done()
			body(low, high)
		}()
	}
	workers.Wait()
}
