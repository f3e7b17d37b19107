package msg

import (
	"slices"
	"strings"
	"testing"
)

var (
	noTexts  = map[string]any{}
	someText = map[string]any{"text/plain": "x", "image/png": []byte{1}, "application/json": map[string]any{"a": 1}}
	indent   = "\t"
	failure  = Error{Name: "E", Value: "v", Traceback: []string{"E: v"}}
	refused  = ErrorReply{Status: "error", Error: failure}
)

// samples has at least one value of every type a kernel sends.
var samples = map[string][]any{
	"kernel_info_reply": {KernelInfoReply{Status: "ok", ProtocolVersion: Version, HelpLinks: []HelpLink{}, SupportedFeatures: []string{},
		LanguageInfo: LanguageInfo{Name: "go", Version: "1", MIMEType: "text/x-go", FileExtension: ".go"}}},
	"execute_reply": {
		ExecuteReply{Status: "ok", ExecutionCount: 1, UserExpressions: noTexts, Payload: []map[string]any{}},
		AbortedReply{Status: "aborted"},
		ExecuteReply{Status: "error", UserExpressions: noTexts, Payload: []map[string]any{}, Error: &failure},
	},
	"complete_reply":        {CompleteReply{Status: "ok", Matches: []string{"a"}, Metadata: noTexts}, refused},
	"inspect_reply":         {InspectReply{Status: "ok", Data: noTexts, Metadata: noTexts}, InspectReply{Status: "ok", Found: true, Data: someText, Metadata: noTexts}, refused},
	"is_complete_reply":     {IsCompleteReply{Status: "complete"}, IsCompleteReply{Status: "incomplete", Indent: &indent}, refused},
	"history_reply":         {HistoryReply{Status: "ok", History: [][]any{{1, 2, "x"}}}, refused},
	"comm_info_reply":       {CommInfoReply{Status: "ok", Comms: map[string]CommTarget{"a": {"t"}}}, refused},
	"connect_reply":         {ConnectReply{"ok", 1, 2, 3, 4, 5}},
	"interrupt_reply":       {StatusReply{"ok"}},
	"shutdown_reply":        {ShutdownReply{"ok", true}, refused},
	"create_subshell_reply": {CreateSubshellReply{"ok", "id"}, refused},
	"delete_subshell_reply": {StatusReply{"ok"}, refused},
	"list_subshell_reply":   {ListSubshellReply{"ok", []string{}}},
	"debug_reply":           {map[string]any{"seq": 1, "type": "response", "request_seq": 1, "success": true, "command": "debugInfo", "body": map[string]any{}}},
	"status":                {Status{"busy"}, Status{"idle"}, Status{"starting"}},
	"execute_input":         {ExecuteInput{"x", 1}},
	"stream":                {Stream{"stdout", "x"}, Stream{"stderr", ""}},
	"display_data":          {DisplayData{Data: someText, Metadata: noTexts}},
	"update_display_data":   {DisplayData{Data: someText, Metadata: noTexts, Transient: Transient{"id"}}},
	"execute_result":        {ExecuteResult{1, someText, noTexts}},
	"error":                 {failure},
	"clear_output":          {ClearOutput{true}},
	"comm_open":             {Comm{ID: "a", Target: "t", Data: noTexts}},
	"comm_msg":              {Comm{ID: "a", Data: noTexts}},
	"comm_close":            {Comm{ID: "a", Data: noTexts}},
	"iopub_welcome":         {IOPubWelcome{""}},
	"input_request":         {InputRequest{"?", true}},
	"debug_event":           {map[string]any{"seq": 1, "type": "event", "event": "stopped"}},
}

func TestEveryOutgoingMessageFitsItsSchema(t *testing.T) {
	for _, msgType := range Types() {
		if len(samples[msgType]) == 0 {
			t.Errorf("%s has no sample", msgType)
		}
		for _, v := range samples[msgType] {
			if err := Validate(msgType, Encode(v)); err != nil {
				t.Errorf("%v: %s", err, Encode(v))
			}
		}
	}
	for msgType := range samples {
		if !slices.Contains(Types(), msgType) {
			t.Errorf("%s has no schema", msgType)
		}
	}
}

func TestValidateFindsFaults(t *testing.T) {
	for _, c := range [][3]string{
		{"unheard", `{}`, "no schema"},
		{"stream", `[]`, "not an object"},
		{"stream", `{"name":"stdout"}`, `"text" is missing`},
		{"stream", `{"name":"stdlog","text":""}`, `"name"`},
		{"stream", `{"name":"stdout","text":5}`, `"text"`},
		{"stream", `{"name":"stdout","text":"","more":1}`, `"more" is not part`},
		{"status", `{"execution_state":"tired"}`, `"execution_state"`},
		{"execute_input", `{"code":"","execution_count":-1}`, `"execution_count"`},
		{"execute_input", `{"code":"","execution_count":1.5}`, `"execution_count"`},
		{"display_data", `{"data":{"text/html":"x"},"metadata":{},"transient":{}}`, `"data"`},
		{"display_data", `{"data":{"text/plain":["x"]},"metadata":{},"transient":{}}`, `"data"`},
		{"display_data", `{"data":{"plain":"x"},"metadata":{},"transient":{}}`, `"data"`},
		{"display_data", `{"data":null,"metadata":{},"transient":{}}`, `"data"`},
		{"update_display_data", `{"data":{},"metadata":{},"transient":{}}`, `"transient"`},
		{"complete_reply", `{"status":"ok","matches":null,"cursor_start":0,"cursor_end":0,"metadata":{}}`, `"matches"`},
		{"complete_reply", `{"status":"ok","matches":[1],"cursor_start":0,"cursor_end":0,"metadata":{}}`, `"matches"`},
		{"complete_reply", `{"status":"error"}`, `"ename"`},
		{"complete_reply", `{"status":"error","ename":"a","evalue":"b","traceback":"c"}`, `"traceback"`},
		{"kernel_info_reply", `{"status":"ok","protocol_version":"5.5","implementation":"","implementation_version":"","language_info":{"name":"go"},"banner":"","debugger":false,"help_links":[],"supported_features":[]}`, `"language_info"`},
	} {
		if err := Validate(c[0], []byte(c[1])); err == nil || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%s %s: %v, want %s", c[0], c[1], err, c[2])
		}
	}
}
