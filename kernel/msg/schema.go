package msg

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"
)

// A schema maps each required key to what its value must be, written as kinds
// joined by "|": string, bool, int, count (an int, not negative), object,
// list, strings, texts (an object of MIME types), any. A kind that begins with
// "=" is a literal. A key that ends in "?" may be missing.
type schema map[string]string

var failed = schema{"status": "=error", "ename": "string", "evalue": "string", "traceback": "strings"}

// schemas holds every message this kernel sends.
var schemas = map[string]schema{
	"kernel_info_reply": {
		"status": "=ok", "protocol_version": "string", "implementation": "string",
		"implementation_version": "string", "language_info": "language", "banner": "string",
		"debugger": "bool", "help_links": "list", "supported_features": "strings",
	},
	"execute_reply": {
		"status": "=ok", "execution_count": "count", "user_expressions": "object", "payload": "list",
	},
	"complete_reply": {
		"status": "=ok", "matches": "strings", "cursor_start": "count", "cursor_end": "count", "metadata": "object",
	},
	"inspect_reply":         {"status": "=ok", "found": "bool", "data": "texts", "metadata": "object"},
	"is_complete_reply":     {"status": "=complete|=incomplete|=invalid|=unknown", "indent?": "string"},
	"history_reply":         {"status": "=ok", "history": "list"},
	"comm_info_reply":       {"status": "=ok", "comms": "object"},
	"connect_reply":         {"status": "=ok", "shell_port": "count", "iopub_port": "count", "stdin_port": "count", "control_port": "count", "hb_port": "count"},
	"interrupt_reply":       {"status": "=ok"},
	"shutdown_reply":        {"status": "=ok", "restart": "bool"},
	"create_subshell_reply": {"status": "=ok", "subshell_id": "string"},
	"delete_subshell_reply": {"status": "=ok"},
	"list_subshell_reply":   {"status": "=ok", "subshell_id": "strings"},
	"debug_reply":           {"seq": "count", "type": "=response", "request_seq": "count", "success": "bool", "command": "string"},

	"status":              {"execution_state": "=starting|=busy|=idle"},
	"execute_input":       {"code": "string", "execution_count": "count"},
	"stream":              {"name": "=stdout|=stderr", "text": "string"},
	"display_data":        {"data": "texts", "metadata": "object", "transient": "object"},
	"update_display_data": {"data": "texts", "metadata": "object", "transient": "display"},
	"execute_result":      {"execution_count": "count", "data": "texts", "metadata": "object"},
	"error":               {"ename": "string", "evalue": "string", "traceback": "strings"},
	"clear_output":        {"wait": "bool"},
	"comm_open":           {"comm_id": "string", "target_name": "string", "data": "object"},
	"comm_msg":            {"comm_id": "string", "data": "object"},
	"comm_close":          {"comm_id": "string", "data": "object"},
	"iopub_welcome":       {"subscription": "string"},
	"input_request":       {"prompt": "string", "password": "bool"},
	"debug_event":         {"seq": "count", "type": "=event", "event": "string"},
}

// aborted is the schema of a reply to a cell that was not run.
var aborted = schema{"status": "=aborted"}

// Types returns the message types Validate knows, sorted.
func Types() []string {
	var names []string
	for t := range schemas {
		names = append(names, t)
	}
	sort.Strings(names)
	return names
}

// Validate checks the content of an outgoing message against its schema: every
// required key is there and of its type, and no key is unknown. It serves the
// tests of all packages that send.
func Validate(msgType string, content []byte) error {
	s, ok := schemas[msgType]
	if !ok {
		return fmt.Errorf("msg: no schema for message type %q", msgType)
	}
	var object map[string]any
	if err := json.Unmarshal(content, &object); err != nil || object == nil {
		return fmt.Errorf("msg: content of %s is not an object: %.80q", msgType, content)
	}
	if msgType == "execute_reply" && object["status"] == "aborted" {
		s = aborted
	}
	if err := s.check(msgType, object); err != nil {
		return fmt.Errorf("msg: %s: %w", msgType, err)
	}
	return nil
}

func (s schema) check(msgType string, object map[string]any) error {
	known := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(s)) {
		kinds := s[key]
		name, optional := strings.CutSuffix(key, "?")
		known[name] = true
		v, there := object[name]
		if isReply(msgType) && object["status"] == "error" {
			if name != "status" && !there {
				continue
			}
			kinds += "|=error"
		}
		if !there && optional {
			continue
		}
		if !there {
			return fmt.Errorf("key %q is missing", name)
		}
		if !fits(v, kinds) {
			return fmt.Errorf("key %q is %.60v, expected %s", name, v, kinds)
		}
	}
	if isReply(msgType) && object["status"] == "error" {
		for _, key := range slices.Sorted(maps.Keys(failed)) {
			known[key] = true
			if kinds := failed[key]; !fits(object[key], kinds) {
				return fmt.Errorf("error reply: key %q is %.60v, expected %s", key, object[key], kinds)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if !known[key] && !strings.HasPrefix(msgType, "debug_") {
			return fmt.Errorf("key %q is not part of the protocol", key)
		}
	}
	return nil
}

func isReply(msgType string) bool {
	return strings.HasSuffix(msgType, "_reply") && msgType != "debug_reply"
}

func fits(v any, kinds string) bool {
	return slices.ContainsFunc(strings.Split(kinds, "|"), func(kind string) bool { return fitsOne(v, kind) })
}

func fitsOne(v any, kind string) bool {
	if literal, ok := strings.CutPrefix(kind, "="); ok {
		return v == literal
	}
	switch x := v.(type) {
	case string:
		return kind == "string" || kind == "any"
	case bool:
		return kind == "bool" || kind == "any"
	case float64:
		whole := x == math.Trunc(x)
		return kind == "any" || kind == "int" && whole || kind == "count" && whole && x >= 0
	case []any:
		return kind == "list" || kind == "any" || kind == "strings" && allStrings(x)
	case map[string]any:
		return kind == "any" || kind == "object" || checkObject(x, kind) == nil
	}
	return kind == "any"
}

func allStrings(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { _, ok := v.(string); return !ok })
}

func checkObject(x map[string]any, kind string) error {
	switch kind {
	case "texts":
		return checkBundle(x)
	case "display":
		if s, _ := x["display_id"].(string); s != "" {
			return nil
		}
		return errors.New("no display_id")
	case "language":
		for _, key := range []string{"name", "version", "mimetype", "file_extension"} {
			if s, _ := x[key].(string); s == "" {
				return fmt.Errorf("no %s", key)
			}
		}
		return nil
	}
	return fmt.Errorf("unknown kind %q", kind)
}

// checkBundle demands MIME types as keys, a plain text beside anything else,
// and text as values except under types that end in json.
func checkBundle(x map[string]any) error {
	for mime, v := range x {
		_, text := v.(string)
		if !strings.Contains(mime, "/") || (!text && !strings.HasSuffix(mime, "json")) {
			return fmt.Errorf("%q holds %T", mime, v)
		}
	}
	if _, plain := x["text/plain"]; len(x) > 0 && !plain {
		return errors.New("no text/plain")
	}
	return nil
}
