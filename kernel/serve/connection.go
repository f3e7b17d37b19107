package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/priorlab/priorlab/kernel/msg"
	"github.com/priorlab/priorlab/kernel/wire"
)

// ConnectionInfo is the content of a connection file: where the sockets listen
// and the key that signs messages.
type ConnectionInfo struct {
	Transport       string `json:"transport"` // "tcp" or "ipc"
	IP              string `json:"ip"`        // with ipc, the start of the socket paths
	ShellPort       int    `json:"shell_port"`
	IOPubPort       int    `json:"iopub_port"`
	StdinPort       int    `json:"stdin_port"`
	ControlPort     int    `json:"control_port"`
	HeartbeatPort   int    `json:"hb_port"`
	Key             string `json:"key"`
	SignatureScheme string `json:"signature_scheme"`
	KernelName      string `json:"kernel_name,omitempty"`
}

// ReadConnectionFile reads and checks a connection file.
func ReadConnectionFile(path string) (ConnectionInfo, error) {
	var c ConnectionInfo
	text, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("connection file: %w", err)
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("connection file %s: %w", path, err)
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("connection file %s: %w", path, err)
	}
	return c, nil
}

// WriteFile writes c as a connection file that only its owner can read.
func (c ConnectionInfo) WriteFile(path string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("connection file: %w", err)
	}
	// A file that was there before keeps its mode unless it is set.
	err = errors.Join(f.Chmod(0o600), writeAll(f, text), f.Close())
	if err != nil {
		return fmt.Errorf("connection file: %w", err)
	}
	return nil
}

func writeAll(f *os.File, b []byte) error {
	_, err := f.Write(b)
	return err
}

// LocalConnection returns connection data for a kernel on this machine, with
// a fresh key and five free TCP ports. The ports were free a moment ago;
// another process may take one before the kernel does.
func LocalConnection() (ConnectionInfo, error) {
	c := ConnectionInfo{
		Transport: "tcp", IP: "127.0.0.1",
		Key: msg.NewID() + msg.NewID(), SignatureScheme: "hmac-sha256", KernelName: "priorlab",
	}
	for _, port := range []*int{&c.ShellPort, &c.IOPubPort, &c.StdinPort, &c.ControlPort, &c.HeartbeatPort} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return c, fmt.Errorf("no free port: %w", err)
		}
		defer l.Close() // only after all five, so that they differ
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return c, nil
}

func (c ConnectionInfo) check() error {
	if c.Transport != "tcp" && c.Transport != "ipc" && c.Transport != "" {
		return fmt.Errorf("transport is %q, expected tcp or ipc", c.Transport)
	}
	if c.IP == "" {
		return errors.New(`"ip" is missing`)
	}
	for name, port := range map[string]int{
		"shell_port": c.ShellPort, "iopub_port": c.IOPubPort, "stdin_port": c.StdinPort,
		"control_port": c.ControlPort, "hb_port": c.HeartbeatPort,
	} {
		if port <= 0 || port > 65535 {
			return fmt.Errorf("%q is %d, expected a port number", name, port)
		}
	}
	return nil
}

// Endpoint returns where the socket with the given port listens.
func (c ConnectionInfo) Endpoint(port int) wire.Endpoint {
	if c.Transport == "ipc" {
		return wire.Endpoint{Network: "ipc", Address: c.IP + "-" + strconv.Itoa(port)}
	}
	ip := c.IP
	if ip == "*" {
		ip = "0.0.0.0"
	}
	return wire.Endpoint{Network: "tcp", Address: net.JoinHostPort(ip, strconv.Itoa(port))}
}
