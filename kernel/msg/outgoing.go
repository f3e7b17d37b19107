package msg

import "encoding/json"

// Error is the content of an error message and, embedded, of an error reply.
type Error struct {
	Name      string   `json:"ename"`
	Value     string   `json:"evalue"`
	Traceback []string `json:"traceback"`
}

// ErrorReply answers a request that could not be served.
type ErrorReply struct {
	Status string `json:"status"` // "error"
	Error
}

// ExecuteReply says how a cell ended. The fields of Error are set when Status
// is "error".
type ExecuteReply struct {
	Status          string           `json:"status"` // "ok" or "error"
	ExecutionCount  int              `json:"execution_count"`
	UserExpressions map[string]any   `json:"user_expressions"`
	Payload         []map[string]any `json:"payload"`
	*Error
}

// AbortedReply answers an execute_request that was not run. It has no
// execution_count: clients would put that beside the cell as if it had been.
type AbortedReply struct {
	Status string `json:"status"` // "aborted"
}

// ExpressionValue is the outcome of one user expression that has a value.
type ExpressionValue struct {
	Status   string         `json:"status"`
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata"`
}

// LanguageInfo tells clients how to show, highlight and export code.
type LanguageInfo struct {
	Name              string `json:"name"`
	Version           string `json:"version"`
	MIMEType          string `json:"mimetype"`
	FileExtension     string `json:"file_extension"`
	PygmentsLexer     string `json:"pygments_lexer"`
	CodemirrorMode    string `json:"codemirror_mode"`
	NBConvertExporter string `json:"nbconvert_exporter"`
}

// HelpLink is an entry of the client's help menu.
type HelpLink struct {
	Text string `json:"text"`
	URL  string `json:"url"`
}

// KernelInfoReply introduces the kernel.
type KernelInfoReply struct {
	Status                string       `json:"status"`
	ProtocolVersion       string       `json:"protocol_version"`
	Implementation        string       `json:"implementation"`
	ImplementationVersion string       `json:"implementation_version"`
	LanguageInfo          LanguageInfo `json:"language_info"`
	Banner                string       `json:"banner"`
	Debugger              bool         `json:"debugger"`
	HelpLinks             []HelpLink   `json:"help_links"`
	SupportedFeatures     []string     `json:"supported_features"`
}

// CompleteReply lists what may replace the text between the cursors, which
// count code points.
type CompleteReply struct {
	Status      string         `json:"status"`
	Matches     []string       `json:"matches"`
	CursorStart int            `json:"cursor_start"`
	CursorEnd   int            `json:"cursor_end"`
	Metadata    map[string]any `json:"metadata"`
}

// CompletionType is one entry of metadata._jupyter_types_experimental.
type CompletionType struct {
	Start     int    `json:"start"`
	End       int    `json:"end"`
	Text      string `json:"text"`
	Type      string `json:"type"`
	Signature string `json:"signature,omitempty"`
}

// InspectReply describes a name.
type InspectReply struct {
	Status   string         `json:"status"`
	Found    bool           `json:"found"`
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata"`
}

// IsCompleteReply says what Enter should do.
type IsCompleteReply struct {
	Status string  `json:"status"` // "complete", "incomplete", "invalid" or "unknown"
	Indent *string `json:"indent,omitempty"`
}

// HistoryReply holds [session, line, input] or [session, line, [input, output]].
type HistoryReply struct {
	Status  string  `json:"status"`
	History [][]any `json:"history"`
}

// CommInfoReply lists open comms by id.
type CommInfoReply struct {
	Status string                `json:"status"`
	Comms  map[string]CommTarget `json:"comms"`
}

// CommTarget is the target of one open comm.
type CommTarget struct {
	TargetName string `json:"target_name"`
}

// ConnectReply names the ports the kernel listens on.
type ConnectReply struct {
	Status        string `json:"status"`
	ShellPort     int    `json:"shell_port"`
	IOPubPort     int    `json:"iopub_port"`
	StdinPort     int    `json:"stdin_port"`
	ControlPort   int    `json:"control_port"`
	HeartbeatPort int    `json:"hb_port"`
}

// StatusReply answers requests that have nothing more to say: interrupt and
// delete_subshell.
type StatusReply struct {
	Status string `json:"status"`
}

// ShutdownReply is sent as reply and published.
type ShutdownReply struct {
	Status  string `json:"status"`
	Restart bool   `json:"restart"`
}

// CreateSubshellReply names the new subshell.
type CreateSubshellReply struct {
	Status string `json:"status"`
	ID     string `json:"subshell_id"`
}

// ListSubshellReply names the subshells that exist.
type ListSubshellReply struct {
	Status string   `json:"status"`
	IDs    []string `json:"subshell_id"`
}

// Status is the kernel's state as seen from one request.
type Status struct {
	ExecutionState string `json:"execution_state"` // "starting", "busy" or "idle"
}

// ExecuteInput shows every client what is being run.
type ExecuteInput struct {
	Code           string `json:"code"`
	ExecutionCount int    `json:"execution_count"`
}

// Stream is a piece of text that a cell printed.
type Stream struct {
	Name string `json:"name"` // "stdout" or "stderr"
	Text string `json:"text"`
}

// DisplayData shows a bundle; as update_display_data it replaces earlier ones
// of the same display id.
type DisplayData struct {
	Data      map[string]any `json:"data"`
	Metadata  map[string]any `json:"metadata"`
	Transient Transient      `json:"transient"`
}

// Transient is what is not stored in the notebook.
type Transient struct {
	DisplayID string `json:"display_id,omitempty"`
}

// ExecuteResult shows the value of the cell's last expression.
type ExecuteResult struct {
	ExecutionCount int            `json:"execution_count"`
	Data           map[string]any `json:"data"`
	Metadata       map[string]any `json:"metadata"`
}

// ClearOutput empties the cell's output.
type ClearOutput struct {
	Wait bool `json:"wait"`
}

// IOPubWelcome greets a new subscriber.
type IOPubWelcome struct {
	Subscription string `json:"subscription"`
}

// InputRequest asks the person at the client for a line.
type InputRequest struct {
	Prompt   string `json:"prompt"`
	Password bool   `json:"password"`
}

// Raw is content that is already JSON.
type Raw = json.RawMessage
