package msg

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Decode reads the content of a request into T, which brings its defaults.
// The error names the key that was wrong.
func Decode[T any](content []byte, defaults T) (T, error) {
	if err := json.Unmarshal(content, &defaults); err != nil {
		var t *json.UnmarshalTypeError
		if errors.As(err, &t) && t.Field != "" {
			return defaults, fmt.Errorf("%q is a JSON %s, expected %s", t.Field, t.Value, kindName(t.Type.Kind().String()))
		}
		if errors.As(err, &t) {
			return defaults, fmt.Errorf("content is a JSON %s, expected an object", t.Value)
		}
		return defaults, fmt.Errorf("content is not valid JSON: %v", err)
	}
	if trimmed := strings.TrimSpace(string(content[:min(len(content), 16)])); trimmed == "null" {
		return defaults, errors.New("content is null, expected an object")
	}
	return defaults, nil
}

func kindName(kind string) string {
	switch kind {
	case "bool":
		return "true or false"
	case "map", "struct":
		return "an object"
	case "slice":
		return "a list"
	case "string":
		return "a string"
	}
	return "a number"
}

// ExecuteRequest asks for a cell to be run. Code has no default.
type ExecuteRequest struct {
	Code            *string           `json:"code"`
	Silent          bool              `json:"silent"`
	StoreHistory    *bool             `json:"store_history"` // not Silent
	UserExpressions map[string]string `json:"user_expressions"`
	AllowStdin      bool              `json:"allow_stdin"`   // true
	StopOnError     bool              `json:"stop_on_error"` // true
}

// ExecuteDefaults are the values of missing keys.
var ExecuteDefaults = ExecuteRequest{AllowStdin: true, StopOnError: true}

// Stores reports whether the cell counts and goes into the history.
func (r ExecuteRequest) Stores() bool {
	return !r.Silent && (r.StoreHistory == nil || *r.StoreHistory)
}

// CompleteRequest asks what may stand at a position of the code.
type CompleteRequest struct {
	Code      string `json:"code"`
	CursorPos *int   `json:"cursor_pos"` // code points; the end of Code
}

// InspectRequest asks what the name at a position means.
type InspectRequest struct {
	Code        string `json:"code"`
	CursorPos   *int   `json:"cursor_pos"`
	DetailLevel int    `json:"detail_level"`
}

// IsCompleteRequest asks whether Enter should run the code.
type IsCompleteRequest struct {
	Code string `json:"code"`
}

// HistoryRequest asks for stored input: the last N, a range of lines of one
// session, or what matches a glob pattern.
type HistoryRequest struct {
	Output     bool   `json:"output"`
	Raw        bool   `json:"raw"`
	AccessType string `json:"hist_access_type"` // "tail", "range" or "search"
	Session    int    `json:"session"`          // range; 0 is the present one, negative counts back
	Start      int    `json:"start"`
	Stop       *int   `json:"stop"` // exclusive; absent means to the end
	N          *int   `json:"n"`
	Pattern    string `json:"pattern"`
	Unique     bool   `json:"unique"`
}

// CommInfoRequest asks for the open comms, of one target or of all.
type CommInfoRequest struct {
	TargetName *string `json:"target_name"`
}

// Comm is the content of comm_open, comm_msg and comm_close.
type Comm struct {
	ID     string         `json:"comm_id"`
	Target string         `json:"target_name,omitempty"`
	Data   map[string]any `json:"data"`
}

// ShutdownRequest ends the kernel, to be started again when Restart is set.
type ShutdownRequest struct {
	Restart bool `json:"restart"`
}

// InputReply is what a person typed.
type InputReply struct {
	Value string `json:"value"`
}

// SubshellRequest names the subshell to delete.
type SubshellRequest struct {
	ID string `json:"subshell_id"`
}
