module github.com/priorlab/priorlab/linalg/bench

go 1.26.0

require (
	github.com/priorlab/priorlab v0.0.0
	golang.org/x/sys v0.49.0
)

require gonum.org/v1/gonum v0.17.0 // indirect

replace github.com/priorlab/priorlab => ../..
