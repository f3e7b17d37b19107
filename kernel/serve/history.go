package serve

import (
	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/serve/internal/history"
)

// historyQuery translates a history_request.
func historyQuery(req msg.HistoryRequest) (history.Query, error) {
	q := history.Query{Unique: req.Unique, Pattern: req.Pattern, Session: req.Session, Start: req.Start}
	if req.N != nil {
		q.N = *req.N
	}
	if req.Stop != nil {
		q.Stop = *req.Stop
	}
	switch req.AccessType {
	case "tail":
		q.Tail = true
		if req.N == nil {
			q.N = 10
		}
	case "search":
		q.Search = true
		if q.Pattern == "" {
			q.Pattern = "*"
		}
	case "range":
	default:
		return q, errAccess
	}
	return q, nil
}
