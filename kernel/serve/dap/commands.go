package dap

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// command serves one request: arguments in, body out.
type command func(a *Adapter, args json.RawMessage) (any, error)

// commands is filled in by init, as its functions refer to Adapter methods that
// refer to it.
var commands map[string]command

func init() {
	commands = map[string]command{
		"debugInfo": debugInfo, "initialize": initialize, "attach": attach, "launch": attach,
		"disconnect": disconnect, "terminate": disconnect, "configurationDone": nothing,
		"dumpCell": dumpCell, "source": source,
		"setBreakpoints": setBreakpoints, "setExceptionBreakpoints": setExceptionBreakpoints,
		"threads": threads, "stackTrace": stackTrace, "scopes": scopes, "variables": variables, "setVariable": setVariable, "evaluate": evaluate,
		"continue": resume(Continue), "next": resume(Next), "stepIn": resume(StepIn), "stepOut": resume(StepOut), "pause": pause,
		"inspectVariables": inspectVariables, "richInspectVariables": richInspectVariables, "copyToGlobals": copyToGlobals,
		"modules": modules,
	}
}

// arguments decodes what a command needs; absent arguments are all zero.
func arguments[T any](args json.RawMessage) (v T, err error) {
	if len(args) == 0 || string(args) == "null" {
		return v, nil
	}
	if err := json.Unmarshal(args, &v); err != nil {
		return v, fmt.Errorf("wrong arguments: %v", err)
	}
	return v, nil
}

var errNotStarted = errors.New("no debugging session; send initialize and attach first")

func (a *Adapter) mustBeStarted() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.started {
		return errNotStarted
	}
	return nil
}

func nothing(*Adapter, json.RawMessage) (any, error) { return nil, nil }

// debugInfo tells a client that connects, or reloads its page, where things
// stand and how cells are named.
func debugInfo(a *Adapter, _ json.RawMessage) (any, error) {
	threads := a.stoppedThreads()
	slices.Sort(threads)
	a.mu.Lock()
	defer a.mu.Unlock()
	type set struct {
		Source      string       `json:"source"`
		Breakpoints []Breakpoint `json:"breakpoints"`
	}
	sets := []set{}
	for _, path := range slices.Sorted(maps.Keys(a.breakpoints)) {
		sets = append(sets, set{path, a.breakpoints[path]})
	}
	return map[string]any{
		"isStarted": a.started, "hashMethod": hashMethod, "hashSeed": uint32(hashSeed),
		"tmpFilePrefix": pathPrefix, "tmpFileSuffix": pathSuffix, "breakpoints": sets,
		"stoppedThreads": threads, "richRendering": true, "copyToGlobals": true, "exceptionPaths": []string{},
	}, nil
}

func initialize(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct{ ClientID string }](raw)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.client = args.ClientID
	a.mu.Unlock()
	return map[string]any{
		"supportsConfigurationDoneRequest": true, "supportsEvaluateForHovers": true,
		"supportsConditionalBreakpoints": true, "supportsHitConditionalBreakpoints": true, "supportsLogPoints": true,
		"supportsSetVariable": true, "supportsModulesRequest": true, "supportTerminateDebuggee": false,
		"exceptionBreakpointFilters": []any{map[string]any{"filter": "panic", "label": "Panics", "default": false}},
	}, nil
}

func attach(a *Adapter, _ json.RawMessage) (any, error) {
	a.mu.Lock()
	was := a.started
	a.started = true
	a.mu.Unlock()
	if !was {
		if err := a.target.Attach(a.report); err != nil {
			a.forget()
			return nil, err
		}
	}
	a.event("initialized", nil)
	return nil, nil
}

// disconnect ends the session; cells that stood at a breakpoint go on.
func disconnect(a *Adapter, _ json.RawMessage) (any, error) {
	if a.mustBeStarted() != nil {
		return nil, nil
	}
	err := a.target.Detach()
	for _, t := range a.forget() {
		a.continued(t)
	}
	return nil, err
}

// forget clears the session's state and returns the threads that were stopped.
func (a *Adapter) forget() []int {
	threads := a.stoppedThreads()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.started = false
	clear(a.breakpoints)
	clear(a.stopped)
	return threads
}

// maxCells bounds the texts kept for the source command.
const maxCells = 4096

// dumpCell takes the text of a cell and returns the path it has from now on.
func dumpCell(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct{ Code *string }](raw)
	if err == nil && args.Code == nil {
		err = errors.New(`dumpCell: "code" is missing`)
	}
	if err != nil {
		return nil, err
	}
	path := CellPath(*args.Code)
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.cells) >= maxCells {
		clear(a.cells) // clients dump a cell again before they need it
	}
	a.cells[path] = *args.Code
	return map[string]any{"sourcePath": path}, nil
}

func source(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct{ Source Source }](raw)
	if err != nil {
		return nil, err
	}
	code, known := a.cell(args.Source.Path)
	for _, c := range a.target.Cells() {
		if !known && c.Source.Path == args.Source.Path { // it has left the notebook
			code, known = c.Text, true
		}
	}
	if !known {
		return nil, fmt.Errorf("no cell is known as %q", args.Source.Path)
	}
	return map[string]any{"content": code, "mimeType": "text/x-go"}, nil
}

func (a *Adapter) cell(path string) (code string, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	code, known = a.cells[path]
	return code, known
}

func setBreakpoints(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct {
		Source      Source
		Breakpoints []Breakpoint
	}](raw)
	if err == nil {
		err = a.mustBeStarted()
	}
	if err != nil {
		return nil, err
	}
	code, known := a.cell(args.Source.Path)
	if !known {
		return nil, fmt.Errorf("no cell is known as %q; send dumpCell first", args.Source.Path)
	}
	set := a.target.SetBreakpoints(args.Source.Path, code, args.Breakpoints)
	// A client's list of breakpoints names each one's cell.
	type placed struct {
		Breakpoint
		Source Source `json:"source"`
	}
	answer := []placed{}
	for _, b := range set {
		answer = append(answer, placed{b, Source{Path: args.Source.Path}})
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(set) == 0 {
		delete(a.breakpoints, args.Source.Path)
	} else {
		a.breakpoints[args.Source.Path] = set
	}
	return map[string]any{"breakpoints": answer}, nil
}

func setExceptionBreakpoints(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct{ Filters []string }](raw)
	if err == nil {
		err = a.mustBeStarted()
	}
	if err != nil {
		return nil, err
	}
	a.target.StopOnPanic(slices.Contains(args.Filters, "panic"))
	return nil, nil
}

func threads(a *Adapter, _ json.RawMessage) (any, error) {
	return map[string]any{"threads": orEmpty(a.target.Threads())}, nil
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// page cuts a list as the client asked: from start, at most count (0: all).
func page[T any](list []T, start, count int) []T {
	start = max(0, min(start, len(list)))
	list = list[start:]
	if count > 0 && count < len(list) {
		list = list[:count]
	}
	return orEmpty(list)
}

func stackTrace(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct{ ThreadID, StartFrame, Levels int }](raw)
	if err != nil {
		return nil, err
	}
	frames, err := a.target.Stack(a.thread(args.ThreadID))
	if err != nil {
		return nil, err
	}
	return map[string]any{"stackFrames": page(frames, args.StartFrame, args.Levels), "totalFrames": len(frames)}, nil
}

func scopes(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct{ FrameID int }](raw)
	if err != nil {
		return nil, err
	}
	list, err := a.target.Scopes(args.FrameID)
	if err != nil {
		return nil, err
	}
	return map[string]any{"scopes": orEmpty(list)}, nil
}

func variables(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct{ VariablesReference, Start, Count int }](raw)
	if err != nil {
		return nil, err
	}
	list, err := a.target.Variables(args.VariablesReference, args.Start, args.Count)
	if err != nil {
		return nil, err
	}
	return map[string]any{"variables": a.dressed(list)}, nil
}

// dressed puts variables as the client shows them best. JupyterLab's tree shows
// the type in place of the value wherever there is one it does not know from
// Python; so it gets none, and what has parts says its type with its value.
func (a *Adapter) dressed(list []Variable) []Variable {
	list = orEmpty(list)
	a.mu.Lock()
	client := a.client
	a.mu.Unlock()
	if client != "jupyterlab" {
		return list
	}
	for i := range list {
		v := &list[i]
		if v.Reference != 0 {
			v.Value = strings.TrimSpace(v.Type + " " + v.Value)
		}
		if v.Type != "bool" {
			v.Type = ""
		}
	}
	return list
}

func setVariable(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct {
		VariablesReference int
		Name, Value        string
	}](raw)
	if err != nil {
		return nil, err
	}
	v, err := a.target.SetVariable(a.ctx, args.VariablesReference, args.Name, args.Value)
	if err != nil {
		return nil, err
	}
	return valueBody("value", v), nil
}

// valueBody is a value alone; under names the text.
func valueBody(under string, v Variable) map[string]any {
	return map[string]any{under: v.Value, "type": v.Type, "variablesReference": v.Reference,
		"indexedVariables": v.Indexed, "namedVariables": v.Named}
}

func evaluate(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct {
		Expression string
		FrameID    int
	}](raw)
	if err != nil {
		return nil, err
	}
	v, err := a.target.Evaluate(a.ctx, args.FrameID, args.Expression)
	if err != nil {
		return nil, err
	}
	return valueBody("result", v), nil
}

// resume lets a thread go on. The continued event goes out first, so that it
// cannot overtake the next stop.
func resume(how Step) command {
	return func(a *Adapter, raw json.RawMessage) (any, error) {
		args, err := arguments[struct{ ThreadID int }](raw)
		if err != nil {
			return nil, err
		}
		thread := a.thread(args.ThreadID)
		if !a.setStopped(thread, false) {
			return nil, fmt.Errorf("thread %d is not stopped", thread)
		}
		a.continued(thread)
		if err := a.target.Resume(thread, how); err != nil {
			return nil, err
		}
		if how == Continue {
			return map[string]any{"allThreadsContinued": false}, nil
		}
		return nil, nil
	}
}

func pause(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct{ ThreadID int }](raw)
	if err == nil {
		err = a.mustBeStarted()
	}
	if err != nil {
		return nil, err
	}
	return nil, a.target.Pause(args.ThreadID)
}

func inspectVariables(a *Adapter, _ json.RawMessage) (any, error) {
	list, err := a.target.Globals()
	if err != nil {
		return nil, err
	}
	return map[string]any{"variables": a.dressed(list)}, nil
}

func richInspectVariables(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct {
		VariableName string
		FrameID      int
	}](raw)
	if err != nil {
		return nil, err
	}
	b, err := a.target.Rich(a.ctx, args.FrameID, args.VariableName)
	if err != nil {
		return nil, err
	}
	data, meta := map[string]any{}, map[string]any{}
	for mime, v := range b.Data {
		if raw, ok := v.([]byte); ok {
			v = asText(mime, raw)
		}
		data[mime] = v
	}
	maps.Copy(meta, b.Metadata)
	return map[string]any{"data": data, "metadata": meta}, nil
}

func asText(mime string, raw []byte) string {
	if strings.HasPrefix(mime, "text/") || strings.HasSuffix(mime, "xml") {
		return string(raw)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func copyToGlobals(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct {
		From  string `json:"srcVariableName"`
		To    string `json:"dstVariableName"`
		Frame int    `json:"srcFrameId"`
	}](raw)
	if err == nil && (args.From == "" || args.To == "") {
		err = errors.New(`copyToGlobals: "srcVariableName" and "dstVariableName" are needed`)
	}
	if err != nil {
		return nil, err
	}
	return nil, a.target.CopyToGlobals(args.Frame, args.From, args.To)
}

// modules lists the cells that have run; source gives their texts.
func modules(a *Adapter, raw json.RawMessage) (any, error) {
	args, err := arguments[struct{ StartModule, ModuleCount int }](raw)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, c := range a.target.Cells() {
		list = append(list, map[string]any{"id": c.Source.Name, "name": c.Source.Name, "path": c.Source.Path, "isUserCode": true})
	}
	return map[string]any{"modules": page(list, args.StartModule, args.ModuleCount), "totalModules": len(list)}, nil
}
